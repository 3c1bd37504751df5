// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Numbers with what they count: units, ranges, fractions, ratings, durations.
#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

using Said = std::optional<std::string>;

int integer(const std::string& digits) { return std::atoi(digits.substr(0, 9).c_str()); }

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string count(const std::string& number, const char* what) {
  const int value = integer(number);
  return cardinal(std::to_string(value)) + " " + what + (value == 1 ? "" : "s");
}

std::string minus(const std::string& number) {
  return number.starts_with('-') ? "minus " + cardinal(number.substr(1)) : cardinal(number);
}

// "5km", "10-kg", "3.5GHz", "5mg/kg"
Said measure(const Match& match, const Place& place) {
  const std::string number = match[1], symbol = match[3];
  if (symbol == "s" && number.size() > 2 && number.find('.') == number.npos) return std::nullopt;
  // A Roman hundred, a million, a kilobyte with its letter alone.
  if (one_of(symbol, {"A", "N", "J", "us", "kn", "kt", "ac", "ct"}) && match[2].length() == 0 &&
      symbol.size() == 1)
    return std::nullopt;
  if (symbol == "in")
    return minus(number) + (number == "1" || match[2].length() > 0 ? " inch" : " inches");
  // "2h 30m"
  const std::string_view hours = place.previous;
  if (symbol == "m" && hours.size() > 1 && hours.back() == 'h' &&
      is_number(hours.substr(0, hours.size() - 1)))
    return cardinal(number) + (number == "1" ? " minute" : " minutes");
  // "3m 20s"
  if (symbol == "m" && starts_with_digit(place.next) && place.next.ends_with('s'))
    return count(number, "minute");
  const Said name = unit(symbol, number == "1" || match[2].length() > 0);
  if (!name) return std::nullopt;
  return minus(number) + " " + *name;
}

// "10-15kg", "50-60%", "20-25°C"
Said range(const Match& match, const Place&) {
  const std::string symbol = match[3];
  const std::string numbers = minus(match[1]) + " to " + minus(match[2]);
  if (symbol == "%") return numbers + " percent";
  if (symbol == "x") return numbers + " x";
  if (symbol.starts_with("°"))
    return numbers + " degrees" +
           (symbol.ends_with('C')   ? " Celsius"
            : symbol.ends_with('F') ? " Fahrenheit"
                                    : "");
  if (Said scale = magnitude(symbol)) return numbers + " " + *scale;
  const Said name = unit(symbol, false);
  return name ? Said(numbers + " " + *name) : std::nullopt;
}

// "20%-30%"
Said range_of_percents(const Match& match, const Place&) {
  return minus(match[1]) + " percent to " + minus(match[2]) + " percent";
}

// "10K-15K"
Said scaled_range(const Match& match, const Place&) {
  const Said from = magnitude(match[2].str()), to = magnitude(match[4].str());
  if (!from || !to) return std::nullopt;
  return cardinal(match[1].str()) + " " + *from + " to " + cardinal(match[3].str()) + " " + *to;
}

// "10-15" in front of a unit
Said range_before_unit(const Match& match, const Place& place) {
  const bool counted = unit(place.next, false) || is_unit_name(place.next) ||
                       place.next.starts_with("°") ||
                       one_of(place.next, {"percent", "am", "pm", "AM", "PM", "a.m", "p.m",
                                           "million", "billion", "thousand", "fl", "sq", "cu"});
  if (!counted) return std::nullopt;
  return minus(match[1]) + " to " + minus(match[2]);
}

Said percent(const Match& match, const Place&) {
  const std::string sign = match[1];
  return (sign == "-"   ? "minus "
          : sign == "+" ? "plus "
                        : "") +
         cardinal(match[2].str()) + " percent";
}

Said temperature(const Match& match, const Place&) {
  const std::string number = match[1], scale = match[2];
  std::string said =
      (number.empty() ? "" : minus(number) + " ") + (number == "1" ? "degree" : "degrees");
  constexpr std::pair<std::string_view, std::string_view> kScales[] = {
      {"C", " Celsius"}, {"F", " Fahrenheit"}, {"K", " Kelvin"}, {"N", " north"},
      {"S", " south"},   {"E", " east"},       {"W", " west"}};
  for (const auto& [letter, name] : kScales)
    if (letter == scale) said += name;
  return said;
}

// "5'10\""
Said height(const Match& match, const Place&) { return match[1].str() + " foot " + match[2].str(); }

