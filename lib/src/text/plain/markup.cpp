// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "pattern.h"
#include "text/plain/plain.h"

namespace chatterbox::plain {
namespace {

struct Entity {
  std::string_view name, character;
};

constexpr Entity kEntities[] = {
    {"amp", "&"},    {"lt", "<"},       {"gt", ">"},     {"quot", "\""},  {"apos", "'"},
    {"nbsp", " "},   {"ensp", " "},     {"emsp", " "},   {"thinsp", " "}, {"shy", ""},
    {"zwj", ""},     {"zwnj", ""},      {"lrm", ""},     {"rlm", ""},     {"hellip", "…"},
    {"mdash", "—"},  {"ndash", "–"},    {"lsquo", "‘"},  {"rsquo", "’"},  {"ldquo", "“"},
    {"rdquo", "”"},  {"sbquo", "‚"},    {"bdquo", "„"},  {"laquo", "«"},  {"raquo", "»"},
    {"lsaquo", "‹"}, {"rsaquo", "›"},   {"copy", "©"},   {"reg", "®"},    {"trade", "™"},
    {"deg", "°"},    {"plusmn", "±"},   {"times", "×"},  {"divide", "÷"}, {"minus", "−"},
    {"frac12", "½"}, {"frac14", "¼"},   {"frac34", "¾"}, {"sup1", "¹"},   {"sup2", "²"},
    {"sup3", "³"},   {"micro", "µ"},    {"middot", "·"}, {"bull", "•"},   {"sect", "§"},
    {"para", "¶"},   {"cent", "¢"},     {"pound", "£"},  {"euro", "€"},   {"yen", "¥"},
    {"curren", "¤"}, {"permil", "‰"},   {"ne", "≠"},     {"le", "≤"},     {"ge", "≥"},
    {"asymp", "≈"},  {"equiv", "≡"},    {"infin", "∞"},  {"radic", "√"},  {"sum", "∑"},
    {"larr", "←"},   {"rarr", "→"},     {"uarr", "↑"},   {"darr", "↓"},   {"harr", "↔"},
    {"rArr", "⇒"},   {"alpha", "α"},    {"beta", "β"},   {"gamma", "γ"},  {"delta", "δ"},
    {"pi", "π"},     {"sigma", "σ"},    {"omega", "ω"},  {"lambda", "λ"}, {"mu", "μ"},
    {"theta", "θ"},  {"Omega", "Ω"},    {"Delta", "Δ"},  {"Sigma", "Σ"},  {"hearts", "♥"},
    {"check", "✓"},  {"star", "☆"},     {"num", "#"},    {"dollar", "$"}, {"percnt", "%"},
    {"lpar", "("},   {"rpar", ")"},     {"lsqb", "["},   {"rsqb", "]"},   {"lcub", "{"},
    {"rcub", "}"},   {"ast", "*"},      {"plus", "+"},   {"equals", "="}, {"colon", ":"},
    {"semi", ";"},   {"comma", ","},    {"period", "."}, {"excl", "!"},   {"quest", "?"},
    {"sol", "/"},    {"bsol", "\\"},    {"lowbar", "_"}, {"verbar", "|"}, {"commat", "@"},
    {"Tab", " "},    {"NewLine", "\n"}, {"hyphen", "-"}, {"iexcl", "¡"},  {"iquest", "¿"},
    {"szlig", "ß"},  {"aelig", "æ"},    {"AElig", "Æ"},  {"oelig", "œ"},  {"OElig", "Œ"},
    {"eth", "ð"},    {"ETH", "Ð"},      {"thorn", "þ"},  {"THORN", "Þ"},  {"oslash", "ø"},
    {"Oslash", "Ø"}, {"aring", "å"},    {"Aring", "Å"},  {"ccedil", "ç"}, {"Ccedil", "Ç"},
};

void append(std::string& text, UChar32 c) {
  char bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, c);
  text.append(bytes, std::size_t(length));
}

// "eacute" -> "é": a letter and an accent that combines with it.
std::string accented(std::string_view name) {
  constexpr std::pair<std::string_view, UChar32> kAccents[] = {
      {"acute", 0x301}, {"grave", 0x300}, {"circ", 0x302},  {"uml", 0x308}, {"tilde", 0x303},
      {"caron", 0x30c}, {"macr", 0x304},  {"breve", 0x306}, {"ogon", 0x328}};
  for (const auto& [accent, mark] : kAccents)
    if (name.size() == accent.size() + 1 && name.substr(1) == accent &&
        std::isalpha(static_cast<unsigned char>(name[0]))) {
      std::string letter(name.substr(0, 1));
      append(letter, mark);
      return letter;
    }
  return {};
}

// Text of the entity "&name;"; false: unknown.
bool resolve(std::string_view name, std::string& text) {
  for (const Entity& entity : kEntities)
    if (entity.name == name) {
      text += entity.character;
      return true;
    }
  if (const std::string letter = accented(name); !letter.empty()) {
    text += letter;
    return true;
  }
  if (name.size() < 2 || name[0] != '#') return false;
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const std::string digits(name.substr(hex ? 2 : 1));
  const auto is_digit = [hex](unsigned char c) { return hex ? std::isxdigit(c) : std::isdigit(c); };
  if (digits.empty() || digits.size() > 7 || !std::all_of(digits.begin(), digits.end(), is_digit))
    return false;
  const auto c = UChar32(std::strtol(digits.c_str(), nullptr, hex ? 16 : 10));
  if (c > 0x10ffff || U_IS_SURROGATE(c)) return false;
  if (c >= 0x20) append(text, c);
  if (c < 0x20) text += ' ';
  return true;
}

std::string without_entities(const std::string& text) {
  constexpr std::size_t kLongest = 10;
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text[at] == '&' ? text.find(';', at) : std::string::npos;
    if (end != std::string::npos && end - at <= kLongest &&
        resolve(std::string_view(text).substr(at + 1, end - at - 1), result))
      at = end;
    else
      result += text[at];
  }
  return result;
}

