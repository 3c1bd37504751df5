// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/aloud/aloud.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "text/aloud/rules.h"
#include "text/aloud/symbols.h"
#include "text/aloud/tables.h"
#include "text/sentence_rule.h"

namespace chatterbox {
namespace {

using aloud::Place;
using aloud::without_signs;

// Longer ones are no words that a rule is about.
constexpr std::size_t kLongestWord = 80;

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
  // "f(x)"
  const std::string_view inside = std::string_view(word).substr(begin, end - begin);
  if (inside.find('(') != inside.npos && inside.find(')') == inside.npos && end < word.size() &&
      word[end] == ')')
    ++end;
  Parts parts{word.substr(0, begin), word.substr(begin, end - begin), word.substr(end)};
  // A quote in front of a decade belongs to it: '90s.
  if (parts.core.size() > 1 && parts.core[0] == '\'' &&
      !std::isdigit(static_cast<unsigned char>(parts.core[1]))) {
    parts.lead += '\'';
    parts.core.erase(0, 1);
  }
  // "rock 'n' roll"
  if (parts.core == "n" && parts.lead == "'" && parts.trail == "'") return {"", "and", ""};
  for (std::string* side : {&parts.lead, &parts.trail})
    std::erase_if(*side, [](char c) { return c == '*' || c == '_' || c == '`'; });
  return parts;
}

// "3\" x 5\"", "12\" long"
bool is_dimension(const std::vector<Parts>& parts, std::size_t i) {
  constexpr std::string_view kBeside[] = {"x",    "by",   "long", "wide",
                                          "high", "deep", "tall", "thick"};
  const auto is_beside = [&](std::size_t at) {
    return std::find(std::begin(kBeside), std::end(kBeside), parts[at].core) != std::end(kBeside);
  };
  return (i > 0 && is_beside(i - 1)) || (i + 1 < parts.size() && is_beside(i + 1));
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
      part.core += is_dimension(parts, std::size_t(&part - parts.data())) ? " inches" : "-inch";
    }
    quoting = false;
  }
}

// "5' 6\"" and "6' tall"
void mark_feet(std::vector<Parts>& parts) {
  constexpr std::string_view kHow[] = {"tall", "long", "wide", "high", "deep"};
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    Parts& part = parts[i];
    std::string& next = parts[i + 1].core;
    if (part.trail != "'" || !part.lead.empty() || !aloud::is_number(part.core)) continue;
    const bool inches = next.ends_with("-inch");
    if (!inches && std::find(std::begin(kHow), std::end(kHow), next) == std::end(kHow)) continue;
    part.core += inches || part.core == "1" ? "-foot" : "-feet";
    part.trail.clear();
    if (inches) next.resize(next.size() - std::string_view("-inch").size());
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
  return is_lettered(place.word) || aloud::is_shouted_abbreviation(place) || place.word == "sq" ||
         place.word == "cu" || place.word == "fl" || aloud::short_month(place.word) ||
         aloud::abbreviation(place.word, true, place.next) ||
         (aloud::is_number(place.previous) &&
          (place.word == "in" || aloud::unit(place.word, false)));
}

// The full stop of an abbreviation ends no sentence, unless one begins after it.
bool ends_sentence(const Place& place) {
  if (owns_full_stop(place.word, place.next)) return false;
  if (aloud::is_shouted_abbreviation(place)) return false;
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
  if (auto said = aloud::say_state(place)) return said;
  if (aloud::is_initials(place.word)) {
    std::string letters(place.word);
    std::erase(letters, '.');
    return aloud::spelled(letters);
  }
  for (const auto rule : {aloud::say_money, aloud::say_number, aloud::say_measure,
                          aloud::say_address, aloud::say_interjection, aloud::say_operators})
    if (auto said = rule(place)) return said;
  return aloud::say_letters(place);
}

// The first word of what two are read as stays with the first of them.
bool share(const std::optional<std::string>& said, const Parts& first, const Parts& second,
           std::string& of_first, std::string& of_second) {
  if (!said) return false;
  const std::size_t space = said->find(' ');
  if (space == said->npos) return false;
  of_first = first.lead + said->substr(0, space) + first.trail;
  of_second = second.lead + said->substr(space + 1) + second.trail;
  return true;
}

// After an amount the currency comes last: "$5 million" -> "5", "million dollars".
std::optional<std::string> scaled_money(const std::string& amount, const std::string& scale) {
  static const Pattern money(
      "((?:US|A|C|NZ|HK)?\\$|£|€|¥|₹|₩|₽)(\\d[\\d,]*(?:\\.\\d+)?)(?:-(\\d[\\d,]*(?:\\.\\d+)?)"
      ")"
      "?");
  static const Pattern scales("hundred|thousand|million|billion|trillion");
  Match match;
  if (amount.size() > kLongestWord || !money.is_all_of(amount, match) || !scales.is_all_of(scale))
    return std::nullopt;
  const std::string until = match[3].length() > 0 ? " to " + aloud::cardinal(match[3].str()) : "";
  return aloud::cardinal(match[1].length() > 0 ? match[2].str() : "") + until + " " + scale + " " +
         aloud::currency(match[1].str(), false).value_or("");
}

