// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

namespace chatterbox::plain {

// Each step takes what the one before it made (plain_text() in chatterbox/plain_text.h).

// "&eacute;" -> "é", tags of HTML and codes of subtitles ("{\an8}", "\N") away.
std::string without_markup(std::string_view text);
// "$\frac{a}{b}$" -> "a over b".
std::string without_latex(std::string_view text);
// Letters of Unicode's styles are letters, emoji are gone, invisible signs too.
std::string without_styles(std::string_view text);
// "# Title" -> "Title ."; `titles`: a short line is a title, which a pause follows.
std::string without_markdown(std::string_view text, bool titles);

// A full stop of its own joins the word before it, for front ends that would read it.
std::string with_marks_joined(std::string text);

}  // namespace chatterbox::plain
