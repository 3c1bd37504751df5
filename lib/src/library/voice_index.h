// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chatterbox/voice_library.h"

namespace chatterbox {

// An index longer than this, or with more voices, is no index.
inline constexpr std::size_t kMaxIndexBytes = 8 << 20;
inline constexpr std::size_t kMaxIndexVoices = 10000;

// index.json of a directory of voices. `path` of each entry is the bare name of
// a file beside the index. Entries that break a rule (a file elsewhere, say) are
// logged and left out. Throws kBadFile when the whole is no index.
std::vector<VoiceEntry> parse_voice_index(std::string_view json, const std::string& origin);

// The reverse.
std::string encode_voice_index(const std::vector<VoiceEntry>& voices);

}  // namespace chatterbox
