// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "script.h"

#include <algorithm>
#include <utility>

#include "chatterbox/sentences.h"

namespace chatterbox::gst {

namespace {

constexpr std::string_view kMark = "[pause:";
// The engine takes 5000 characters.
constexpr std::size_t kMaxPartBytes = 4000;

bool starts_with_mark(std::string_view text) {
  return text.size() >= kMark.size() &&
         g_ascii_strncasecmp(text.data(), kMark.data(), kMark.size()) == 0;
}

// Before which byte to cut: at a space, else between characters.
std::size_t cut_within(std::string_view text, std::size_t limit) {
  const std::size_t space = text.rfind(' ', limit);
  if (space != text.npos && space > 0) return space;
  std::size_t end = limit;
  while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

}  // namespace

double parse_duration(std::string_view text) {
  const std::string value = normalize_spaces(text);
  if (value.empty() || !(g_ascii_isdigit(value[0]) || value[0] == '.')) return -1;
  char* end = nullptr;
  const double number = g_ascii_strtod(value.c_str(), &end);
  const std::string unit = normalize_spaces(end);
  const double seconds = unit == "ms" ? number / 1000 : number;
  if (!unit.empty() && unit != "ms" && unit != "s") return -1;
  if (!(seconds >= 0)) return -1;
  return std::min(seconds, kLongestPause);
}

Script parse_pauses(std::string_view text) {
  Script script(1);
  std::size_t begin = 0;
  const auto add_text = [&](std::size_t end) {
    script.back().text = normalize_spaces(text.substr(begin, end - begin));
  };
  for (std::size_t at = text.find('['); at != text.npos; at = text.find('[', at + 1)) {
    if (!starts_with_mark(text.substr(at))) continue;
    const std::size_t end = text.find(']', at);
    if (end == text.npos) break;
    const std::size_t inside = at + kMark.size();
    const double pause = parse_duration(text.substr(inside, end - inside));
    if (pause < 0) continue;
    add_text(at);
    begin = end + 1;
    if (!script.back().text.empty()) script.emplace_back();
    script.back().pause = std::min(script.back().pause + pause, kLongestPause);
  }
  add_text(text.size());
  if (script.back().text.empty() && script.back().pause == 0) script.pop_back();
  return script;
}

Script expand_pauses(const Script& script) {
  Script expanded;
  for (const ScriptPart& part : script) {
    bool first = true;
    Script pieces = parse_pauses(part.text);
    // A pause before an empty part is still a pause.
    if (pieces.empty() && part.pause > 0) pieces.emplace_back();
    for (ScriptPart& piece : pieces) {
      ScriptPart copy = part;
      copy.text = std::move(piece.text);
      copy.pause = piece.pause + (first ? part.pause : 0);
      copy.new_sentence = first && part.new_sentence;
      first = false;
      expanded.push_back(std::move(copy));
    }
  }
  return expanded;
}

std::string plain_text(const Script& script) {
  std::string text;
  for (const ScriptPart& part : script) {
    if (part.text.empty()) continue;
    if (!text.empty()) text += ' ';
    text += part.text;
  }
  return text;
}

bool is_speakable(const Script& script) {
  return std::any_of(script.begin(), script.end(), [](const ScriptPart& part) {
    return part.pause > 0 || chatterbox::is_speakable(part.text);
  });
}

Script limit_parts(Script script) {
  Script limited;
  for (ScriptPart& part : script) {
    while (part.text.size() > kMaxPartBytes) {
      ScriptPart head = part;
      const std::size_t end = cut_within(part.text, kMaxPartBytes);
      head.text.resize(end);
      part.text = normalize_spaces(part.text.substr(end));
      part.pause = 0;
      part.new_sentence = false;
      limited.push_back(std::move(head));
    }
    limited.push_back(std::move(part));
  }
  return limited;
}

}  // namespace chatterbox::gst
