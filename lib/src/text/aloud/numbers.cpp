// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
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

// "1990s", "'80s", "mid-1990s": "19 nineties"
Said decades(const Match& match, const Place& place) {
  if (starts_with_digit(place.previous)) return std::nullopt;  // "5m 10s"
  const std::string before = match[1], century = match[2];
  const int tens = integer(match[3]);
  std::string said = before.empty() ? "" : before.substr(0, before.size() - 1) + " ";
  if (tens == 0 && century.empty()) return std::nullopt;
  if (tens == 0 && century[1] == '0') return said + century.substr(0, 1) + " thousands";
  return said + century + (century.empty() ? "" : " ") + decade(tens);
}

// A year of the eleventh century: flite counts from 1100 on.
Said early_year(const Match& match, const Place& place) {
  if (!one_of(place.previous, {"in", "In", "since", "Since", "until", "from", "From", "of", "year",
                               "before", "after", "by", "By", "around"}))
    return std::nullopt;
  const std::string last = match[1];
  return "ten " + (last[0] == '0' ? "oh " + last.substr(1) : last);
}

// "From 1939 to", "between 1914 and": flite counts there.
Said first_year(const Match& match, const Place& place) {
  if (!one_of(place.previous, {"from", "From", "between", "Between"}) ||
      !one_of(place.next, {"to", "and", "until", "till", "through"}))
    return std::nullopt;
  return year(integer(match[0].str()));
}

// "2023-24", "2007/08": the year and the next; "1990-95": a range
Said two_years(const Match& match, const Place&) {
  const int first = integer(match[1]), last = integer(match[3]);
  if (last == 0 && first % 100 == 99) return year(first) + " " + year(first + 1);
  if (last == (first + 1) % 100)
    return year(first) + (last < 10 ? " oh " : " ") + cardinal(std::to_string(last));
  if (match[2] == "/" || last <= first % 100) return std::nullopt;
  return year(first) + " to " + (last < 10 ? "oh " : "") + cardinal(std::to_string(last));
}

// "500 million": flite takes the number for a name
Said before_scale(const Match& match, const Place& place) {
  if (!one_of(place.next, {"thousand", "million", "billion", "trillion"})) return std::nullopt;
  return cardinal(match[0].str());
}

// "100s", "1000s"
Said many(const Match& match, const Place&) {
  return match[1].length() == 2 ? "hundreds" : "thousands";
}

Said hundreds(const Match& match, const Place&) { return match[1].str() + " hundred"; }

// "3pm", "10:30am", "9-10:30pm"
Said clock(const Match& match, const Place&) {
  const bool morning = match[3].length() > 0 && (*match[3].first | 0x20) == 'a';
  std::string said = match[1];
  if (match[2].length() > 0) said += " to " + match[2].str().substr(1);
  if (match[3].length() > 0) said += morning ? " A M" : " P M";
  if (match[2].length() == 0 && match[3].length() == 0) return std::nullopt;
  return said;
}

// "10am-4pm"
Said opening(const Match& match, const Place& place) {
  std::string said;
  for (const int part : {1, 2}) {
    Place time = place;
    const std::string word = match[part];
    time.word = word;
    if (part == 2) said += " to ";
    said += say_number(time).value_or(word);
  }
  return said;
}

// "14:00"; up to noon flite says the hour alone
Said full_hour(const Match& match, const Place&) { return match[1].str() + " hundred"; }

// "10:1", but not the verse of a book
Said ratio(const Match& match, const Place& place) {
  if (!place.previous.empty() && place.previous[0] >= 'A' && place.previous[0] <= 'Z')
    return std::nullopt;
  return cardinal(match[1].str()) + " to " + cardinal(match[2].str());
}

// "110-102"
Said score(const Match& match, const Place&) {
  return cardinal(match[1].str()) + " to " + cardinal(match[2].str());
}

