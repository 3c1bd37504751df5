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

// Prefix of a name that flite knows as a whole: "McDonald".
bool is_name_prefix(std::string_view part) {
  constexpr std::string_view kPrefixes[] = {"Mc", "Mac", "De",  "Di",  "Du",
                                            "La", "Le",  "Van", "Fitz"};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), part) != std::end(kPrefixes);
}

// "747" -> "seven 47"
std::string in_two_parts(std::string_view digits) {
  const std::string first(digits.substr(0, 1)), rest(digits.substr(1));
  if (rest == "00") return first + " hundred";
  return first + (rest[0] == '0' ? " oh " + rest.substr(1) : " " + rest);
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

// "MIX", "DILL" and the like are words to flite as well; of numerals that are, some stay.
bool is_word_numeral(std::string_view word) {
  return word == "LI" || word == "VI" || word == "IL" || word == "ILL";
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

// "1", "1/2" and "a half" count one: the unit stands in the singular.
bool counts_one(const Place& place) {
  return place.previous == "1" || place.previous == "one" ||
         (is_fraction(place.previous) && !is_number(place.before_previous) && place.word != "mmHg");
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

// "A380", "US-101": one to three letters and three digits, which are read in two parts
Said model(const Place& place) {
  std::size_t size = std::min(place.word.find_first_of("0123456789"), place.word.size());
  const std::string_view digits = place.word.substr(size);
  if (size > 0 && place.word[size - 1] == '-') --size;
  const std::string_view letters = place.word.substr(0, size);
  const bool three = digits.size() == 3 && digits.find_first_not_of("0123456789") == digits.npos;
  if (!three || letters.empty() || letters.size() > 2 || !capitals(letters)) return std::nullopt;
  return spelled(letters) + " " + in_two_parts(digits);
}

// "Boeing 747", "Route 101"
Said named_number(const Place& place) {
  constexpr std::string_view kNames[] = {
      "Boeing", "Airbus",     "Route", "Highway", "Hwy", "Flight",    "flight", "Room",
      "room",   "Interstate", "Suite", "Rte",     "Bus", "Apartment", "Rm",     "Apt"};
  const bool three =
      place.word.size() == 3 && place.word.find_first_not_of("0123456789") == place.word.npos;
  if (!three || std::find(std::begin(kNames), std::end(kNames), place.previous) == std::end(kNames))
    return std::nullopt;
  return in_two_parts(place.word);
}

// "f(x)"
Said function(const Place& place) {
  const std::string_view word = place.word;
  const std::size_t open = word.find('(');
  const bool call =
      open == 1 && (lower(word[0]) || upper(word[0])) && word.size() >= 3 && word.size() <= 5;
  if (!call) return std::nullopt;
  const std::string_view of = word.substr(2, word.find(')') - 2);
  if (of.empty() || of.size() > 2) return std::nullopt;
  return spelled(word.substr(0, 1)) + " of " + (of.size() == 1 ? spelled(of) : std::string(of));
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
    add_words(said, spelled(part));
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
  if (word.size() > 1 && word[0] == '@') {
    std::string name = parted(word.substr(1));
    std::replace(name.begin(), name.end(), '_', ' ');
    return "at " + name;
  }
  if (word.size() > 2 && word.ends_with("++"))
    return std::string(word.substr(0, word.size() - 2)) + " plus plus";
  // "5 cm x 10 cm", "5cm x 10cm"
  if (word == "x" && (unit(place.previous, false) || starts_with_digit(place.previous)) &&
      starts_with_digit(place.next))
    return "by";
  // "B-"
  if (word.size() == 2 && word[0] >= 'A' && word[0] <= 'F' && word[1] == '-')
    return (word[0] == 'A' ? std::string("ay") : std::string(1, word[0])) + " minus";
  // "A+", "x^2"
  if (word.size() == 2 && word[0] >= 'A' && word[0] <= 'F' && word[1] == '+')
    return (word[0] == 'A' ? std::string("ay") : std::string(1, word[0])) + " plus";
  if (const std::size_t raised = word.find('^'); raised > 0 && raised != word.npos) {
    const std::string base = spelled(word.substr(0, raised)), power(word.substr(raised + 1));
    if (raised > 2 || power.empty()) return std::nullopt;
    if (power == "2" || power == "3") return base + (power == "2" ? " squared" : " cubed");
    return base + " to the power of " +
           (power[0] == '-'     ? "minus " + power.substr(1)
            : power.size() == 1 ? spelled(power)
                                : power);
  }
  if (word == "x" && is_number(place.previous) && is_number(place.next)) return "by";
  return std::nullopt;
}

// "cents/min"
Said per_unit(const Place& place) {
  const std::size_t slash = place.word.find('/');
  if (slash == place.word.npos || slash < 2 || place.word[slash - 1] != 's') return std::nullopt;
  const Said below = per(place.word.substr(slash + 1));
  const std::string_view right = place.word.substr(slash + 1);
  const bool name = right == "hour" || right == "minute" || right == "month" || right == "year" ||
                    right == "mile" || right == "second";
  if (!below && !name) return std::nullopt;
  return std::string(place.word.substr(0, slash)) + " per " + (below ? *below : std::string(right));
}

// "a/b", "snake_case", "key=value", "E=mc^2"
Said in_parts(const Place& place) {
  if (place.word.find_first_of("/_=") == place.word.npos) return std::nullopt;
  std::string said, part;
  const auto end_part = [&] {
    Place alone;
    alone.word = part;
    said += with_sign(alone).value_or(part);
    part.clear();
  };
  for (const char c : place.word) {
    if (c != '/' && c != '_' && c != '=') {
      part += c;
      continue;
    }
    end_part();
    said += c == '/' ? " slash " : c == '_' ? " " : " equals ";
  }
  end_part();
  return said;
}

// "100 sq ft", "8 fl oz"
Said dotless(const Place& place) {
  if (!is_number(place.previous)) return std::nullopt;
  if (place.word == "sq") return "square";
  if (place.word == "cu") return "cubic";
  return place.word == "fl" ? Said("fluid") : std::nullopt;
}

// "MR.", "JAN.", "NO.": abbreviations in capitals
Said shouted_abbreviation(const Place& place) {
  const bool title = place.word == "MR" || place.word == "MRS" || place.word == "DR";
  if (!capitals(place.word) || place.word.size() < 2 || !(place.dotted || title))
    return std::nullopt;
  std::string small(place.word);
  std::transform(small.begin() + 1, small.end(), small.begin() + 1,
                 [](unsigned char c) { return char(std::tolower(c)); });
  if (small == "Mr") return "Mister";
  if (small == "Mrs") return "Missus";
  if (small == "Dr") return "Doctor";
  if (small == "St") return "Saint";
  return abbreviation(small, place.dotted, place.next);
}

// "7 AM", but "I AM HERE"
Said morning(const Place& place) {
  const bool after_time = starts_with_digit(place.previous);
  if (after_time && (place.word == "am" || place.word == "AM")) return "A M";
  if (place.word == "AM") return "am";
  if (place.word == "PM" || (after_time && place.word == "pm")) return "P M";
  return std::nullopt;
}

// "PART II" among capitals; elsewhere flite would take "XL" for forty.
Said shouted_numeral(const Place& place) {
  const int number = roman(place.word);
  if (number == 0) return std::nullopt;
  const bool counted = place.previous.size() >= 3 && capitals(place.previous) &&
                       place.word != "XL" && place.word != "XX" && place.word != "XXL";
  if (counted) return std::to_string(number);
  return is_word_numeral(place.word) ? Said() : Said(spelled(place.word));
}

// "6 PM ET"
Said time_zone(const Place& place) {
  if (place.word.size() != 2 || place.word[1] != 'T' ||
      std::string_view("ECMP").find(place.word[0]) == std::string_view::npos)
    return std::nullopt;
  std::string before(place.previous);
  for (char& c : before) c = char(std::tolower(static_cast<unsigned char>(c)));
  const bool time = before == "am" || before == "pm" || before == "a.m" || before == "p.m" ||
                    before == "noon" || before == "midnight" ||
                    (starts_with_digit(before) && before.find_first_of(":ap") != before.npos);
  return time ? Said(spelled(place.word)) : std::nullopt;
}

// "Mon, 5 May"
Said day_of_week(const Place& place) {
  if (place.word.size() == 3 && (place.next == "&" || place.previous == "&"))
    return day_or_month(place.word);
  const bool dated =
      place.ends && !place.dotted && (starts_with_digit(place.next) || is_month(place.next));
  return dated && place.word.size() <= 5 ? day_or_month(place.word) : std::nullopt;
}

// "km/h" without a number
Said unit_alone(const Place& place) {
  const std::size_t sign = place.word.find_first_of("/^");
  if (sign == place.word.npos || !has_lower(place.word.substr(0, sign))) return std::nullopt;
  return unit(place.word, false);
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

bool is_shouted_abbreviation(const Place& place) { return shouted_abbreviation(place).has_value(); }

Said say_letters(const Place& place) {
  if (place.word == "in" && is_number(place.previous) &&
      (place.ends || place.before_previous == "ft" || place.before_previous == "feet" ||
       place.next == "x" || place.next == "tall" || place.next == "wide" || place.next == "long"))
    return counts_one(place) ? "inch" : "inches";
  if (auto said = morning(place)) return said;
  if (place.dotted && place.word == "in" && is_number(place.previous))
    return place.previous == "1" ? "inch" : "inches";
  if ((starts_with_digit(place.next) || starts_with_digit(place.previous)) && !place.word.empty())
    if (auto said = short_month(place.word)) return said;
  // "7 A M" is no current.
  const bool letter = place.word.size() == 1 && upper(place.word[0]);
  if ((is_number(place.previous) || is_fraction(place.previous)) &&
      (!letter || (starts_with_digit(place.previous) && place.next != "M")))
    if (auto said = unit(place.word, counts_one(place))) return said;
  if (place.previous == "per")
    if (auto said = per(place.word)) return said;
  if (auto said = abbreviation(place.word, place.dotted, place.next)) return said;
  for (const auto rule :
       {shouted_abbreviation, day_of_week, time_zone, unit_alone, numeral, small_numeral,
        shouted_numeral, initialism, with_number, model, named_number, function, joined_capitals,
        from_to, joined_with_and, with_sign, per_unit, in_parts, dotless})
    if (auto said = rule(place)) return said;
  if (std::string said = parted(place.word); said != place.word) return said;
  return std::nullopt;
}

}  // namespace chatterbox::aloud
