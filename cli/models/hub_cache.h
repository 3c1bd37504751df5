// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

#include "models/manifest.h"

namespace chatterbox::cli {

// Where the hub's Python client keeps what it fetched: $HF_HUB_CACHE, $HF_HOME/hub,
// $XDG_CACHE_HOME/huggingface/hub or ~/.cache/huggingface/hub.
std::string hub_cache_directory();

// A copy of the file in that cache, its digest compared, or empty. A file that no listing knows
// is taken of the model's own revision, by the digest that the cache calls it by.
std::string find_in_hub_cache(const PublishedModel& model, const PublishedFile& file);

}  // namespace chatterbox::cli