// "5-3": what does not grow is no range
Said result(const Match& match, const Place& place) {
  const int first = integer(match[1]), second = integer(match[2]);
  if (first < second || one_of(place.previous, {"a", "A", "an", "the", "The"})) return std::nullopt;
  return cardinal(match[1].str()) + " to " + cardinal(match[2].str());
}

// "1.5M", "200K"; not the flat "12B" or a run over "5K"
Said scaled(const Match& match, const Place&) {
  const std::string number = match[1], suffix = match[2];
  const std::size_t digits = suffix == "M" ? 1 : 3;
  if (number.find('.') == number.npos && number.size() < digits) return std::nullopt;
  return cardinal(number) + " " + magnitude(suffix).value_or("");
}

Said date(int year, int month_number, int day) {
  if (month_number < 1 || month_number > 12 || day < 1 || day > 31) return std::nullopt;
  return month(month_number) + " " + ordinal(day) + ", " + std::to_string(year);
}

// "on 5/12"
Said short_date(const Match& match, const Place& place) {
  const int first = integer(match[1]), second = integer(match[2]);
  if (!one_of(place.previous, {"on", "On", "until", "by", "since", "Since", "before", "after"}) ||
      place.next == "of" || first < 1 || first > 12 || second < 1 || second > 31)
    return std::nullopt;
  return month(first) + " " + ordinal(second);
}

// "5 May": "the fifth of May"
Said day_of_month(const Match& match, const Place& place) {
  const int day = integer(match[1]);
  const bool follows = !place.ends && day >= 1 && day <= 31 && is_month(place.next) &&
                       !is_month(place.previous) && place.next != "May";
  const bool may =
      place.next == "May" && !place.ends && day >= 1 && day <= 31 && !is_month(place.previous);
  if (!follows && !may) return std::nullopt;
  const bool article = one_of(place.previous, {"the", "The"});
  return (article ? "" : "the ") + ordinal(day) + " of";
}

// "2024-05-12T10:30:00Z"
Said moment(const Match& match, const Place&) {
  const Said day = date(integer(match[1]), integer(match[2]), integer(match[3]));
  if (!day) return std::nullopt;
  return *day + ", " + match[4].str();
}

// American order, unless that cannot be.
Said slashed_date(const Match& match, const Place&) {
  const int first = integer(match[1]), second = integer(match[2]);
  int year = integer(match[3]);
  if (year < 100) year += year < 50 ? 2000 : 1900;
  return first > 12 ? date(year, second, first) : date(year, first, second);
}

// "31.12.2023"
Said dotted_date(const Match& match, const Place&) {
  return date(integer(match[3]), integer(match[2]), integer(match[1]));
}

Said iso_date(const Match& match, const Place&) {
  return date(integer(match[1]), integer(match[2]), integer(match[3]));
}

Said telephone(const Match& match, const Place&) {
  std::string said(match[0].first, match[0].second);
  std::replace(said.begin(), said.end(), '.', '-');
  return said;
}

// "10.0.0.1:8080", "192.168.1.1/24", and sections such as "2.3.4.5"
Said network(const Match& match, const Place&) {
  std::string said;
  for (const char c : match[0].str())
    said += c == '.' ? " dot " : c == ':' ? " colon " : c == '/' ? " slash " : std::string(1, c);
  return said;
}

// "1.2.3": "1 point 2 point 3"; four numbers are an address
Said version(const Match& match, const Place&) {
  const std::string numbers = match[2];
  const bool address = std::count(numbers.begin(), numbers.end(), '.') == 3;
  std::string said = match[1].length() > 0 ? "version " : "";
  for (const char c : numbers)
    said += c == '.' ? (address ? " dot " : " point ") : std::string(1, c);
  return said;
}

