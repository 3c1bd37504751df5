// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

#include "script.h"

namespace chatterbox::gst {

// Text of a Pango markup string: tags dropped, entities resolved. A `<` that
// begins no tag stays.
std::string strip_markup(std::string_view text);

// Text of a subtitle cue declared as plain: only the tags that subtitle formats
// use (WebVTT voices, classes and times; b, i, u, font, ...) and their entities
// go, so that "a < b" and "<none>" stay.
std::string strip_cue_tags(std::string_view text);

// The same in parts by speaker: each WebVTT voice, as in "<v Bob>Well.</v>", begins one.
Script parse_cue(std::string_view text);

// A subtitle without its lyrics: lines with a note ("♪"), and those between two of them.
std::string without_lyrics(std::string_view text);

}  // namespace chatterbox::gst
