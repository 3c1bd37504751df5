// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/aloud/symbols.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "text/aloud/rules.h"
#include "text/replace_all.h"

namespace chatterbox::aloud {
namespace {

struct Sign {
  std::string_view written, said;
};

// Signs outside ASCII that would get lost on the way to flite.
constexpr Sign kSigns[] = {
    {"℃", "°C"},
    {"℉", "°F"},
    {"º", "°"},
    {"×", "x"},
    {"÷", " divided by "},
    {"±", "plus or minus "},
    {"≈", "~"},
    {"≠", "!="},
    {"≤", "<="},
    {"≥", ">="},
    {"→", " to "},
    {"⇒", " to "},
    {"➔", " to "},
    {"←", " from "},
    {"↔", " to and from "},
    {"↑", " up "},
    {"↓", " down "},
    {"−", "-"},
    {"–", "-"},
    {"‐", "-"},
    {"‑", "-"},
    {"′", "'"},
    {"″", "\""},
    {"’", "'"},
    {"‘", "'"},
    {"µ", "u"},
    {"μ", "u"},
    {"™", ""},
    {"®", ""},
    {"©", ""},
    {"§", "section "},
    {"¶", "paragraph "},
    {"№", "number "},
    {"•", ""},
    {"·", " "},
    {"‰", " per mille"},
    {"…", "..."},
    {"∞", " infinity "},
    {"√", " square root of "},
    {"∑", " sum "},
    {"∫", " integral "},
    {"∂", " partial "},
    {"∆", " delta "},
    {"∈", " in "},
    {"∉", " not in "},
    {"∪", " union "},
    {"∩", " intersection "},
    {"∅", " empty set "},
    {"∀", " for all "},
    {"∃", " there exists "},
    {"¬", " not "},
    {"∧", " and "},
    {"∨", " or "},
    {"≡", " is identical to "},
    {"∝", " is proportional to "},
    {"Ω", " ohms "},
    {"Ω", " ohms "},
    {"✓", " check "},
    {"✔", " check "},
    {"✗", " cross "},
    {"✘", " cross "},
    {"¿", ""},
    {"¡", ""},
    {"♪", ""},
    {"♫", ""},
    {"♯", " sharp"},
    {"♭", " flat"},
    {"Å", " angstroms "},
    {"℞", " prescription "},
};

constexpr Sign kGreek[] = {
    {"α", "alpha"},  {"β", "beta"},   {"γ", "gamma"},   {"δ", "delta"}, {"ε", "epsilon"},
    {"ζ", "zeta"},   {"η", "eta"},    {"θ", "theta"},   {"ι", "iota"},  {"κ", "kappa"},
    {"λ", "lambda"}, {"ν", "new"},    {"ξ", "ksigh"},   {"π", "pie"},   {"ρ", "row"},
    {"σ", "sigma"},  {"τ", "tau"},    {"υ", "upsilon"}, {"φ", "fie"},   {"χ", "kie"},
    {"ψ", "sigh"},   {"ω", "omega"},  {"Δ", "delta"},   {"Γ", "gamma"}, {"Σ", "sigma"},
    {"Π", "pie"},    {"Λ", "lambda"}, {"Φ", "fie"},     {"Ψ", "sigh"},  {"Θ", "theta"},
};

constexpr Sign kFractions[] = {
    {"½", "a half"},        {"¼", "a quarter"},  {"¾", "three quarters"}, {"⅓", "one third"},
    {"⅔", "two thirds"},    {"⅛", "one eighth"}, {"⅜", "three eighths"},  {"⅝", "five eighths"},
    {"⅞", "seven eighths"}, {"⅕", "one fifth"},  {"⅖", "two fifths"},     {"⅗", "three fifths"},
    {"⅘", "four fifths"},   {"⅙", "one sixth"},  {"⅚", "five sixths"},    {"⅑", "one ninth"},
    {"⅒", "one tenth"},
};

constexpr Sign kSuperscripts[] = {{"⁰", "0"}, {"¹", "1"}, {"²", "2"}, {"³", "3"}, {"⁴", "4"},
                                  {"⁵", "5"}, {"⁶", "6"}, {"⁷", "7"}, {"⁸", "8"}, {"⁹", "9"},
                                  {"⁺", "+"}, {"⁻", "-"}, {"ⁿ", "n"}, {"ˣ", "x"}};
constexpr Sign kSubscripts[] = {{"₀", "0"}, {"₁", "1"}, {"₂", "2"}, {"₃", "3"}, {"₄", "4"},
                                {"₅", "5"}, {"₆", "6"}, {"₇", "7"}, {"₈", "8"}, {"₉", "9"},
                                {"₊", "+"}, {"₋", "-"}, {"ₙ", "n"}, {"ᵢ", "i"}, {"ₓ", "x"}};

constexpr std::string_view kStars[] = {"★", "⭐", "🌟"};
constexpr std::string_view kNoStar = "☆";

template <class Table>
const Sign* sign_at(const Table& table, std::string_view text, std::size_t at) {
  for (const Sign& sign : table)
    if (text.substr(at).starts_with(sign.written)) return &sign;
  return nullptr;
}

// "10⁻³" -> "10^-3"
std::string with_powers(std::string_view word) {
  std::string result;
  bool raised = false;
  for (std::size_t at = 0; at < word.size();) {
    const Sign* sign = sign_at(kSuperscripts, word, at);
    // An ion: "Na⁺".
    const bool charge = sign && (sign->said == "+" || sign->said == "-") &&
                        !sign_at(kSuperscripts, word, at + sign->written.size());
    if (charge) {
      result += sign->said == "+" ? " plus" : " minus";
      at += sign->written.size();
      continue;
    }
    if (sign && !raised) result += '^';
    raised = sign != nullptr;
    result += sign ? sign->said : word.substr(at, 1);
    at += sign ? sign->written.size() : 1;
  }
  return result;
}

// "SO₄²⁻" -> "S O 4 2 minus": a formula is spelled, as any word with a small number below.
std::string formula(std::string_view word) {
  std::string result;
  const auto add = [&result](std::string_view part) {
    if (!result.empty() && result.back() != ' ') result += ' ';
    result += part == "-" ? "minus" : part == "+" ? "plus" : part;
  };
  bool any = false, counted = false;
  for (std::size_t at = 0; at < word.size();) {
    const Sign* below = sign_at(kSubscripts, word, at);
    const Sign* above = sign_at(kSuperscripts, word, at);
    any = any || below;
    const Sign* sign = below ? below : above;
    const char c = word[at];
    const bool digit = sign && std::isdigit(static_cast<unsigned char>(sign->said[0]));
    if (digit && counted)
      result += sign->said;
    else if (sign)
      add(sign->said);
    else if (std::isalnum(static_cast<unsigned char>(c)))
      add(std::string(1, char(std::toupper(static_cast<unsigned char>(c)))));
    else if (c == '+' || c == '-')
      add(std::string(1, c));
    else if (c == '=')
      add("equals");
    else if (std::string_view("()[].,;:!?").find(c) != std::string_view::npos)
      result += c == '(' || c == '[' ? ' ' : c;
    else
      return {};
    counted = digit;
    at += sign ? sign->written.size() : 1;
  }
  if (!any) return {};
  std::erase_if(result, [](char c) { return c == ')' || c == ']'; });
  return result;
}

// "★★★★☆"
std::string stars(const std::string& word) {
  std::string rest = word;
  int full = 0, empty = 0;
  const auto take = [&rest](std::string_view sign) {
    int count = 0;
    for (std::size_t at; (at = rest.find(sign)) != rest.npos; ++count) rest.erase(at, sign.size());
    return count;
  };
  for (const std::string_view star : kStars) full += take(star);
  empty = take(kNoStar);
  replace_all(rest, "\uFE0F", "");
  if (full + empty == 0 || !rest.empty()) return {};
  const auto number = [](int count) { return cardinal(std::to_string(count)); };
  if (empty > 0) return number(full) + " of " + number(full + empty) + " stars";
  return number(full) + (full == 1 ? " star" : " stars");
}

}  // namespace

std::string without_signs(std::string word) {
  if (std::all_of(word.begin(), word.end(), [](unsigned char c) { return c < 0x80; })) return word;
  if (const std::string said = stars(word); !said.empty()) return said;
  if (const std::string said = formula(word); !said.empty()) return said;
  for (const auto& [written, said] : kFractions) {
    const std::size_t at = word.find(written);
    if (at == word.npos) continue;
    const bool mixed = at > 0 && std::isdigit(static_cast<unsigned char>(word[at - 1]));
    word.replace(at, written.size(),
                 (mixed ? " and " : "") + std::string(said) +
                     (at + written.size() < word.size() &&
                              std::isalpha(static_cast<unsigned char>(word[at + written.size()]))
                          ? " "
                          : ""));
  }
  word = with_powers(word);
  for (const auto& [written, said] : kSigns) replace_all(word, written, said);
  for (const auto& [written, said] : kGreek) {
    // Letters of a Greek word are no signs.
    if (word.find(written) == word.npos) continue;
    const auto greek = std::count_if(word.begin(), word.end(),
                                     [](unsigned char c) { return c == 0xCE || c == 0xCF; });
    if (greek <= 2) replace_all(word, written, std::string(" ").append(said).append(" "));
  }
  const std::size_t first = word.find_first_not_of(' ');
  if (first == word.npos) return {};
  word = word.substr(first, word.find_last_not_of(' ') - first + 1);
  return word;
}

}  // namespace chatterbox::aloud
