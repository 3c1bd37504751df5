// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatterbox {

// The tags that some models of the family were taught, as people write them into a
// text: a laugh, a whisper. Matched as they stand here, capitals and all.
inline constexpr std::array<std::string_view, 19> kTags = {
    "[angry]",        "[fear]",      "[surprised]", "[whispering]", "[advertisement]",
    "[dramatic]",     "[narration]", "[crying]",    "[happy]",      "[sarcastic]",
    "[clear throat]", "[sigh]",      "[shush]",     "[cough]",      "[groan]",
    "[sniff]",        "[gasp]",      "[chuckle]",   "[laugh]"};

// Index in kTags of the tag that `text` begins with; -1: none.
int find_tag(std::string_view text);
// Bytes of the tag that `text` begins with; 0: none.
std::size_t tag_length(std::string_view text);

// The text without those tags that are not `known`, and without the spaces that stood
// before them. `left_out` gets each of them once.
std::string leave_out_tags(std::string_view text,
                           const std::function<bool(std::string_view)>& known,
                           std::vector<std::string>& left_out);

// A space between tags: two in square brackets are a link in Markdown.
std::string tags_apart(std::string_view text);

class TextTokenizer;

// The text without the tags that the model would spell out, and a warning that says which.
std::string leave_out_unknown_tags(std::string_view text, const TextTokenizer& tokenizer);

}  // namespace chatterbox
