// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/aloud/tables.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace chatterbox::aloud {
namespace {

struct Pair {
  std::string_view written, said;
};

template <class Table>
std::optional<std::string> find(const Table& table, std::string_view word) {
  for (const Pair& row : table)
    if (row.written == word) return std::string(row.said);
  return std::nullopt;
}

template <class Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

// With or without a full stop.
constexpr Pair kAbbreviations[] = {
    {"vs", "versus"},           {"etc", "et cetera"},    {"approx", "approximately"},
    {"Prof", "Professor"},      {"Ms", "Miz"},           {"Sgt", "Sergeant"},
    {"Capt", "Captain"},        {"Lt", "Lieutenant"},    {"Cpl", "Corporal"},
    {"Blvd", "Boulevard"},      {"Ltd", "Limited"},      {"Corp", "Corporation"},
    {"Jr", "Junior"},           {"Sr", "Senior"},        {"Dept", "Department"},
    {"Univ", "University"},     {"Messrs", "Messieurs"}, {"Hwy", "Highway"},
    {"Pkwy", "Parkway"},        {"Assn", "Association"}, {"Bros", "Brothers"},
    {"Supt", "Superintendent"},
};

// With a full stop only: without it they are words.
constexpr Pair kDotted[] = {
    {"e.g", "for example"},    {"i.e", "that is"},      {"cf", "compare"},
    {"ca", "circa"},           {"Mon", "Monday"},       {"Tue", "Tuesday"},
    {"Tues", "Tuesday"},       {"Wed", "Wednesday"},    {"Thu", "Thursday"},
    {"Thur", "Thursday"},      {"Thurs", "Thursday"},   {"Fri", "Friday"},
    {"Sat", "Saturday"},       {"Inc", "Incorporated"}, {"Co", "Company"},
    {"Ave", "Avenue"},         {"Rd", "Road"},          {"Sq", "Square"},
    {"Mt", "Mount"},           {"Gen", "General"},      {"Col", "Colonel"},
    {"Maj", "Major"},          {"Gov", "Governor"},     {"Sen", "Senator"},
    {"Rep", "Representative"}, {"Rev", "Reverend"},     {"Hon", "Honorable"},
    {"Pres", "President"},     {"Adm", "Admiral"},      {"Cmdr", "Commander"},
    {"Amb", "Ambassador"},     {"est", "estimated"},    {"incl", "including"},
    {"misc", "miscellaneous"}, {"dept", "department"},  {"govt", "government"},
    {"tel", "telephone"},      {"temp", "temperature"}, {"avg", "average"},
    {"max", "maximum"},        {"min", "minimum"},      {"resp", "respectively"},
    {"orig", "originally"},    {"v", "versus"},
};

// Only before a number: "p. 5", "Jan. 5"; elsewhere "no." and "Jan." end sentences.
constexpr Pair kNumbered[] = {
    {"Jan", "January"},    {"Feb", "February"}, {"Mar", "March"},     {"Apr", "April"},
    {"Jun", "June"},       {"Jul", "July"},     {"Aug", "August"},    {"Sep", "September"},
    {"Sept", "September"}, {"Oct", "October"},  {"Nov", "November"},  {"Dec", "December"},
    {"c", "circa"},        {"Rs", "rupees"},    {"No", "number"},     {"Nos", "numbers"},
    {"p", "page"},         {"pp", "pages"},     {"ch", "chapter"},    {"Ch", "Chapter"},
    {"fig", "figure"},     {"Fig", "Figure"},   {"vol", "volume"},    {"Vol", "Volume"},
    {"sec", "section"},    {"Sec", "Section"},  {"art", "article"},   {"Art", "Article"},
    {"eq", "equation"},    {"Eq", "Equation"},  {"Apt", "Apartment"}, {"Rm", "Room"},
    {"Rte", "Route"},
};

constexpr Pair kNames[] = {
    {"WiFi", "why fie"},
    {"Wi-Fi", "why fie"},
    {"wifi", "why fie"},
    {"wi-fi", "why fie"},
    {"Wifi", "why fie"},
    {"LaTeX", "lay tech"},
    {"WWI", "World War 1"},
    {"WWII", "World War 2"},
    {"JPEG", "jay peg"},
    {"JPG", "jay peg"},
    {"JSON", "jay sahn"},
    {"SQL", "sequel"},
    {"GUI", "gooey"},
    {"ASAP", "as soon as possible"},
    {"C#", "C sharp"},
    {"F#", "F sharp"},
    {"w/o", "without"},
    {"w/", "with"},
    {"24/7", "twenty four seven"},
    {"9/11", "nine eleven"},
    {"911", "9 1 1"},
    {"and/or", "and or"},
    {"Q&A", "Q and A"},
    {"A.I", "A I"},
    {"a.m", "A M"},
    {"p.m", "P M"},
    {"CO2", "C O 2"},
    {"IoT", "I O T"},
    {"OLED", "oh led"},
    {"TL;DR", "T L D R"},
    {"50/50", "fifty fifty"},
    {"9-5", "nine to five"},
    {"@", "at"},
    {"<3", "heart"},
    {"IMHO", "in my humble opinion"},
    {"thx", "thanks"},
    {"pls", "please"},
    {"plz", "please"},
    {"idk", "I don't know"},
    {"imo", "in my opinion"},
    {"gr8", "great"},
    {"b4", "before"},
    {"2nite", "tonight"},
    {"Ph.D", "P H D"},
    {"Ph.D.s", "P H D's"},
    {"&", "and"},
    {"=", "equals"},
    {"->", "to"},
    {"=>", "to"},
    {"%", "percent"},
    {"*", ""},
    {"~", "about"},
    {"+", "plus"},
    {"|", ""},
    {"^", ""},
    {"_", ""},
    {"/", "slash"},
    {"A/B", "A B"},
    {"N/A", "N A"},
    {"n/a", "N A"},
    {"c/o", "care of"},
    {"A/C", "A C"},
    {"tl;dr", "T L D R"},
    {".NET", "dot net"},
    {".com", "dot com"},
    {"16:9", "sixteen by nine"},
    {"4:3", "four by three"},
    {"21:9", "twenty one by nine"},
    {"w/in", "within"},
    {"b/c", "because"},
    {"H2O", "H 2 O"},
};

constexpr Pair kMagnitudes[] = {
    {"k", "thousand"}, {"K", "thousand"}, {"m", "million"},  {"M", "million"},  {"mn", "million"},
    {"b", "billion"},  {"B", "billion"},  {"bn", "billion"}, {"T", "trillion"}, {"tn", "trillion"},
};

constexpr std::string_view kInitialisms[] = {
    "CEO", "COO",  "EU",   "UN",  "UK",  "UAE",  "AI",  "IQ",  "DIY", "FAQ",  "API",  "URL", "USB",
    "MIT", "UCLA", "HIV",  "CIA", "EPA", "ICU",  "AWS", "UI",  "UX",  "EMT",  "OMG",  "PSA", "IPO",
    "ISO", "IPA",  "ETA",  "ISP", "IBS", "NYU",  "OED", "UFO", "VAT", "LAPD", "USS",  "UV",  "IP",
    "VR",  "EKG",  "ECG",  "IVF", "NSA", "USSR", "EDM", "ACL", "AFK", "IMO",  "IOU",  "LLM", "OCR",
    "IDE", "RPG",  "AAA",  "ABC", "UAV", "USD",  "EUR", "GBP", "GOP", "MRI",  "IRS",  "DOJ", "IMF",
    "VIP", "IRA",  "USC",  "CIO", "SOS", "EV",   "SUV", "UTI", "IED", "AOL",  "ACLU", "EOD", "IRL",
    "ISS", "ESA",  "EDT",  "OAS", "EPS", "IOC",  "BCE", "CE",  "EST", "CST",  "PST",  "MST", "PDT",
    "CDT", "CET",  "CEST", "BST", "UTC", "GMT",  "JST", "ID",  "AST", "EET",  "HST",  "IST", "AEST",
    "DST", "DUI",  "AOC",  "EIN", "ACA", "FYI",  "GRE", "LAX", "FY",  "IDF",  "ATM",
};

// Words as well.
constexpr std::string_view kInitialismsOrWords[] = {
    "AC", "AD", "ER", "ESP", "OS", "UPS", "US", "LED", "ET", "GE",
};

// "IT department"
constexpr std::string_view kAfterIt[] = {
    "department", "departments", "support",      "staff",         "team",
    "teams",      "system",      "systems",      "manager",       "managers",
    "sector",     "industry",    "company",      "companies",     "infrastructure",
    "services",   "security",    "professional", "professionals", "worker",
    "workers",    "consultant",  "specialist",   "giant",         "firm",
};

constexpr std::string_view kLastWords[] = {"etc", "Inc", "Ltd", "Co",   "Corp", "Jr",
                                           "Sr",  "Ave", "Rd",  "Blvd", "Sq",   "Bros"};

constexpr std::string_view kEndings[] = {
    "com", "org",  "net", "edu",  "gov", "mil",  "info", "io",  "ai",  "uk",  "de",  "fr",   "eu",
    "ca",  "au",   "us",  "co",   "tv",  "me",   "dev",  "app", "jp",  "it",  "es",  "nl",   "ch",
    "txt", "pdf",  "doc", "docx", "csv", "js",   "py",   "cpp", "c",   "h",   "md",  "html", "htm",
    "xml", "json", "zip", "exe",  "jpg", "jpeg", "png",  "gif", "mp3", "mp4", "wav", "srt",  "ts",
};

constexpr std::string_view kRegnal[] = {
    "Henry",     "Edward",   "Louis",     "Charles",   "James",     "George",    "William",
    "Elizabeth", "Mary",     "Richard",   "John",      "Paul",      "Pius",      "Leo",
    "Benedict",  "Gregory",  "Philip",    "Francis",   "Frederick", "Catherine", "Peter",
    "Nicholas",  "Ivan",     "Ferdinand", "Innocent",  "Urban",     "Clement",   "Ramses",
    "Alexander", "Napoleon", "Margaret",  "Christian", "Haakon",    "Harald",    "Gustav",
    "Carl",      "Alfonso",  "Felipe",    "Wilhelm",   "Sixtus",    "Boniface",  "Julius",
    "Robert",    "David",    "Malcolm",   "Albert",    "Leopold",   "Juan",
};

constexpr std::string_view kOrdinals[] = {
    "first",     "second",    "third",       "fourth",     "fifth",      "sixth",      "seventh",
    "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",    "thirteenth", "fourteenth",
    "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
};

constexpr std::string_view kMonths[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};

// With or without a full stop.
constexpr Pair kShortMonths[] = {
    {"Jan", "January"}, {"Feb", "February"}, {"Mar", "March"},      {"Apr", "April"},
    {"Jun", "June"},    {"Jul", "July"},     {"Aug", "August"},     {"Sep", "September"},
    {"Oct", "October"}, {"Nov", "November"}, {"Sept", "September"}, {"Dec", "December"},
};

constexpr Pair kShortDays[] = {
    {"Mon", "Monday"},   {"Tue", "Tuesday"},   {"Tues", "Tuesday"},   {"Wed", "Wednesday"},
    {"Thu", "Thursday"}, {"Thur", "Thursday"}, {"Thurs", "Thursday"}, {"Fri", "Friday"},
    {"Sat", "Saturday"}, {"Sun", "Sunday"},
};

constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};

