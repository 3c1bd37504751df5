// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatterbox {

// Describes a file that often lies in the place of a model's file, by its first bytes (100 are
// enough), with a remedy: "a Git LFS pointer ...; run ...". Goes behind "expected X, got ". Empty
// for unknown bytes.
std::string describe_foreign_file(std::string_view first_bytes);

// As read_file(), of a file that is `expected`: "a vocabulary". Throws kBadFile too for what
// describe_foreign_file() knows.
std::string read_text_file(const std::string& path, std::size_t max_bytes, const char* expected);

}  // namespace chatterbox
