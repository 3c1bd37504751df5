// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <vector>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

using Said = std::optional<std::string>;

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool capitals(std::string_view word) { return std::all_of(word.begin(), word.end(), upper); }
bool has_lower(std::string_view word) { return std::any_of(word.begin(), word.end(), lower); }

// Two parts of one name, of which flite knows the whole: "McDonald".
bool is_name_prefix(std::string_view part) {
  constexpr std::string_view kPrefixes[] = {"Mc", "Mac", "De",  "Di",  "Du",
                                            "La", "Le",  "Van", "Fitz"};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), part) != std::end(kPrefixes);
}

// "II" to "XXXIX"; 0 for what is none, or could be a word.
int roman(std::string_view numeral) {
  if (numeral.size() < 2 || numeral == "MI" || numeral == "DI") return 0;
  int total = 0, last = 0;
  for (auto c = numeral.rbegin(); c != numeral.rend(); ++c) {
    const int value = *c == 'I' ? 1 : *c == 'V' ? 5 : *c == 'X' ? 10 : *c == 'L' ? 50 : 0;
    if (value == 0) return 0;
    total += value < last ? -value : value;
    last = std::max(last, value);
  }
  return total;
}

Said numeral(const Place& place) {
  const int number = roman(place.word);
  if (number == 0 || place.previous.size() < 2 || !upper(place.previous[0]) ||
      !has_lower(place.previous))
    return std::nullopt;
  if (is_regnal_name(place.previous) && number <= 31) return "the " + ordinal(number);
  return std::to_string(number);
}

// "Scene iii"
Said small_numeral(const Place& place) {
  constexpr std::string_view kParts[] = {"Scene", "Act", "Chapter", "Part", "Book", "page"};
  if (std::find(std::begin(kParts), std::end(kParts), place.previous) == std::end(kParts))
    return std::nullopt;
  std::string large(place.word);
  for (char& c : large) c = char(std::toupper(static_cast<unsigned char>(c)));
  const int number = roman(large);
  return number > 0 ? Said(std::to_string(number)) : std::nullopt;
}

// Among small letters: among capitals it may be a word that somebody shouts.
bool is_shouted(const Place& place) {
  const bool alone = place.previous.empty() && place.next.empty();
  return !alone && !has_lower(place.previous) && !has_lower(place.next);
}

Said initialism(const Place& place) {
  std::string_view letters = place.word;
  const bool owner = letters.ends_with("'s");
  if (owner) letters.remove_suffix(2);
  const bool several = !owner && letters.size() > 2 && letters.back() == 's';
  if (several) letters.remove_suffix(1);
  if (!capitals(letters)) return std::nullopt;
  const bool spelt =
      is_initialism(letters) ||
      (!is_shouted(place) && is_initialism_or_word(letters, place.previous, place.next));
  if (!spelt) return std::nullopt;
  return spelled(letters) + (several || owner ? "'s" : "");
}

// "FY2024", "BA2490": letters, then a number
Said with_number(const Place& place) {
  const std::size_t size = std::min(place.word.find_first_of("0123456789"), place.word.size());
  const std::string_view letters = place.word.substr(0, size), digits = place.word.substr(size);
  const bool number = digits.size() >= 3 && digits.size() <= 4 &&
                      digits.find_first_not_of("0123456789") == digits.npos;
  if (!number || !capitals(letters) || (letters.size() != 2 && !is_initialism(letters)))
    return std::nullopt;
  return spelled(letters) + " " + std::string(digits);
}

// "AC/DC", "TCP/IP"
Said joined_capitals(const Place& place) {
  std::string said;
  std::string_view rest = place.word;
  if (rest.find('/') == rest.npos) return std::nullopt;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const bool spelt = !part.empty() && capitals(part) &&
                       (is_initialism(part) || is_initialism_or_word(part, {}, {}) ||
                        part.find_first_of("AEIOUY") == part.npos);
    if (!spelt) return std::nullopt;
    said += (said.empty() ? "" : " ") + spelled(part);
  }
  return said;
}

// "Mon-Fri", "May-July"
Said from_to(const Place& place) {
  const std::size_t at = place.word.find('-');
  if (at == place.word.npos) return std::nullopt;
  const Said first = day_or_month(place.word.substr(0, at));
  const Said last = day_or_month(place.word.substr(at + 1));
  return first && last ? Said(*first + " to " + *last) : std::nullopt;
}

