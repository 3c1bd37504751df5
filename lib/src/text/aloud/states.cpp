// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cctype>
#include <iterator>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

struct State {
  std::string_view postal, shortened, name;
};

constexpr State kStates[] = {
    {"AL", "Ala", "Alabama"},
    {"AK", "", "Alaska"},
    {"AZ", "Ariz", "Arizona"},
    {"AR", "Ark", "Arkansas"},
    {"CA", "Calif", "California"},
    {"CO", "Colo", "Colorado"},
    {"CT", "Conn", "Connecticut"},
    {"DE", "Del", "Delaware"},
    {"DC", "", "D C"},
    {"FL", "Fla", "Florida"},
    {"GA", "Ga", "Georgia"},
    {"HI", "", "Hawaii"},
    {"ID", "", "Idaho"},
    {"IL", "Ill", "Illinois"},
    {"IN", "Ind", "Indiana"},
    {"IA", "", "Iowa"},
    {"KS", "Kan", "Kansas"},
    {"KY", "Ky", "Kentucky"},
    {"LA", "La", "Louisiana"},
    {"ME", "", "Maine"},
    {"MD", "Md", "Maryland"},
    {"MA", "Mass", "Massachusetts"},
    {"MI", "Mich", "Michigan"},
    {"MN", "Minn", "Minnesota"},
    {"MS", "Miss", "Mississippi"},
    {"MO", "Mo", "Missouri"},
    {"MT", "Mont", "Montana"},
    {"NE", "Neb", "Nebraska"},
    {"NV", "Nev", "Nevada"},
    {"NH", "N.H", "New Hampshire"},
    {"NJ", "N.J", "New Jersey"},
    {"NM", "N.M", "New Mexico"},
    {"NY", "N.Y", "New York"},
    {"NC", "N.C", "North Carolina"},
    {"ND", "N.D", "North Dakota"},
    {"OH", "", "Ohio"},
    {"OK", "Okla", "Oklahoma"},
    {"OR", "Ore", "Oregon"},
    {"PA", "Pa", "Pennsylvania"},
    {"PR", "P.R", "Puerto Rico"},
    {"RI", "R.I", "Rhode Island"},
    {"SC", "S.C", "South Carolina"},
    {"SD", "S.D", "South Dakota"},
    {"TN", "Tenn", "Tennessee"},
    {"TX", "Tex", "Texas"},
    {"UT", "", "Utah"},
    {"VT", "Vt", "Vermont"},
    {"VA", "Va", "Virginia"},
    {"WA", "Wash", "Washington"},
    {"WV", "W.Va", "West Virginia"},
    {"WI", "Wis", "Wisconsin"},
    {"WY", "Wyo", "Wyoming"},
};

// Words and names that flite takes for states too.
constexpr std::string_view kWords[] = {
    "Ak",   "Al",   "Az",  "Ca",   "Cal",  "Co",   "De",   "Del",  "Fl",   "Ga", "Hi", "Ia",   "Il",
    "Ind",  "Kans", "Ks",  "Ky",   "La",   "Lou",  "Ma",   "Mass", "Md",   "Me", "Mi", "Miss", "Mo",
    "Ne",   "Neb",  "Nev", "Or",   "Ore",  "Pa",   "Penn", "Tenn", "Tex",  "Tn", "Tx", "Ut",   "Wa",
    "Wash", "Wi",   "Wy",  "Mich", "Minn", "Okla", "Fla",  "Ala",  "Colo", "Wyo"};

// Words of two letters that somebody may shout; other postal codes are letters.
constexpr std::string_view kShouted[] = {"AL", "DE", "HI", "IN", "LA", "MA",
                                         "ME", "OH", "OK", "OR", "PA", "MO"};

// Codes that are no words: a state also behind its town without a comma.
constexpr std::string_view kUnmistaken[] = {"AZ", "CA", "CT", "FL", "GA", "KS", "KY", "MN",
                                            "NC", "NH", "NJ", "NM", "NV", "NY", "RI", "TN",
                                            "TX", "UT", "VA", "VT", "WI", "WV", "WY"};

template <class Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

bool is_zip(std::string_view word) {
  return word.size() >= 5 && word.find_first_not_of("0123456789") >= 5 &&
         (word.size() == 5 || word[5] == '-');
}

bool is_town(std::string_view word) {
  return word.size() > 2 && word[0] >= 'A' && word[0] <= 'Z' && word[1] >= 'a' && word[1] <= 'z';
}

std::string lower_case(std::string_view word) {
  std::string small(word);
  for (char& c : small) c = char(std::tolower(static_cast<unsigned char>(c)));
  return small;
}

}  // namespace

// States are states after a comma and a town, and before a ZIP code; flite finds them everywhere.
std::optional<std::string> say_state(const Place& place) {
  const auto state = std::find_if(std::begin(kStates), std::end(kStates), [&](const State& row) {
    return place.word == row.postal || (!row.shortened.empty() && place.word == row.shortened);
  });
  if (state != std::end(kStates)) {
    const bool postal = place.word == state->postal;
    const bool after_town = place.after_comma && is_town(place.previous);
    if (is_zip(place.next) && is_town(place.previous)) return std::string(state->name);
    // "He is from Tulsa, OK.", but "Write to Anna, OK?"
    const bool somewhere = place.before_previous == "in" || place.before_previous == "from" ||
                           place.before_previous == "near" || place.before_previous == "of";
    if (after_town && (postal ? place.word != "OK" || somewhere : place.dotted))
      return std::string(state->name);
    if (postal && is_town(place.previous) && !place.after_stop && contains(kUnmistaken, place.word))
      return std::string(state->name);
  }
  if (place.word == "OK" || place.word == "Ok") return "okay";
  // flite looks at the word before.
  const bool capital = place.word.size() > 1 && place.word[1] >= 'A' && place.word[1] <= 'Z';
  const bool misread = !place.previous.empty() || capital;
  if (!misread || (place.dotted && abbreviation(place.word, true, place.next))) return std::nullopt;
  if (place.word.starts_with("CO-") || place.word.starts_with("RE-") ||
      place.word.starts_with("DE-") || place.word.starts_with("IN-"))
    return lower_case(place.word);
  if (contains(kShouted, place.word) || contains(kWords, place.word)) {
    if (place.word == "LA") return "L A";
    return lower_case(place.word);
  }
  return std::nullopt;
}

}  // namespace chatterbox::aloud
