// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace chatterbox {

// The words of text as language models, web pages, subtitle files and social networks write it:
// marks of Markdown and LaTeX, entities and tags of HTML, codes of SubRip and SubStation, emoji
// are gone or words, letters in Unicode's styles are letters. Lines stay; a full stop of its own
// stands where a title, an item of a list or a paragraph ends without a mark. UTF-8.
// `titles`: a short line that another one follows is a title; not so for the lines of a subtitle.
std::string plain_text(std::string_view written, bool titles = true);

}  // namespace chatterbox
#pragma GCC visibility pop
