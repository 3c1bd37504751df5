// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatterbox {

// 8 hexadecimal digits, in either case.
bool is_voice_id(std::string_view text);

// The name of a file in some directory: not hidden, and nothing that leads out.
bool is_plain_file_name(std::string_view name);

std::string lower_ascii(std::string text);

// The form that two spellings of one name share, without letter case and Unicode form
// (NFKC_Casefold). Broken UTF-8 becomes U+FFFD.
std::string folded_name(std::string_view name);

// Those of `names` that `name` may have been meant to be, nearest first, three at
// most.
std::vector<std::string> near_names(std::string_view name, std::vector<std::string> names);

}  // namespace chatterbox
