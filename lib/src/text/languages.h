// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatterbox {

// The languages of upstream's multilingual model, in order.
const std::vector<std::string>& multilingual_languages();

// The language of a tag as people, streams and web pages write it: "en", "EN-us", "pt_BR",
// "deu", "nb" (which the models call "no"). Regions and scripts are dropped. Empty for a tag
// that names none: "", "und", "mul", "zxx".
std::string primary_language(std::string_view tag);

// primary_language() where it is one of `spoken`. Throws kInvalidArgument that lists these
// otherwise.
std::string choose_language(std::string_view tag, const std::vector<std::string>& spoken);

// The language that the script of most letters of a text tells among `spoken` (Hangul: "ko"); else
// "en", or the first that is spoken.
std::string guess_language(std::string_view text, const std::vector<std::string>& spoken);

// The language that a text is read in: the one that it `says` itself, where that is spoken; else
// choose_language() of `wanted`, or a guess where it is empty.
std::string language_of(std::string_view text, std::string_view wanted, std::string_view says,
                        const std::vector<std::string>& spoken);

}  // namespace chatterbox