// "6'" in front of "tall" and the like, or of inches
Said feet(const Match& match, const Place& place) {
  if (place.next.ends_with("-inch")) return match[1].str() + " foot";
  if (!one_of(place.next, {"tall", "long", "wide", "high", "deep", "by", "x", "of"}))
    return std::nullopt;
  return match[1].str() + (match[1] == "1" ? " foot" : " feet");
}

Said out_of(const Match& match, const Place&) {
  return cardinal(match[1].str()) + " out of " + cardinal(match[2].str());
}

// "8/10", "90/100", "4/5 stars": a rating
bool is_rating(int above, int below, const Place& place) {
  if (place.next == "of" || is_unit_name(place.next) || unit(place.next, false)) return false;
  if (one_of(place.next, {"stars", "points", "marks", "rating"})) return true;
  if (one_of(place.previous, {"score", "scored", "rating", "rated", "rate"})) return true;
  if (above == below && below > 5 && below < 100 && below != 10) return false;
  return above == below || ((below == 10 || below == 100) && above <= below);
}

bool counts(std::string_view word) { return is_unit_name(word) || unit(word, false); }

// "half a cup", "half an hour"
std::string half_of(std::string_view what) {
  const Said name = unit(what, true);
  const std::string said = name ? *name : std::string(what);
  const bool vowel =
      said == "hour" || std::string_view("aeiou").find(said[0]) != std::string_view::npos;
  return vowel ? "half an" : "half a";
}

// "½" has become words.
Said written_fraction(const Place& place) {
  if (place.word.find('/') != place.word.npos || !is_fraction(place.word)) return std::nullopt;
  if (is_number(place.previous)) return "and " + std::string(place.word);
  if (place.word == "a half" && counts(place.next)) return half_of(place.next);
  if (place.word == "a half" && one_of(place.next, {"price", "time", "term", "off"})) return "half";
  return std::nullopt;
}

// "3/4": "three quarters"; after a whole number "and three quarters"
Said fraction(const Match& match, const Place& place) {
  const int above = integer(match[1]), below = integer(match[2]);
  const bool mixed = is_number(place.previous);
  if (!mixed && is_rating(above, below, place)) return out_of(match, place);
  // "20/20 vision"
  if (above == below && below > 10)
    return cardinal(match[1].str()) + " " + cardinal(match[2].str());
  if (below < 2 || below > 20 || above < 1 || above >= below)
    return match[1].str() + " slash " + match[2].str();
  if (!mixed && above == 1 && below == 2 && counts(place.next)) return half_of(place.next);
  std::string part = below == 2 ? "half" : below == 4 ? "quarter" : ordinal(below);
  if (above > 1) part += "s";
  const bool article = above == 1 && (below == 2 || below == 4);
  return (mixed ? "and " : "") + (article ? "a" : std::to_string(above)) + " " + part;
}

// "5 1/4%"
Said fraction_of_percent(const Match& match, const Place& place) {
  const Said part = fraction(match, place);
  if (!part || !(is_number(place.previous) || integer(match[1]) < integer(match[2])))
    return std::nullopt;
  return *part + (is_number(place.previous) ? " percent" : " of a percent");
}

// "120/80 mmHg": a pressure of blood
Said pressure(const Match& match, const Place& place) {
  if (place.next != "mmHg") return std::nullopt;
  return cardinal(match[1].str()) + " over " + cardinal(match[2].str());
}

// Where a time of the day stands: "at 00:45".
bool is_time_of_day(const Place& place) {
  return one_of(place.previous, {"at", "At", "from", "From", "until", "by", "since", "before",
                                 "after", "around", "till", "to"}) ||
         one_of(place.next, {"am", "pm", "AM", "PM", "a.m", "p.m"});
}

// "00:45": a duration
Said seconds(const Match& match, const Place& place) {
  if (is_time_of_day(place))
    return "zero " + (match[1].str()[0] == '0' ? "oh " + match[1].str().substr(1) : match[1].str());
  return count(match[1], "second");
}

// "10:30:15" on a clock, and a duration where the hour is no hour of a clock: "01:23:45"
Said stopwatch(const Match& match, const Place& place) {
  const std::string hours = match[1], minutes = match[2], rest = match[3];
  if (is_time_of_day(place) || (hours.size() == 2 && hours[0] != '0')) {
    const int value = integer(rest);
    return hours + ":" + minutes + " and " + std::to_string(value) +
           (value == 1 ? " second" : " seconds");
  }
  std::string said;
  const auto add = [&said](const std::string& number, const char* what) {
    if (integer(number) > 0) add_words(said, count(number, what));
  };
  add(hours, "hour");
  add(minutes, "minute");
  add(rest, "second");
  return said.empty() ? Said("zero seconds") : Said(said);
}