constexpr std::string_view kFirstWords[] = {
    "The", "It",    "He",     "She",  "They",  "We",    "I",     "But",   "And",  "In",
    "A",   "An",    "This",   "That", "There", "These", "Those", "If",    "When", "What",
    "Who", "How",   "Why",    "So",   "You",   "My",    "His",   "Her",   "Its",  "Their",
    "Our", "As",    "At",     "On",   "For",   "To",    "No",    "Yes",   "Not",  "Then",
    "Now", "After", "Before", "Some", "All",   "Many",  "One",   "While", "Even", "Once",
};

constexpr std::string_view kDecades[] = {
    "hundreds", "tens",    "twenties",  "thirties", "forties",
    "fifties",  "sixties", "seventies", "eighties", "nineties",
};

}  // namespace

std::optional<std::string> abbreviation(std::string_view word, bool dotted, std::string_view next) {
  if (dotted && starts_with_digit(next))
    if (auto said = find(kNumbered, word)) return said;
  if (dotted && word == "Ft" && !next.empty()) return "Fort";
  if (dotted)
    if (auto said = find(kDotted, word)) return said;
  return find(kAbbreviations, word);
}

bool ends_sentences(std::string_view abbreviation) { return contains(kLastWords, abbreviation); }

std::optional<std::string> unusual_name(std::string_view word) { return find(kNames, word); }
std::optional<std::string> magnitude(std::string_view suffix) { return find(kMagnitudes, suffix); }
bool is_initialism(std::string_view capitals) { return contains(kInitialisms, capitals); }
bool is_initialism_or_word(std::string_view capitals, std::string_view previous,
                           std::string_view next) {
  if (capitals == "WHO") return previous == "the" || previous == "The";
  if (capitals == "IT") return contains(kAfterIt, next);
  return contains(kInitialismsOrWords, capitals);
}

std::optional<std::string> day_or_month(std::string_view word) {
  if (contains(kDays, word) || contains(kMonths, word)) return std::string(word);
  if (auto said = find(kShortDays, word)) return said;
  return short_month(word);
}

bool is_month(std::string_view word) {
  return contains(kMonths, word) || find(kShortMonths, word).has_value();
}
std::optional<std::string> short_month(std::string_view word) { return find(kShortMonths, word); }
bool is_first_word(std::string_view word) { return contains(kFirstWords, word); }

bool starts_with_digit(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0;
}

bool is_address_ending(std::string_view ending) { return contains(kEndings, ending); }
bool is_regnal_name(std::string_view name) { return contains(kRegnal, name); }

std::string decade(int tens) { return std::string(kDecades[std::clamp(tens, 0, 9)]); }

std::string ordinal(int number) {
  if (number >= 1 && number <= 20) return std::string(kOrdinals[number - 1]);
  if (number == 30) return "thirtieth";
  return (number < 30 ? "twenty " : "thirty ") + ordinal(number % 10);
}

std::string month(int number) { return std::string(kMonths[std::clamp(number, 1, 12) - 1]); }

}  // namespace chatterbox::aloud
