// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cctype>
#include <iterator>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

std::string lower_case(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  return small;
}

std::string_view sign(char c) {
  switch (c) {
    case '.':
      return "dot";
    case '/':
      return "slash";
    case '@':
      return "at";
    case '-':
      return "dash";
    case '_':
      return "underscore";
    case ':':
      return "colon";
    case '?':
      return "question mark";
    case '=':
      return "equals";
    case '&':
      return "and";
    case '#':
      return "hash";
    case '%':
      return "percent";
    case '+':
      return "plus";
    case '~':
      return "tilde";
    case '\\':
      return "backslash";
    default:
      return "";
  }
}

// A label between signs: endings that are no words are spelled.
std::string label(std::string_view text) {
  constexpr std::string_view kWords[] = {"com", "org", "net", "gov", "mil", "info", "me",
                                         "dev", "app", "doc", "zip", "it",  "us",   "gif"};
  const std::string small = lower_case(text);
  constexpr std::pair<std::string_view, std::string_view> kSites[] = {
      {"github", "git hub"},
      {"youtube", "you tube"},
      {"linkedin", "linked in"},
      {"json", "jay sahn"},
      {"wikipedia", "wickypedia"},
      {"readme", "read me"},
      {"stackoverflow", "stack overflow"}};
  for (const auto& [site, said] : kSites)
    if (small == site) return std::string(said);
  if (small == "www") return "w w w";
  const bool word = std::find(std::begin(kWords), std::end(kWords), small) != std::end(kWords);
  if (!word && is_address_ending(small) && small.find_first_of("0123456789") == small.npos)
    return spelled(small);
  return parted(text);
}

std::string say_all(std::string_view address) {
  std::string said;
  std::string part;
  const auto add = [&said](const std::string& words) {
    if (!said.empty() && !words.empty()) said += ' ';
    said += words;
  };
  for (const char c : address) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '\'') {
      part += c;
      continue;
    }
    if (!part.empty()) add(label(part));
    part.clear();
    add(std::string(sign(c)));
  }
  if (!part.empty()) add(label(part));
  return said;
}

using Said = std::optional<std::string>;

Said whole(const Match& match, const Place&) { return say_all(match[0].str()); }
Said without_scheme(const Match& match, const Place&) { return say_all(match[1].str()); }

// "example.com/page", "Node.js"; not "e.g" or the end of a sentence
Said host(const Match& match, const Place&) {
  return is_address_ending(lower_case(match[1].str())) ? Said(say_all(match[0].str()))
                                                       : std::nullopt;
}

}  // namespace

Said say_address(const Place& place) {
  static const Rule rules[] = {
      {Pattern("(?:https?|ftp)://([^/]+(?:/.*[^/])?)/?"), without_scheme},
      {Pattern("[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+"), whole},
      {Pattern("www\\..+"), whole},
      {Pattern("[A-Za-z]:\\\\.*"), whole},
      {Pattern("[\\w-]+(?:\\.[\\w-]+)*\\.([A-Za-z]+[34]?)(?::\\d+)?(?:/.*)?"), host},
  };
  return apply(rules, place);
}

}  // namespace chatterbox::aloud
