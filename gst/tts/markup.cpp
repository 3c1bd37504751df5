// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "markup.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "chatterbox/sentences.h"

namespace chatterbox::gst {

namespace {

bool is_name_start(char c) { return g_ascii_isalpha(c); }

// The name in "<name ...>", "</name>", "<name.class>"; empty for none.
std::string_view tag_name(std::string_view inside) {
  if (!inside.empty() && inside.front() == '/') inside.remove_prefix(1);
  if (inside.empty() || !is_name_start(inside.front())) return {};
  const auto end = std::find_if(inside.begin(), inside.end(),
                                [](char c) { return !g_ascii_isalnum(c) && c != '-'; });
  return inside.substr(0, std::size_t(end - inside.begin()));
}

bool is_cue_tag(std::string_view inside) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "b", "i", "u", "s", "c", "v", "font", "lang", "ruby", "rt", "span"};
  const std::string_view name = tag_name(inside);
  if (!name.empty()) return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
  // A time within a WebVTT cue, as <00:01:02.500>.
  return inside.size() >= 9 && inside.find(':') != inside.npos &&
         inside.find_first_not_of("0123456789:.") == inside.npos;
}

bool is_markup_tag(std::string_view inside) {
  return !tag_name(inside).empty() || inside.starts_with("!--") || inside.starts_with("?");
}

// The character that an entity such as "amp" or "#x41" names; empty for none.
std::string entity(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"amp", "&"},  {"lt", "<"},   {"gt", ">"}, {"quot", "\""},
      {"apos", "'"}, {"nbsp", " "}, {"lrm", ""}, {"rlm", ""}};
  for (const auto& [known, value] : kEntities)
    if (name == known) return value.empty() ? " " : std::string(value);
  if (name.size() < 2 || name[0] != '#') return {};
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const std::string digits(name.substr(hex ? 2 : 1));
  const auto is_digit = [hex](char c) { return hex ? g_ascii_isxdigit(c) : g_ascii_isdigit(c); };
  if (digits.empty() || digits.size() > 8 || !std::all_of(digits.begin(), digits.end(), is_digit))
    return {};
  const auto c = gunichar(std::strtoul(digits.c_str(), nullptr, hex ? 16 : 10));
  if (c < 0x20 || !g_unichar_validate(c)) return " ";
  char bytes[6];
  return std::string(bytes, std::size_t(g_unichar_to_utf8(c, bytes)));
}

template <class IsTag>
std::string strip(std::string_view text, IsTag&& is_tag) {
  constexpr std::size_t kLongestEntity = 12;
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '<') {
      const std::size_t end = text.find('>', at);
      if (end != text.npos && is_tag(text.substr(at + 1, end - at - 1))) {
        at = end + 1;
        continue;
      }
    } else if (text[at] == '&') {
      const std::size_t end = text.substr(0, at + kLongestEntity).find(';', at);
      if (end != text.npos) {
        const std::string value = entity(text.substr(at + 1, end - at - 1));
        if (!value.empty()) {
          out += value;
          at = end + 1;
          continue;
        }
      }
    }
    out += text[at++];
  }
  return out;
}

}  // namespace

std::string strip_markup(std::string_view text) { return strip(text, is_markup_tag); }

std::string strip_cue_tags(std::string_view text) { return strip(text, is_cue_tag); }

std::string without_lyrics(std::string_view text) {
  const auto is_sung = [](std::string_view line) {
    return line.find("♪") != line.npos || line.find("♫") != line.npos;
  };
  const auto first_of = [&](std::string_view rest) {
    return std::min(rest.find("♪"), rest.find("♫"));
  };
  const std::size_t first = first_of(text);
  if (first == text.npos) return std::string(text);
  const std::size_t begin = text.rfind('\n', first) + 1;
  std::size_t end = first;
  while (end < text.size() && is_sung(text.substr(end))) {
    const std::size_t note = end + first_of(text.substr(end));
    end = std::min(text.find('\n', note), text.size());
  }
  return std::string(text.substr(0, begin)) + std::string(text.substr(end));
}

Script parse_cue(std::string_view text) {
  Script script;
  std::string speaker;
  std::size_t begin = 0;
  const auto add_until = [&](std::size_t end) {
    ScriptPart part;
    part.text = normalize_spaces(strip_cue_tags(text.substr(begin, end - begin)));
    part.speaker = speaker;
    if (!part.text.empty()) script.push_back(std::move(part));
    begin = end;
  };
  for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    const std::size_t end = text.find('>', at);
    if (end == text.npos) break;
    const std::string_view inside = text.substr(at + 1, end - at - 1);
    if (tag_name(inside) != "v") continue;
    add_until(at);
    // The name follows the tag and its classes: "v.loud Bob".
    const std::size_t space = inside.find_first_of(" \t\n");
    speaker = inside[0] == '/' || space == inside.npos
                  ? std::string()
                  : normalize_spaces(strip_cue_tags(inside.substr(space)));
  }
  add_until(text.size());
  return script;
}

}  // namespace chatterbox::gst
