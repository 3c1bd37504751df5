// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

constexpr std::string_view kSmall[] = {
    "zero",     "one",     "two",     "three",     "four",     "five",     "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
};
constexpr std::string_view kTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                      "fifty", "sixty", "seventy", "eighty", "ninety"};

struct Scale {
  std::int64_t size;
  std::string_view name;
};
constexpr Scale kScales[] = {{1'000'000'000'000, "trillion"},
                             {1'000'000'000, "billion"},
                             {1'000'000, "million"},
                             {1'000, "thousand"},
                             {100, "hundred"}};

// Longer numbers are names of something.
constexpr std::size_t kMostDigits = 15;

std::string count(std::int64_t number) {
  for (const auto& [size, name] : kScales)
    if (number >= size) {
      std::string said = count(number / size);
      add_words(said, name);
      if (const std::int64_t rest = number % size; rest > 0) add_words(said, count(rest));
      return said;
    }
  if (number < 20) return std::string(kSmall[number]);
  std::string said(kTens[number / 10]);
  if (number % 10 > 0) add_words(said, kSmall[number % 10]);
  return said;
}

}  // namespace

void add_words(std::string& said, std::string_view words) {
  if (!said.empty()) said += ' ';
  said += words;
}

std::string cardinal(std::string_view number) {
  std::string whole(number.substr(0, number.find('.')));
  std::erase(whole, ',');
  const bool minus = whole.starts_with('-');
  if (minus) whole.erase(0, 1);
  const bool counted = whole.size() <= kMostDigits && (whole == "0" || !whole.starts_with('0')) &&
                       whole.find_first_not_of("0123456789") == whole.npos;
  if (!counted) return std::string(number);
  std::string said = minus ? "minus" : "";
  if (!whole.empty()) add_words(said, count(std::strtoll(whole.c_str(), nullptr, 10)));
  if (const std::size_t point = number.find('.'); point != number.npos) {
    add_words(said, "point");
    for (const char digit : number.substr(point + 1))
      if (digit >= '0' && digit <= '9') add_words(said, kSmall[digit - '0']);
  }
  return said;
}

std::string year(int number) {
  const int century = number / 100, rest = number % 100;
  if (century % 10 == 0 && rest < 10) return count(number);
  if (rest == 0) return count(century) + " hundred";
  return count(century) + (rest < 10 ? " oh " : " ") + count(rest);
}

}  // namespace chatterbox::aloud
