// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/tags.h"

#include <algorithm>
#include <cctype>

#include "log.h"
#include "text/tokenizer.h"

namespace chatterbox {

int find_tag(std::string_view text) {
  if (text.empty() || text[0] != '[') return -1;
  const auto found = std::find_if(kTags.begin(), kTags.end(),
                                  [&](std::string_view tag) { return text.starts_with(tag); });
  return found == kTags.end() ? -1 : int(found - kTags.begin());
}

std::size_t tag_length(std::string_view text) {
  const int tag = find_tag(text);
  return tag < 0 ? 0 : kTags[std::size_t(tag)].size();
}

std::string leave_out_tags(std::string_view text,
                           const std::function<bool(std::string_view)>& known,
                           std::vector<std::string>& left_out) {
  std::string result;
  // A word that follows a tag directly is a word of its own.
  bool apart = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view tag = text.substr(at, tag_length(text.substr(at)));
    if (tag.empty() || known(tag)) {
      const bool letter = tag.empty() && (static_cast<unsigned char>(text[at]) >= 0x80 ||
                                          std::isalnum(static_cast<unsigned char>(text[at])));
      if (apart && letter && !result.empty() && result.back() != ' ') result += ' ';
      apart = false;
      const std::size_t length = std::max<std::size_t>(tag.size(), 1);
      result += text.substr(at, length);
      at += length;
      continue;
    }
    if (std::find(left_out.begin(), left_out.end(), tag) == left_out.end())
      left_out.emplace_back(tag);
    while (!result.empty() && result.back() == ' ') result.pop_back();
    apart = true;
    at += tag.size();
  }
  return result;
}

std::string tags_apart(std::string_view text) {
  std::string result;
  for (std::size_t at = 0, after_tag = text.npos; at < text.size();) {
    const std::size_t length = tag_length(text.substr(at));
    if (length > 0 && at == after_tag) result += ' ';
    const std::size_t end = at + std::max<std::size_t>(length, 1);
    if (length > 0) after_tag = end;
    result += text.substr(at, end - at);
    at = end;
  }
  return result;
}

std::string leave_out_unknown_tags(std::string_view text, const TextTokenizer& tokenizer) {
  std::vector<std::string> left_out;
  std::string result = leave_out_tags(
      text, [&](std::string_view tag) { return tokenizer.reads_tag(tag); }, left_out);
  if (left_out.empty()) return result;
  std::string list;
  for (const std::string& tag : left_out) list += (list.empty() ? "" : ", ") + tag;
  log(LogLevel::kWarning, "text: this model was not taught " + list + ": left out");
  return result;
}

}  // namespace chatterbox
