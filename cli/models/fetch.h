// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>

#include "console.h"
#include "models/manifest.h"

namespace chatterbox::cli {

// What a fetch did.
struct Fetched {
  std::string path;
  bool was_here = false;
  std::int64_t downloaded = 0;  // bytes
  std::int64_t taken = 0;       // bytes of files that were on this machine
};

// Brings the model into `directory`, under its name, once it is whole: of what is on this
// machine (other models, the cache of the hub's Python client) and of the hub. What a fetch that
// failed won stays for the next. `check`: a model that is here counts as whole only when its
// digests are right. Throws Error.
Fetched fetch_model(const PublishedModel& model, const std::string& directory, bool check,
                    const Console& console);

}  // namespace chatterbox::cli
