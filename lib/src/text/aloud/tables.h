// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chatterbox::aloud {

// Each returns what is said, or nothing when the table does not have the word.

// "Prof" -> "Professor". `dotted`: a full stop follows, which some need to be told from
// words. `next` tells "Ft. Worth" from "6 ft.".
std::optional<std::string> abbreviation(std::string_view word, bool dotted, std::string_view next);
// An abbreviation that often is the last word of a sentence: "etc.", "Inc."
bool ends_sentences(std::string_view abbreviation);
// Names written in an unusual way: "WiFi", "iOS".
std::optional<std::string> unusual_name(std::string_view word);
// "GHz" -> "gigahertz", "mg/kg" -> "milligrams per kilogram"; of one thing or of several.
std::optional<std::string> unit(std::string_view symbol, bool one);
// The word behind "per": "mo" -> "month".
std::optional<std::string> per(std::string_view symbol);
// A unit written out: "cup".
bool is_unit_name(std::string_view word);
// "$" -> "dollars", "CHF" -> "Swiss francs".
std::optional<std::string> currency(std::string_view sign, bool one);
// "M" -> "million", as after an amount of money.
std::optional<std::string> magnitude(std::string_view suffix);

// Capitals that are spelled out, although they look like a word.
bool is_initialism(std::string_view capitals);
// Capitals that are, unless the neighbours say that they are a word: "the US", but "give US".
bool is_initialism_or_word(std::string_view capitals, std::string_view previous,
                           std::string_view next);
// "Mon" -> "Monday"; days and months, short or whole.
std::optional<std::string> day_or_month(std::string_view word);
// "Dec" -> "December"
std::optional<std::string> short_month(std::string_view word);
bool is_month(std::string_view word);
// A word that begins a sentence more often than it follows an abbreviation: "The".
bool is_first_word(std::string_view word);
bool starts_with_digit(std::string_view text);
// The end of an address or of a file's name.
bool is_address_ending(std::string_view ending);
// A king, queen or pope: "Henry the Eighth".
bool is_regnal_name(std::string_view name);

// "0" to "9" -> "zeros" to "nineties", as decades.
std::string decade(int tens);
// 1 to 31 -> "first" to "thirty first".
std::string ordinal(int number);
std::string month(int number);

}  // namespace chatterbox::aloud