// "USD 1.5 million": "1.5", "million", "U S dollars"
bool say_scaled_pair(const std::vector<Parts>& parts, std::size_t i,
                     std::vector<std::string>& spoken) {
  constexpr std::string_view kScales[] = {"thousand", "million", "billion", "trillion"};
  if (i + 2 >= parts.size() || !parts[i + 1].trail.empty()) return false;
  const auto name = aloud::currency(parts[i].core, false);
  const Parts& last = parts[i + 2];
  const bool scale =
      std::find(std::begin(kScales), std::end(kScales), last.core) != std::end(kScales);
  if (!name || !scale || !aloud::is_number(parts[i + 1].core)) return false;
  spoken[i] = parts[i].lead + aloud::cardinal(parts[i + 1].core);
  spoken[i + 1] = last.core;
  spoken[i + 2] = *name + last.trail;
  return true;
}

bool is_money(std::string_view word) {
  return !word.empty() && (word[0] == '$' || word.starts_with("£") || word.starts_with("€"));
}

// A dash between two numbers: "10 - 15 kg", "$10 - $15", "5 - 3 = 2".
std::optional<std::string> dash_between(const std::vector<Parts>& parts, std::size_t i) {
  const bool between = parts[i].core == "-" && i > 0 && i + 1 < parts.size() &&
                       (parts[i - 1].trail.empty() || parts[i - 1].trail == ".");
  if (!between) return std::nullopt;
  const std::string& first = parts[i - 1].core;
  const std::string& second = parts[i + 1].core;
  if (is_money(first) && is_money(second)) return "to";
  if (aloud::day_or_month(first) && aloud::day_or_month(second)) return "to";
  if (!aloud::is_number(first) || !(aloud::is_number(second) || aloud::starts_with_digit(second)))
    return std::nullopt;
  const auto after = [&](std::size_t ahead) {
    return i + ahead < parts.size() ? std::string_view(parts[i + ahead].core) : std::string_view();
  };
  if (after(2) == "=" || after(2) == "-" || after(2) == "+") return "minus";
  return "to";
}

// Between two numbers: "3 × 4 = 12", "5 * 3", "6 / 3 = 2".
std::optional<std::string> sign_between(const std::vector<Parts>& parts, std::size_t i,
                                        const std::string& written) {
  if (i == 0 || i + 1 >= parts.size() || !aloud::is_number(parts[i - 1].core) ||
      !aloud::is_number(parts[i + 1].core))
    return std::nullopt;
  if (written == "*") return "times";
  const bool result =
      i + 2 < parts.size() && (parts[i + 2].core == "=" || parts[i + 2].core == "x");
  if (result && parts[i].core == "x") return "times";
  const std::string& second = parts[i + 1].core;
  if (written == "/" && !result && (second == "5" || second == "10" || second == "100"))
    return "out of";
  return result && written == "/" ? std::optional<std::string>("divided by") : std::nullopt;
}

// An abbreviation may be a plain word as well.
bool is_said_as_written(const Place& place) {
  const bool noon = place.word == "am" || place.word == "pm";
  if (noon && aloud::starts_with_digit(place.previous)) return false;
  return is_plain(std::string(place.word)) && !place.dotted && !aloud::is_number(place.previous) &&
         !aloud::is_fraction(place.previous) && place.previous != "per" &&
         !aloud::unusual_name(place.word) && !aloud::abbreviation(place.word, false, place.next) &&
         place.word != "x" && place.word.find_first_not_of("ivx") != std::string::npos &&
         !aloud::say_interjection(place);
}

bool ends_something(const std::string& trail) {
  return trail.find_first_of(".,;:!?") != std::string::npos;
}

Place place_of(const std::vector<Parts>& parts, std::size_t i) {
  Place place;
  const Parts& at = parts[i];
  place.word = at.core;
  place.dotted = at.trail.starts_with('.') && !at.trail.starts_with("..");
  place.ends = i + 1 == parts.size() || ends_something(at.trail);
  place.after_stop = i == 0;
  if (i > 1) place.before_previous = parts[i - 2].core;
  if (i > 0) {
    const std::string& before = parts[i - 1].trail;
    place.previous = parts[i - 1].core;
    place.after_comma = before.find(',') != std::string::npos;
    place.after_stop = before.find_first_of(".!?") != std::string::npos;
  }
  if (i + 1 < parts.size()) place.next = parts[i + 1].core;
  return place;
}

}  // namespace

std::vector<std::string> read_aloud(const std::vector<std::string>& words) {
  std::vector<Parts> parts;
  for (const std::string& word : words) parts.push_back(parts_of(without_signs(word)));
  mark_inches(parts);
  mark_feet(parts);
  std::vector<std::string> spoken(words.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Parts& at = parts[i];
    const bool last = i + 1 == parts.size();
    if (!last && at.trail.empty()) {
      const Parts& next = parts[i + 1];
      if (say_scaled_pair(parts, i, spoken)) {
        i += 2;
        continue;
      }
      if (share(scaled_money(at.core, next.core), at, next, spoken[i], spoken[i + 1]) ||
          share(aloud::say_money_of(at.core, next.core), at, next, spoken[i], spoken[i + 1])) {
        ++i;
        continue;
      }
    }
    const Place place = place_of(parts, i);
    std::optional<std::string> said = dash_between(parts, i);
    if (!said) said = sign_between(parts, i, words[i]);
    if (!said && !is_said_as_written(place)) said = say(place);
    if (!said) {
      spoken[i] = at.lead + at.core + at.trail;
      continue;
    }
    std::string trail = at.trail;
    const bool ends = last || ends_sentence(place);
    const bool mark_follows = trail.size() > 1 && ends_something(trail.substr(1));
    if (place.dotted && ((!ends && is_abbreviated(place)) || mark_follows)) trail.erase(0, 1);
    spoken[i] = at.lead + (ends && is_lettered(at.core) ? with_small_end(*said) : *said) + trail;
  }
  return spoken;
}

}  // namespace chatterbox
