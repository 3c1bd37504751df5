// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

namespace chatterbox {

// What often lies where a model's file should be, told by its first bytes (100 are enough), with
// what to do about it: "a Git LFS pointer ...; run ...". To be put behind "expected X, got ". Empty
// for bytes that nothing is known of.
std::string describe_foreign_file(std::string_view first_bytes);

}  // namespace chatterbox