Said joined_with_and(const Place& place) {
  const std::size_t at = place.word.find('&');
  if (at == 0 || at == place.word.npos || at + 1 == place.word.size()) return std::nullopt;
  const auto side = [](std::string_view part) {
    return capitals(part) && part.size() <= 3 ? spelled(part) : std::string(part);
  };
  return side(place.word.substr(0, at)) + " and " + side(place.word.substr(at + 1));
}

Said with_sign(const Place& place) {
  const std::string_view word = place.word;
  if (word.size() > 1 && word[0] == '#') return "hashtag " + parted(word.substr(1));
  if (word.size() > 1 && word[0] == '@') return "at " + parted(word.substr(1));
  if (word.size() > 2 && word.ends_with("++"))
    return std::string(word.substr(0, word.size() - 2)) + " plus plus";
  // "A+", "x^2"
  if (word.size() == 2 && word[0] >= 'A' && word[0] <= 'F' && word[1] == '+')
    return (word[0] == 'A' ? std::string("ay") : std::string(1, word[0])) + " plus";
  if (word.size() == 3 && lower(word[0]) && word[1] == '^' && (word[2] == '2' || word[2] == '3'))
    return std::string(1, word[0]) + (word[2] == '2' ? " squared" : " cubed");
  if (word == "x" && is_number(place.previous) && is_number(place.next)) return "by";
  return std::nullopt;
}

// "a/b", "snake_case", "key=value"
Said in_parts(const Place& place) {
  if (place.word.find_first_of("/_=") == place.word.npos) return std::nullopt;
  std::string said;
  for (const char c : place.word)
    said += c == '/' ? " slash " : c == '_' ? " " : c == '=' ? " equals " : std::string(1, c);
  return said;
}

Said dotless(const Place& place) {
  return place.word == "sq" && is_number(place.previous) ? unit("sq", false) : std::nullopt;
}

}  // namespace

std::string spelled(std::string_view letters) {
  std::string said;
  for (const char c : letters) {
    if (!said.empty()) said += ' ';
    said += char(std::toupper(static_cast<unsigned char>(c)));
  }
  return said;
}

std::string parted(std::string_view word) {
  if (!std::all_of(word.begin(), word.end(), [](char c) { return upper(c) || lower(c); }))
    return std::string(word);
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const bool border =
        lower(word[i - 1]) && upper(word[i]) && !is_name_prefix(word.substr(begin, i - begin));
    if (!border) continue;
    parts.push_back(word.substr(begin, i - begin));
    begin = i;
  }
  parts.push_back(word.substr(begin));
  // "PhDs", "kW": letters, not names.
  const bool letters_only = std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return parts.size() > 1 && part.size() == 2 && upper(part[0]) && lower(part[1]);
  });
  if (parts.size() == 1 || letters_only) return std::string(word);
  std::string said;
  for (const std::string_view part : parts) {
    if (!said.empty()) said += ' ';
    said += part.size() >= 2 && capitals(part) ? spelled(part) : std::string(part);
  }
  return said;
}

bool is_initials(std::string_view word) {
  if (word.size() < 3 || word.size() % 2 == 0) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (i % 2 == 0 ? !upper(word[i]) : word[i] != '.') return false;
  return true;
}

Said say_letters(const Place& place) {
  if (place.dotted && place.word == "in" && is_number(place.previous))
    return place.previous == "1" ? "inch" : "inches";
  if ((starts_with_digit(place.next) || starts_with_digit(place.previous)) && !place.word.empty())
    if (auto said = short_month(place.word)) return said;
  if (is_number(place.previous))
    if (auto said = unit(place.word, place.previous == "1" || place.previous == "one")) return said;
  if (auto said = abbreviation(place.word, place.dotted, place.next)) return said;
  for (const auto rule : {numeral, small_numeral, initialism, with_number, joined_capitals, from_to,
                          joined_with_and, with_sign, in_parts, dotless})
    if (auto said = rule(place)) return said;
  if (std::string said = parted(place.word); said != place.word) return said;
  return std::nullopt;
}

}  // namespace chatterbox::aloud