// "1,000th"
Said large_ordinal(const Match& match, const Place&) {
  std::string said = cardinal(match[1].str());
  const std::size_t space = said.rfind(' ');
  const std::string last = said.substr(space + 1);
  constexpr std::pair<std::string_view, std::string_view> kIrregular[] = {
      {"one", "first"},    {"two", "second"}, {"three", "third"},   {"five", "fifth"},
      {"eight", "eighth"}, {"nine", "ninth"}, {"twelve", "twelfth"}};
  for (const auto& [word, ordinal] : kIrregular)
    if (word == last) return said.substr(0, space + 1) + std::string(ordinal);
  if (last.ends_with('y')) return said.substr(0, said.size() - 1) + "ieth";
  return said + "th";
}

Said numbered(const Match& match, const Place&) { return "number " + match[1].str(); }

// The words of a sign in front of a number, and the number as the rules read it.
Said with_words(const std::string& words, const std::string& number, const Place& place) {
  Place rest = place;
  rest.word = number;
  for (const auto rule : {say_money, say_number, say_measure})
    if (auto said = rule(rest)) return words + " " + *said;
  return words + " " + number;
}
Said about(const Match& match, const Place& place) { return with_words("about", match[1], place); }
Said compared(const Match& match, const Place& place) {
  return with_words(match[1] == ">" ? "more than" : "less than", match[2], place);
}
Said at_most(const Match& match, const Place& place) {
  return with_words(match[1] == ">=" ? "at least" : "at most", match[2], place);
}
Said and_more(const Match& match, const Place&) { return cardinal(match[1].str()) + " plus"; }
Said plus(const Match& match, const Place&) { return "plus " + match[1].str(); }
Said times(const Match& match, const Place&) { return match[1].str() + " x"; }

// "401(k)": the zero is read as a letter
Said plan(const Match& match, const Place&) {
  std::string number = match[1];
  if (number.size() == 3 && number[1] == '0') number = {number[0], ' ', 'o', 'h', ' ', number[2]};
  return number + " " + match[2].str();
}

Said power(const Match& match, const Place&) {
  const std::string base = match[1], exponent = match[2];
  if (exponent == "2") return base + " squared";
  if (exponent == "3") return base + " cubed";
  return base + " to the power of " +
         (exponent[0] == '-' ? "minus " + exponent.substr(1) : exponent);
}

// "1e-5"
Said small_number(const Match& match, const Place&) {
  return cardinal(match[1].str()) + " e minus " + cardinal(match[2].str());
}

// "6.02x10^23"
Said scientific(const Match& match, const Place&) {
  std::string exponent = match[2];
  const bool minus = exponent[0] == '-';
  if (minus) exponent.erase(0, 1);
  return cardinal(match[1].str()) + " times ten to the power of " + (minus ? "minus " : "") +
         cardinal(exponent);
}

// "1.000.000", as in much of Europe
Said dotted_thousands(const Match& match, const Place&) {
  std::string digits = match[0];
  std::erase(digits, '.');
  return cardinal(digits);
}

// "3x4" and "1920x1080x3"
Said by(const Match& match, const Place&) {
  std::string said;
  for (const char c : match[0].str()) said += c == 'x' ? " by " : std::string(1, c);
  return said;
}

// "1+1=2", but not "10-20", which is a range
Said sum(const Match& match, const Place&) {
  const std::string terms = match[0];
  if (terms.find_first_of("+=*") == terms.npos) return std::nullopt;
  std::string said;
  for (const char c : terms)
    said += c == '+'   ? " plus "
            : c == '=' ? " equals "
            : c == '*' ? " times "
            : c == '-' ? " minus "
            : c == '/' ? " divided by "
                       : std::string(1, c);
  return said;
}

#define NUMBER "\\d[\\d,]*"

}  // namespace

