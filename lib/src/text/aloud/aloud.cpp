// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/aloud/aloud.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox {
namespace {

using aloud::Place;

// Longer ones are no words that a rule is about.
constexpr std::size_t kLongestWord = 80;

struct Sign {
  std::string_view written, said;
};

// Signs outside ASCII that would get lost on the way to flite.
constexpr Sign kSigns[] = {
    {"×", "x"},
    {"÷", " divided by "},
    {"±", "plus or minus "},
    {"≈", "~"},
    {"≤", "at most "},
    {"≥", "at least "},
    {"→", " to "},
    {"−", "-"},
    {"–", "-"},
    {"′", "'"},
    {"″", "\""},
    {"’", "'"},
    {"²", "^2"},
    {"³", "^3"},
    {"µ", "u"},
    {"μ", "u"},
    {"™", ""},
    {"®", ""},
    {"©", ""},
    {"§", "section "},
    {"№", "number "},
    {"•", ""},
};

constexpr Sign kFractions[] = {
    {"½", "a half"},        {"¼", "a quarter"},  {"¾", "three quarters"}, {"⅓", "one third"},
    {"⅔", "two thirds"},    {"⅛", "one eighth"}, {"⅜", "three eighths"},  {"⅝", "five eighths"},
    {"⅞", "seven eighths"}, {"⅕", "one fifth"},  {"⅖", "two fifths"},     {"⅗", "three fifths"},
    {"⅘", "four fifths"},   {"⅙", "one sixth"},
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string without_signs(std::string word) {
  if (std::all_of(word.begin(), word.end(), [](unsigned char c) { return c < 0x80; })) return word;
  for (const auto& [written, said] : kSigns) replace_all(word, written, said);
  for (const auto& [written, said] : kFractions) {
    const std::size_t at = word.find(written);
    if (at == word.npos) continue;
    const bool mixed = at > 0 && std::isdigit(static_cast<unsigned char>(word[at - 1]));
    word.replace(at, written.size(), (mixed ? " and " : "") + std::string(said));
  }
  return word;
}

// A word between what stands around it. Marks of emphasis are not said.
struct Parts {
  std::string lead, core, trail;
};

Parts parts_of(const std::string& word) {
  const auto opens = [](char c) {
    return std::string_view("\"([{*_`").find(c) != std::string_view::npos;
  };
  const auto closes = [](char c) {
    return std::string_view("\")]}*_`.,;:!?'").find(c) != std::string_view::npos;
  };
  std::size_t begin = 0, end = word.size();
  while (begin < end && opens(word[begin])) ++begin;
  while (end > begin && closes(word[end - 1])) --end;
  Parts parts{word.substr(0, begin), word.substr(begin, end - begin), word.substr(end)};
  // A quote in front of a decade belongs to it: '90s.
  if (parts.core.size() > 1 && parts.core[0] == '\'' &&
      !std::isdigit(static_cast<unsigned char>(parts.core[1]))) {
    parts.lead += '\'';
    parts.core.erase(0, 1);
  }
  for (std::string* side : {&parts.lead, &parts.trail})
    std::erase_if(*side, [](char c) { return c == '*' || c == '_' || c == '`'; });
  return parts;
}

// A quote behind a number that closes no quotation means inches: 6" pipe.
void mark_inches(std::vector<Parts>& parts) {
  bool quoting = false;
  for (Parts& part : parts) {
    if (part.lead.find('"') != std::string::npos) quoting = true;
    if (part.trail.find('"') == std::string::npos) continue;
    if (!quoting && part.trail[0] == '"' && aloud::is_number(part.core) &&
        std::isdigit(static_cast<unsigned char>(part.core.back()))) {
      part.trail.erase(0, 1);
      part.core += "-inch";
    }
    quoting = false;
  }
}

// Plain words and numbers are flite's own business.
bool is_plain(const std::string& core) {
  return std::all_of(core.begin(), core.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool begins_sentence(std::string_view word) {
  return word.empty() || (word[0] >= 'A' && word[0] <= 'Z');
}

// Letters whose full stop is their own.
bool is_lettered(std::string_view word) {
  return aloud::is_initials(word) || word == "a.m" || word == "p.m" || word == "Ph.D";
}

bool is_abbreviated(const Place& place) {
  return is_lettered(place.word) || aloud::short_month(place.word) ||
         aloud::abbreviation(place.word, true, place.next) ||
         (aloud::is_number(place.previous) &&
          (place.word == "in" || aloud::unit(place.word, false)));
}

// The full stop of an abbreviation ends no sentence, unless one begins after it.
bool ends_sentence(const Place& place) {
  if (is_lettered(place.word)) return aloud::is_first_word(place.next);
  if (aloud::abbreviation(place.word, true, place.next))
    return begins_sentence(place.next) && aloud::ends_sentences(place.word);
  return begins_sentence(place.next);
}

// "U S" -> "U s": flite takes a capital with a full stop for somebody's initial, which ends no
// sentence.
std::string with_small_end(std::string letters) {
  if (letters.ends_with(" A")) return letters + "y";
  letters.back() = char(std::tolower(static_cast<unsigned char>(letters.back())));
  return letters;
}

std::optional<std::string> say(const Place& place) {
  if (place.word.empty() || place.word.size() > kLongestWord) return std::nullopt;
  if (auto said = aloud::unusual_name(place.word)) return said;
  if (aloud::is_initials(place.word)) {
    std::string letters(place.word);
    std::erase(letters, '.');
    return aloud::spelled(letters);
  }
  if (auto said = aloud::say_number(place)) return said;
  if (auto said = aloud::say_address(place)) return said;
  return aloud::say_letters(place);
}

// After an amount the currency comes last: "$5 million" -> "5", "million dollars".
bool say_scaled_money(const Parts& amount, const Parts& scale, std::string& first,
                      std::string& second) {
  static const std::regex money(
      "((?:US|A|C|NZ|HK)?\\$|£|€|¥|₹|₩|₽)(\\d[\\d,]*(?:\\.\\d+)?)");
  static const std::regex scales("hundred|thousand|million|billion|trillion");
  std::smatch match;
  if (amount.core.size() > kLongestWord || !std::regex_match(amount.core, match, money) ||
      !std::regex_match(scale.core, scales))
    return false;
  first = amount.lead + aloud::cardinal(match[2].str()) + amount.trail;
  second = scale.lead + scale.core + " " + aloud::currency(match[1].str(), false).value_or("") +
           scale.trail;
  return true;
}

}  // namespace

std::vector<std::string> read_aloud(const std::vector<std::string>& words) {
  std::vector<Parts> parts;
  for (const std::string& word : words) parts.push_back(parts_of(without_signs(word)));
  mark_inches(parts);
  std::vector<std::string> spoken(words.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Parts& at = parts[i];
    const bool last = i + 1 == parts.size();
    if (!last && say_scaled_money(at, parts[i + 1], spoken[i], spoken[i + 1])) {
      ++i;
      continue;
    }
    Place place;
    place.word = at.core;
    if (i > 0) place.previous = parts[i - 1].core;
    if (!last) place.next = parts[i + 1].core;
    place.dotted = at.trail.starts_with('.') && !at.trail.starts_with("..");
    // An abbreviation may be a plain word as well.
    const bool said_as_written =
        is_plain(at.core) && !place.dotted && !aloud::is_number(place.previous) &&
        !aloud::unusual_name(at.core) && !aloud::abbreviation(at.core, false, place.next) &&
        at.core != "x" && at.core.find_first_not_of("ivx") != std::string::npos;
    const auto said = said_as_written ? std::nullopt : say(place);
    if (!said) {
      spoken[i] = at.lead + at.core + at.trail;
      continue;
    }
    std::string trail = at.trail;
    const bool ends = last || ends_sentence(place);
    if (place.dotted && !ends && is_abbreviated(place)) trail.erase(0, 1);
    spoken[i] = at.lead + (ends && is_lettered(at.core) ? with_small_end(*said) : *said) + trail;
  }
  return spoken;
}

}  // namespace chatterbox
