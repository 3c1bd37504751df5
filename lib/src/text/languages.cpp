// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/languages.h"

#include <unicode/uloc.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <map>
#include <utility>

#include "chatterbox/error.h"
#include "log.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Other codes of the models' languages: those of ISO 639-2 for libraries, which GStreamer's tags
// may hold, and those of written standards.
const std::pair<const char*, const char*> kAliases[] = {
    {"ger", "de"}, {"fre", "fr"}, {"gre", "el"}, {"dut", "nl"}, {"chi", "zh"},
    {"may", "ms"}, {"cmn", "zh"}, {"arb", "ar"}, {"zsm", "ms"}, {"swh", "sw"},
    {"nb", "no"},  {"nn", "no"},  {"nob", "no"}, {"nno", "no"}, {"iw", "he"},
};

// Scripts that one language alone of the models' uses.
const char* language_of(UScriptCode script) {
  switch (script) {
    case USCRIPT_ARABIC:
      return "ar";
    case USCRIPT_CYRILLIC:
      return "ru";
    case USCRIPT_DEVANAGARI:
      return "hi";
    case USCRIPT_GREEK:
      return "el";
    case USCRIPT_HAN:
      return "zh";
    case USCRIPT_HANGUL:
      return "ko";
    case USCRIPT_HEBREW:
      return "he";
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
      return "ja";
    default:
      return "";
  }
}

}  // namespace

const std::vector<std::string>& multilingual_languages() {
  static const std::vector<std::string> kCodes = {"ar", "da", "de", "el", "en", "es", "fi", "fr",
                                                  "he", "hi", "it", "ja", "ko", "ms", "nl", "no",
                                                  "pl", "pt", "ru", "sv", "sw", "tr", "zh"};
  return kCodes;
}

std::string primary_language(std::string_view tag) {
  std::string code;
  for (const char c : tag.substr(0, tag.find_first_of("-_.@"))) {
    if (c == ' ' && code.empty()) continue;
    code += c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  }
  if (code == "und" || code == "mul" || code == "zxx") return "";
  for (const auto& [alias, language] : kAliases)
    if (code == alias) return language;
  if (code.size() == 3) {
    // Codes of three letters where there is one of two.
    char two[ULOC_LANG_CAPACITY] = "";
    UErrorCode status = U_ZERO_ERROR;
    uloc_getLanguage(code.c_str(), two, sizeof two, &status);
    if (U_SUCCESS(status) && *two) code = two;
  }
  return code;
}

std::string choose_language(std::string_view tag, const std::vector<std::string>& spoken) {
  const std::string language = primary_language(tag);
  if (language.empty() || contains(spoken, language)) return language;
  std::string list;
  for (const std::string& code : spoken) list += (list.empty() ? "" : ", ") + code;
  throw Error(ErrorCode::kInvalidArgument, "language: expected one that the model speaks (" + list +
                                               "), got \"" + std::string(tag.substr(0, 40)) + "\"");
}

std::string guess_language(std::string_view text, const std::vector<std::string>& spoken) {
  std::map<std::string, int> letters;
  for (std::size_t at = 0; at < text.size();) {
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(next_character(text, at), &status);
    if (U_SUCCESS(status) && script != USCRIPT_COMMON && script != USCRIPT_INHERITED)
      ++letters[language_of(script)];
  }
  // Japanese is written with Chinese characters and kana between them.
  if (letters.count("ja")) letters["ja"] += std::exchange(letters["zh"], 0);
  std::string language;
  int most = 0;
  for (const auto& [code, count] : letters)
    if (count > most) language = code, most = count;
  if (!language.empty() && contains(spoken, language)) return language;
  return spoken.empty() || contains(spoken, "en") ? "en" : spoken.front();
}

std::string language_of(std::string_view text, std::string_view wanted, std::string_view says,
                        const std::vector<std::string>& spoken) {
  const std::string chosen = choose_language(wanted, spoken);
  const std::string said = primary_language(says);
  if (contains(spoken, said)) return said;
  if (!said.empty())
    log(LogLevel::kWarning, "language: this model does not speak \"" + said.substr(0, 40) +
                                "\", of which a text says that it is in it");
  return chosen.empty() ? guess_language(text, spoken) : chosen;
}

}  // namespace chatterbox