Said say_number(const Place& place) {
  // Most words are none; patterns take their time.
  if (place.word.find_first_of("0123456789") == place.word.npos &&
      place.word.find("°") == place.word.npos)
    return std::nullopt;
  static const Rule rules[] = {
      {Pattern("1(00|000)s"), many},
      {Pattern("\\d{3}"), before_scale},
      {Pattern("((?:mid|late|early|pre|post)-)?'?(\\d\\d)?(\\d)0'?s"), decades},
      {Pattern("10(\\d[1-9]|[1-9]0)"), early_year},
      {Pattern("1[1-9]\\d\\d"), first_year},
      {Pattern("((?:1[1-9]|20)\\d\\d)([-/])(\\d\\d)"), two_years},
      {Pattern("(1[1-9]|2[1-9])00"), hundreds},
      {Pattern("(1[3-9]|2[0-3]):00"), full_hour},
      {Pattern("(\\d{1,3}):(\\d)"), ratio},
      {Pattern("(\\d{2,3})-(\\d{3})"), score},
      {Pattern("(\\d{1,2})-(\\d{1,2})"), result},
      {Pattern("(\\d{1,2}(?::\\d\\d)?[aApP]\\.?[mM])-(\\d{1,2}(?::\\d\\d)?[aApP]\\.?[mM])"),
       opening},
      {Pattern("(\\d{1,2}(?::\\d\\d)?)(-\\d{1,2}:\\d\\d|-\\d{1,2}(?=[aApP]))?"
               "([aApP]\\.?[mM])?"),
       clock},
      {Pattern("(" NUMBER "(?:\\.\\d+)?)(K|M|B)"), scaled},
      {Pattern("(\\d{1,2})/(\\d{1,2})/(\\d{4}|\\d\\d)"), slashed_date},
      {Pattern("(\\d{1,2})/(\\d{1,2})"), short_date},
      {Pattern("(\\d{1,2})"), day_of_month},
      {Pattern("(\\d{4})-(\\d\\d)-(\\d\\d)[Tt](\\d\\d:\\d\\d)(?::\\d\\d(?:\\.\\d+)?)?"
               "(?:Z|[-+]\\d\\d:?\\d\\d)?"),
       moment},
      {Pattern("\\d{1,3}(?:\\.\\d{1,3}){3}(?:[:/]\\d+)"), network},
      {Pattern("(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})"), dotted_date},
      {Pattern("(\\d{4})-(\\d\\d)-(\\d\\d)"), iso_date},
      {Pattern("\\d{3}\\.\\d{3}\\.\\d{4}"), telephone},
      {Pattern("[1-9]\\d{0,2}(?:\\.000){2,}"), dotted_thousands},
      {Pattern("(\\d(?:\\.\\d+)?)[eE]-(\\d{1,3})"), small_number},
      {Pattern("(\\d+(?:\\.\\d+)?)x10\\^(-?\\d{1,3})"), scientific},
      {Pattern("(v)?(\\d{1,4}(?:\\.\\d{1,4}){2,3})"), version},
      {Pattern("(\\d{1,3}(?:,\\d{3})+)(?:st|nd|rd|th)"), large_ordinal},
      {Pattern("#(" NUMBER ")"), numbered},
      {Pattern("~([$£€¥]?\\d.*)"), about},
      {Pattern("([<>])([$£€¥]?\\d.*)"), compared},
      {Pattern("([<>]=)([$£€¥]?\\d.*)"), at_most},
      {Pattern("(" NUMBER ")\\+"), and_more},
      {Pattern("\\+(\\d[\\d-]*)"), plus},
      {Pattern("(\\d+\\.\\d+)x"), times},
      {Pattern("(\\d+)\\(([a-z])\\)?"), plan},
      {Pattern("(\\d+)\\^(-?\\w+)"), power},
      {Pattern("\\d+(?:\\.\\d+)?(?:x\\d+(?:\\.\\d+)?)+"), by},
      {Pattern("\\d+(?:\\.\\d+)?(?:[-+=*/]\\d+(?:\\.\\d+)?)+"), sum},
  };
  return apply(rules, place);
}

}  // namespace chatterbox::aloud
