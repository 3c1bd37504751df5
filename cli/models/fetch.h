// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>

#include "console.h"
#include "models/manifest.h"

namespace chatterbox::cli {

// Result of a fetch.
struct Fetched {
  std::string path;
  bool was_here = false;
  std::int64_t downloaded = 0;  // bytes
  std::int64_t taken = 0;       // bytes of files that were on this machine
};

// Brings the model into `directory`, under its name, once it is whole: from files of this machine
// (other models, the cache of the hub's Python client) and from the hub. Files of a failed fetch
// stay for the next. `check`: a model that is here counts as whole only when its digests are right.
// Throws Error.
Fetched fetch_model(const PublishedModel& model, const std::string& directory, bool check,
                    const Console& console);

}  // namespace chatterbox::cli