std::string lower_case(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  return small;
}

// Text that replaces a tag; false for an unknown one: "a < b > c".
bool replace_tag(std::string_view inside, std::string& text) {
  constexpr std::string_view kInline[] = {"a",    "abbr",   "b",    "cite",   "code", "del", "em",
                                          "font", "i",      "ins",  "kbd",    "mark", "q",   "s",
                                          "samp", "small",  "span", "strong", "sub",  "sup", "u",
                                          "var",  "strike", "time", "img",    "tt"};
  constexpr std::string_view kBlocks[] = {
      "br",         "p",       "div",    "li",     "ul",      "ol",     "h1",    "h2",
      "h3",         "h4",      "h5",     "h6",     "hr",      "tr",     "table", "tbody",
      "blockquote", "pre",     "dl",     "dt",     "dd",      "td",     "th",    "thead",
      "section",    "article", "header", "footer", "details", "summary"};
  if (inside.starts_with("!--")) return true;
  if (inside.starts_with('/')) inside.remove_prefix(1);
  const std::size_t size = std::min(inside.find_first_of(" \t\n/."), inside.size());
  const std::string name = lower_case(inside.substr(0, size));
  if (std::find(std::begin(kInline), std::end(kInline), name) != std::end(kInline)) {
    if (name == "sup") text += "\x01";
    return true;
  }
  if (std::find(std::begin(kBlocks), std::end(kBlocks), name) == std::end(kBlocks)) return false;
  text += name == "td" || name == "th" ? ", " : "\n";
  return true;
}

std::string without_tags(const std::string& text) {
  if (text.find('<') == text.npos) return text;
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 4, "<!--") == 0) {
      const std::size_t end = text.find("-->", at);
      at = end == text.npos ? text.size() : end + 3;
      continue;
    }
    const std::size_t end = text[at] == '<' ? text.find_first_of("<>", at + 1) : text.npos;
    if (end != text.npos && text[end] == '>' &&
        replace_tag(std::string_view(text).substr(at + 1, end - at - 1), result)) {
      at = end + 1;
      continue;
    }
    result += text[at++];
  }
  // A digit in <sup> is a power.
  static const Pattern raised("\x01([0-9]+)\x01");
  result = raised.replace(result, "^$1");
  std::erase(result, '\x01');
  return result;
}

// Codes of SubRip and SubStation: "{\an8}", "{\i1}", "\N", "\h".
std::string without_subtitle_codes(const std::string& text) {
  if (text.find('\\') == text.npos) return text;
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '{' && at + 1 < text.size() && text[at + 1] == '\\') {
      const std::size_t end = text.find('}', at);
      const std::size_t open = text.find('{', at + 1);
      // The argument of a command of LaTeX may begin with another one.
      std::size_t name = at;
      while (name > 0 && std::isalpha(static_cast<unsigned char>(text[name - 1]))) --name;
      const bool argument = at - name > 1 && name > 0 && text[name - 1] == '\\';
      const bool code = end != text.npos && end < open && end - at < 200 && !argument;
      if (code) {
        at = end + 1;
        continue;
      }
    }
    // A path has its own backslashes: "C:\New".
    const std::size_t word = text.find_last_of(" \n\t", at) + 1;
    const bool path = text.find(":\\", word) <= at;
    const auto follows = [&](char c) {
      return text[at] == '\\' && at + 1 < text.size() && text[at + 1] == c && !path;
    };
    const bool letter_next =
        at + 2 < text.size() && std::islower(static_cast<unsigned char>(text[at + 2]));
    if (follows('N') || (follows('n') && !letter_next)) {
      result += '\n';
      at += 2;
    } else if (follows('h') && text.compare(at, 4, "\\hat") != 0 &&
               text.compare(at, 5, "\\hbar") != 0) {
      result += ' ';
      at += 2;
    } else {
      result += text[at++];
    }
  }
  return result;
}

}  // namespace

std::string without_markup(std::string_view text) {
  // Twice escaped is written by more than one program.
  return without_subtitle_codes(
      without_entities(without_entities(without_tags(std::string(text)))));
}

}  // namespace chatterbox::plain
