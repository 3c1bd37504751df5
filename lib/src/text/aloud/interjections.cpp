// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cctype>
#include <iterator>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

struct Sound {
  Pattern written;
  const char* said;
};

// Sounds that people write and flite would spell, in words that it reads alike.
const auto& sounds() {
  static const Sound table[] = {
      {Pattern("h+m+"), "hum"},
      {Pattern("h+m+p+h+"), "humf"},
      {Pattern("h+r+m+"), "hurm"},
      {Pattern("o+w{2,}"), "ow"},
      {Pattern("m+"), "um"},
      {Pattern("m+[- ]?h+m*"), "em hum"},
      {Pattern("s+h+"), "shush"},
      {Pattern("br{2,}"), "burr"},
      {Pattern("gr{2,}"), "gur"},
      {Pattern("a+w{2,}|a{2,}w+"), "aw"},
      {Pattern("z{3,}"), "zuz"},
      {Pattern("a+h{2,}|a{2,}h+"), "ah"},
      {Pattern("o+h{2,}"), "oh"},
      {Pattern("o{2,}h*"), "oo"},
      {Pattern("e+w{2,}|e{2,}w+"), "ee oo"},
      {Pattern("u+g+h{1,}"), "ug"},
      {Pattern("u+r+g+h+|a+r{2,}g*h*"), "arg"},
      {Pattern("p+f+t*"), "pift"},
      {Pattern("ps{2,}t+|pst+"), "pist"},
      {Pattern("ts+k+"), "tisk"},
      {Pattern("tsk-tsk"), "tisk tisk"},
      {Pattern("h+e+h+"), "heh"},
      {Pattern("(?:ha){2}h?"), "hah hah"},
      {Pattern("(?:ha){3,}h?"), "hah hah hah"},
      {Pattern("(?:he){2,}h?"), "heh heh"},
      {Pattern("(?:ho){3}"), "ho ho ho"},
      {Pattern("y+a{2,}y+"), "yay"},
      {Pattern("u+h+[- ]h+u+h+"), "uh huh"},
      {Pattern("u+h{2,}"), "uh"},
      {Pattern("e+r{2,}"), "er"},
      {Pattern("u+m{2,}|u{2,}m+"), "um"},
      {Pattern("vr+o{2,}m+"), "vroom"},
      {Pattern("b+z{2,}t*"), "buzz"},
      {Pattern("ph+e+w+"), "few"},
  };
  return table;
}

// Words that people draw out: "Nooo", "sweeet".
constexpr std::string_view kDrawnOut[] = {
    "no",   "so",    "yes",  "what",   "please", "yeah",  "hey",    "hello",  "hi",    "love",
    "cool", "sweet", "good", "look",   "soon",   "wow",   "oh",     "well",   "all",   "way",
    "long", "ok",    "okay", "man",    "dude",   "stop",  "help",   "go",     "goal",  "run",
    "bye",  "boo",   "too",  "see",    "free",   "very",  "really", "much",   "nice",  "super",
    "come", "on",    "oops", "whoa",   "damn",   "god",   "mom",    "dad",    "baby",  "now",
    "why",  "who",   "how",  "where",  "when",   "right", "sure",   "great",  "never", "ever",
    "hell", "freak", "cute", "big",    "huge",   "fun",   "sorry",  "thanks", "wait",  "slow",
    "meow", "woof",  "moo",  "ring",   "boom",   "yum",   "yummy",  "tall",   "feel",  "need",
    "keep", "sleep", "deep", "cheers", "hooray", "woo",   "aha",    "woah",   "lol",   "ho",
    "he",   "ha",    "ya",   "yo",     "you",    "me",    "my",     "the",    "and",   "but"};

// Runs of three letters and more become runs of `count`, which says it for each run.
std::string shortened(std::string_view word, bool doubled) {
  std::string result;
  for (std::size_t i = 0; i < word.size();) {
    std::size_t end = i;
    while (end < word.size() && word[end] == word[i]) ++end;
    const std::size_t run = end - i;
    result.append(run >= 3 ? (doubled ? 2 : 1) : run, word[i]);
    i = end;
  }
  return result;
}

std::optional<std::string> drawn_out(std::string_view word) {
  const std::string once = shortened(word, false);
  if (once.size() == word.size()) return std::nullopt;
  const std::string twice = shortened(word, true);
  for (const std::string& candidate : {once, twice})
    if (std::find(std::begin(kDrawnOut), std::end(kDrawnOut), candidate) != std::end(kDrawnOut))
      return candidate;
  return std::nullopt;
}

// Patterns take their time, and few words are sounds.
bool may_be_sound(std::string_view small) {
  constexpr std::string_view kBeginnings[] = {"aw",  "aa", "ah", "oh",  "oo",   "ow",   "ew", "ee",
                                              "uh",  "um", "uu", "er",  "ug",   "ur",   "ar", "hah",
                                              "heh", "ho", "ya", "vro", "phew", "pheew"};
  if (small.find_first_of("aeiou") == small.npos) return true;
  for (std::size_t i = 2; i < small.size(); ++i)
    if (small[i] == small[i - 1] && small[i] == small[i - 2]) return true;
  return std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                     [&](std::string_view beginning) { return small.starts_with(beginning); });
}

}  // namespace

std::optional<std::string> say_interjection(const Place& place) {
  std::string word(place.word);
  if (word.size() < 2 || word.size() > 24) return std::nullopt;
  const bool letters = std::all_of(word.begin(), word.end(),
                                   [](unsigned char c) { return std::isalpha(c) || c == '-'; });
  if (!letters || is_initialism(place.word)) return std::nullopt;
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  // Units are written so: "5 mm".
  if (is_number(place.previous) || !may_be_sound(word)) return std::nullopt;
  for (const Sound& sound : sounds())
    if (sound.written.is_all_of(word)) return sound.said;
  return drawn_out(word);
}

}  // namespace chatterbox::aloud
