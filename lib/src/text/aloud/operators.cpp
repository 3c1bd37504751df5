// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Words that should have been several: operators of a program, stops without a space after them.
#include <algorithm>
#include <cctype>
#include <iterator>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

using Said = std::optional<std::string>;

struct Operator {
  std::string_view written, said;
};

// Longer ones first.
constexpr Operator kOperators[] = {
    {"===", "equals"},
    {"!==", "is not equal to"},
    {"!=", "is not equal to"},
    {"<>", "is not equal to"},
    {"<=", "is less than or equal to"},
    {">=", "is greater than or equal to"},
    {"==", "equals"},
    {"+=", "plus equals"},
    {"-=", "minus equals"},
    {"*=", "times equals"},
    {"/=", "divided by equals"},
    {":=", "is set to"},
    {"->", "to"},
    {"=>", "to"},
    {"&&", "and"},
    {"||", "or"},
    {"::", "colon colon"},
    {"<<", "shifted left by"},
    {">>", "shifted right by"},
    {"<", "is less than"},
    {">", "is greater than"},
};

const Operator* operator_at(std::string_view text) {
  for (const Operator& row : kOperators)
    if (text.starts_with(row.written)) return &row;
  return nullptr;
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ')' || c == ']' ||
         c == '(' || c == '[' || c == '-' || c == '.' || c == '$' || c == '\'' || c == '"';
}

// "a!=b", "x<=5"
Said joined(const Place& place) {
  std::string said;
  bool any = false;
  for (std::size_t at = 0; at < place.word.size();) {
    const Operator* found = operator_at(place.word.substr(at));
    const bool inside = at > 0 && found && at + found->written.size() < place.word.size();
    if (inside) {
      said.append(" ").append(found->said).append(" ");
      at += found->written.size();
      any = true;
    } else if (is_word_character(place.word[at])) {
      said += place.word[at++];
    } else {
      return std::nullopt;
    }
  }
  return any ? Said(said) : std::nullopt;
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// "Yes.No.Maybe", "Wait...what", "Stop!Go", "one,two": marks that end something pause.
Said stops(const Place& place) {
  const std::string_view word = place.word;
  if (word.find_first_of("/@\\_:0123456789") != word.npos || word.starts_with("www.")) {
    if (word.find_first_of("/@\\_0123456789") != word.npos || word.starts_with("www."))
      return std::nullopt;
  }
  std::string said, part;
  bool any = false;
  const auto end_part = [&] {
    Place alone;
    alone.word = part;
    said += say_interjection(alone).value_or(part);
    part.clear();
  };
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t end = std::min(word.find_first_not_of(".!?,;:", at), word.size());
    if (end == at || at == 0 || end == word.size()) {
      part += word[at++];
      continue;
    }
    const std::string_view marks = word.substr(at, end - at);
    const char before = word[at - 1], after = word[end];
    const bool letters = std::isalpha(static_cast<unsigned char>(before)) &&
                         (std::isalpha(static_cast<unsigned char>(after)) || after == '"');
    const bool ellipsis = marks.starts_with("..");
    const bool sentence =
        marks == "." && (is_lower(before) || before == ')' || before == '"') && is_upper(after);
    const bool other = marks.find('.') == marks.npos && letters;
    if (ellipsis || sentence || other) {
      end_part();
      // More than two stops are one.
      said += ellipsis ? ". " : std::string(marks) + " ";
      any = true;
    } else {
      part += marks;
    }
    at = end;
  }
  end_part();
  return any ? Said(said) : std::nullopt;
}

}  // namespace

Said say_operators(const Place& place) {
  // Without a first operand the verb is elsewhere: "values > 5", but "> 5".
  const bool compared = !place.previous.empty();
  if (!compared && starts_with_digit(place.next)) {
    if (place.word == ">=") return "at least";
    if (place.word == "<=") return "at most";
  }
  for (const Operator& row : kOperators)
    if (place.word == row.written)
      return std::string(compared || !row.said.starts_with("is ") ? row.said : row.said.substr(3));
  for (const auto rule : {joined, stops})
    if (auto said = rule(place)) return said;
  return std::nullopt;
}

}  // namespace chatterbox::aloud
