// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

namespace chatterbox {

// 16 hexadecimal digits that name a set of weight files: a hash of every
// file's size, its first megabyte (which holds the tensor list) and 4 KiB of
// every further megabyte. Any retraining or conversion changes it, and
// gigabytes need not be read. Throws kNotFound.
std::string model_id(const std::vector<std::string>& paths);

}  // namespace chatterbox