// "1h30m", "1m30s", "2h30"
Said parts_of_time(const Match& match, const Place&) {
  std::string said;
  constexpr const char* kNames[] = {"hour", "minute", "second"};
  for (const int part : {1, 2, 3}) {
    if (match[part].length() == 0) continue;
    if (!said.empty()) said += ' ';
    const std::string number = match[part];
    said += count(number, kNames[part - 1]);
  }
  return said;
}
Said half_past(const Match& match, const Place&) {
  return count(match[1], "hour") + " " + cardinal(std::to_string(integer(match[2])));
}

// "UTC-5", "GMT+02:00"
Said zone(const Match& match, const Place&) {
  std::string hours = match[3];
  if (hours.size() == 2 && hours[0] == '0') hours.erase(0, 1);
  const std::string minutes = match[4];
  return spelled(match[1].str()) + (match[2] == "-" ? " minus " : " plus ") + hours +
         (minutes.empty() || minutes == "00" ? "" : " " + minutes);
}

#define NUMBER "\\d[\\d,]*"
#define DECIMAL NUMBER "(?:\\.\\d+)?"

}  // namespace

bool is_range(std::string_view word) {
  static const Pattern range(DECIMAL "-" DECIMAL);
  return range.is_all_of(word);
}

bool is_fraction(std::string_view word) {
  if (word.find('/') != word.npos && word.find(' ') == word.npos) return is_number(word);
  for (const std::string_view part : {"a half", "quarter", "third", "fifth", "sixth", "eighth"})
    if (word.find(part) != word.npos && word.find(' ') != word.npos)
      return word.find(" and ") == word.npos;
  return false;
}

bool is_number(std::string_view word) {
  static const Pattern number("[-+]?(?:" DECIMAL "|\\.\\d+|\\d+/\\d+)");
  if (word.empty()) return false;
  if (std::string_view("+-.0123456789").find(word[0]) != std::string_view::npos)
    return number.is_all_of(word) || is_range(word) ||
           (word.find(" and ") != word.npos && starts_with_digit(word)) ||
           (word.find('^') != word.npos && starts_with_digit(word));
  return one_of(word, {"one",     "two",      "three",   "four",   "five",   "six",   "seven",
                       "eight",   "nine",     "ten",     "twenty", "thirty", "forty", "fifty",
                       "hundred", "thousand", "million", "few",    "sq",     "fl",    "cu"});
}

Said say_measure(const Place& place) {
  static const Rule rules[] = {
      {Pattern("(-?" DECIMAL ")-(" DECIMAL ")(%|°[CF]?|[A-Za-z]+(?:/[A-Za-z]+)?(?:\\^\\d)?)"),
       range},
      {Pattern("(-?" DECIMAL ")%-(-?" DECIMAL ")%"), range_of_percents},
      {Pattern("(" DECIMAL ")([KkMB])-(" DECIMAL ")([KkMB])"), scaled_range},
      {Pattern("(" DECIMAL ")-(" DECIMAL ")"), range_before_unit},
      {Pattern("(?:(\\d+)h)(?:(\\d+)m(?:in)?)?(?:(\\d+)s)?"), parts_of_time},
      {Pattern("(\\d{0})(\\d+)m(\\d+)s"), parts_of_time},
      {Pattern("(\\d{1,2})h(\\d\\d)"), half_past},
      {Pattern("(-?" DECIMAL ")(-)?([A-Za-z]+(?:/[A-Za-z]+)?(?:\\^\\d)?)"), measure},
      {Pattern("([-+])?(" DECIMAL ")%"), percent},
      {Pattern("(-?" DECIMAL ")?°([CFKNSEW])?"), temperature},
      {Pattern("(\\d{1,2})'(\\d{1,2})(?:\"|'')?"), height},
      {Pattern("(\\d{1,3})'"), feet},
      {Pattern("(\\d{2,3})/(\\d{2,3})"), pressure},
      {Pattern("(\\d{1,3})/(\\d{1,3})"), fraction},
      {Pattern("(\\d{1,3})/(\\d{1,3})%"), fraction_of_percent},
      {Pattern("(\\d+\\.\\d+)/(\\d+(?:\\.\\d+)?)"), out_of},
      {Pattern("0?0:(\\d\\d)"), seconds},
      {Pattern("(\\d{1,2}):(\\d\\d):(\\d\\d)"), stopwatch},
      {Pattern("(UTC|GMT)([-+])(\\d{1,2})(?::?(\\d\\d))?"), zone},
  };
  if (auto said = written_fraction(place)) return said;
  return apply(rules, place);
}

}  // namespace chatterbox::aloud
