// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatterbox {

// The whole file. Throws kNotFound when it cannot be opened, kBadFile when it is
// no regular file, cannot be read, or is larger than `max_bytes`.
std::string read_file(const std::string& path, std::size_t max_bytes);

// The file appears with all of `bytes` or not at all: temporary file in the same
// directory, fsync, rename. Throws kNotFound when the directory does not let us
// create files, kBadFile when writing fails (a full disk, say).
void write_file_atomically(const std::string& path, std::string_view bytes);

// Makes a directory, and those above it, where there is none. Only the user may look into it, as
// voices identify people. Throws kNotFound.
void make_private_directory(const std::string& path);

}  // namespace chatterbox
