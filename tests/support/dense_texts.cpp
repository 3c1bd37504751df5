// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "support/dense_texts.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <random>

namespace chatterbox::test {
namespace {

// Distributions of the standard library differ between its makers; this does not.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  int below(int count) { return int(engine_() % std::uint64_t(count)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  template <std::size_t N>
  std::string_view one_of(const std::string_view (&choices)[N]) {
    return choices[std::size_t(below(int(N)))];
  }
  std::string digits(int count) {
    std::string digits;
    for (int i = 0; i < count; ++i) digits += char('0' + below(10));
    return digits;
  }
  std::string capitals(int count) {
    std::string capitals;
    for (int i = 0; i < count; ++i) capitals += char('A' + below(26));
    return capitals;
  }

 private:
  std::mt19937_64 engine_;
};

std::string price(Chance& chance) {
  constexpr std::string_view kSigns[] = {"$", "£", "€", "¥", "US$", "₹"};
  constexpr std::string_view kBehind[] = {"", "", "", "M", "k", "/month", "bn"};
  const std::string thousands = chance.below(2) ? "," + chance.digits(3) : "";
  return std::string(chance.one_of(kSigns)) + std::to_string(chance.between(1, 999)) + thousands +
         "." + chance.digits(2) + std::string(chance.one_of(kBehind));
}

std::string number(Chance& chance) {
  switch (chance.below(5)) {
    case 0:
      return "3." + chance.digits(chance.between(4, 40));
    case 1:
      return chance.digits(chance.between(6, 30));
    case 2:
      return "-" + chance.digits(3) + "." + chance.digits(8) + "e-" + chance.digits(2);
    case 3:
      return chance.digits(3) + "-" + chance.digits(3) + "-" + chance.digits(4);
    default:
      return std::to_string(chance.between(1, 99)) + "," + chance.digits(3) + "," +
             chance.digits(3) + "%";
  }
}

std::string address(Chance& chance) {
  constexpr std::string_view kHosts[] = {"https://www.example.com", "http://data.example.org",
                                         "ftp://files.example.net", "sub.domain.example.co.uk"};
  constexpr std::string_view kFiles[] = {"index.html", "a_b-c.tar.gz", "v1/users",
                                         "Q3%20report.pdf"};
  std::string link(chance.one_of(kHosts));
  for (int i = chance.below(6); i > 0; --i)
    link += "/" + chance.capitals(2) + chance.digits(chance.between(1, 12));
  link += "/" + std::string(chance.one_of(kFiles));
  if (chance.below(2))
    link += "?id=" + chance.digits(9) + "&token=" + chance.capitals(chance.between(4, 60)) + "#top";
  return link;
}

std::string chemical(Chance& chance) {
  constexpr std::string_view kParts[] = {"methyl",  "ethyl",  "hydroxy",  "chloro", "phenyl",
                                         "benzene", "propan", "amino",    "cyclo",  "hexane",
                                         "oxo",     "fluoro", "sulfonyl", "thio",   "carboxylate"};
  if (chance.below(4) == 0) return "C₂H₅OH+" + std::to_string(chance.between(2, 9)) + "H₂SO₄";
  std::string name = "(" + std::to_string(chance.between(1, 9)) + "R)-";
  for (int i = chance.between(3, 9); i > 0; --i) {
    if (chance.below(2))
      name +=
          std::to_string(chance.between(1, 9)) + "," + std::to_string(chance.between(1, 9)) + "-";
    name += chance.one_of(kParts);
    if (chance.below(2)) name += "-";
  }
  return name + "yl";
}

std::string house(Chance& chance) {
  constexpr std::string_view kStreets[] = {"Main St.", "N. 42nd Ave.", "O'Neil Blvd",
                                           "Rte. 66",  "P.O. Box",     "Kīlauea Rd."};
  constexpr std::string_view kTowns[] = {"Springfield, IL", "St. Paul, MN", "Winston-Salem, NC",
                                         "Coeur d'Alene, ID"};
  return std::to_string(chance.between(1, 99999)) + " " + std::string(chance.one_of(kStreets)) +
         " #" + std::to_string(chance.between(1, 999)) + chance.capitals(1) + ", " +
         std::string(chance.one_of(kTowns)) + " " + chance.digits(5) + "-" + chance.digits(4);
}

std::string code(Chance& chance) {
  switch (chance.below(5)) {
    case 0:
      return chance.capitals(3) + "-" + chance.digits(4) + "-" + chance.capitals(2);
    case 1:
      return "0x" + chance.digits(4) + "DEADBEEF" + chance.digits(8);
    case 2:
      return "if(x_" + chance.digits(1) + "!=y[" + chance.digits(2) + "]){return&z->w;}";
    case 3:
      return chance.capitals(chance.between(2, 25));
    default:
      return "ISBN " + chance.digits(3) + "-" + chance.digits(1) + "-" + chance.digits(8) +
             " (SKU:" + chance.capitals(4) + chance.digits(6) + ")";
  }
}

std::string item(Chance& chance, int kind) {
  switch (kind) {
    case 0:
      return price(chance);
    case 1:
      return number(chance);
    case 2:
      return address(chance);
    case 3:
      return chemical(chance);
    case 4:
      return house(chance);
    default:
      return code(chance);
  }
}

std::string dense_text(int index) {
  constexpr std::string_view kBetween[] = {" ", " ", " ", ", ", "; ", ". ", " and ", "\n"};
  constexpr int kKinds = 6;
  Chance chance{std::uint64_t(index) + 1};
  const int wanted = index % 10 == 9 ? chance.between(2000, 5000) : chance.between(156, 900);
  std::string text;
  std::size_t characters = 0;
  const auto count = [](std::string_view part) {
    return std::size_t(
        std::count_if(part.begin(), part.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  };
  while (characters < std::size_t(wanted)) {
    const int kind = index % (kKinds + 1) == kKinds ? chance.below(kKinds) : index % (kKinds + 1);
    std::string next = text.empty() ? "" : std::string(chance.one_of(kBetween));
    next += item(chance, kind);
    if (characters + count(next) > 5000) break;
    text += next;
    characters += count(next);
  }
  return text;
}

}  // namespace

std::vector<std::string> dense_texts(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(dense_text(i));
  return texts;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    const auto speakable = [](unsigned char c) { return c >= 0x80 || std::isalnum(c); };
    if (std::any_of(word.begin(), word.end(), speakable)) words.push_back(word);
    word.clear();
  };
  for (const char c : text)
    if (c == ' ' || c == '\n')
      end_word();
    else
      word += c;
  end_word();
  return words;
}

}  // namespace chatterbox::test
