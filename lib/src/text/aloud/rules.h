// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pattern.h"

namespace chatterbox::aloud {

// A word without the quotes and marks around it, and its neighbours.
struct Place {
  std::string_view word, previous, next;
  std::string_view before_previous;
  bool dotted = false;       // a full stop follows
  bool ends = false;         // any mark follows, or the end of the text
  bool after_comma = false;  // a comma follows the previous word
  bool after_stop = false;   // the end of a sentence does, or it is the first word
};

// The reading of a word, or nothing when the rules do not apply.
std::optional<std::string> say_number(const Place& place);   // with digits in it
std::optional<std::string> say_address(const Place& place);  // web, mail, files
std::optional<std::string> say_letters(const Place& place);  // names, capitals, signs
std::optional<std::string> say_money(const Place& place);
std::optional<std::string> say_measure(const Place& place);       // units, ranges, durations
std::optional<std::string> say_state(const Place& place);         // of the United States
std::optional<std::string> say_interjection(const Place& place);  // "Hmm", "Nooo"
std::optional<std::string> say_operators(const Place& place);     // "a!=b", "Yes.No"

// "MR." and "JAN. 5": an abbreviation in capitals.
bool is_shouted_abbreviation(const Place& place);

// Two words that are read as one amount of money: "$ 5", "5 €", "USD 5".
std::optional<std::string> say_money_of(std::string_view first, std::string_view second);

// True for "5", "1,234", "-2.5", "3/4" and the like, and for small number words.
bool is_number(std::string_view word);
// Two numbers: "10-15".
bool is_range(std::string_view word);
// "1/2", "a half", "three quarters"
bool is_fraction(std::string_view word);
// "five" and "hundred" -> "five hundred"
void add_words(std::string& said, std::string_view words);
// "1,200.5" -> "one thousand two hundred point five"; what is no such number comes back as it is.
std::string cardinal(std::string_view number);
// 1914 -> "nineteen fourteen".
std::string year(int number);
// "U.S", "J.R.R": letters with a full stop after each.
bool is_initials(std::string_view word);
// "US" -> "U S".
std::string spelled(std::string_view letters);
// "GitHub" -> "Git Hub", "macOS" -> "mac O S"; unchanged if there is nothing to part.
std::string parted(std::string_view word);

// One line of a table of rules.
struct Rule {
  Pattern pattern;
  // Empty: does not apply after all.
  std::optional<std::string> (*say)(const Match& match, const Place& place);
};

template <class Rules>
std::optional<std::string> apply(const Rules& rules, const Place& place) {
  Match match;
  for (const Rule& rule : rules)
    if (rule.pattern.is_all_of(place.word, match))
      if (auto said = rule.say(match, place)) return said;
  return std::nullopt;
}

}  // namespace chatterbox::aloud
