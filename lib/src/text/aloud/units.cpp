// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <iterator>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

struct Unit {
  std::string_view symbol, one, several;
};

constexpr Unit kUnits[] = {
    {"km", "kilometer", "kilometers"},
    {"m", "meter", "meters"},
    {"cm", "centimeter", "centimeters"},
    {"mm", "millimeter", "millimeters"},
    {"um", "micrometer", "micrometers"},
    {"nm", "nanometer", "nanometers"},
    {"mi", "mile", "miles"},
    {"ft", "foot", "feet"},
    {"yd", "yard", "yards"},
    {"yds", "yards", "yards"},
    {"kg", "kilogram", "kilograms"},
    {"g", "gram", "grams"},
    {"mg", "milligram", "milligrams"},
    {"lb", "pound", "pounds"},
    {"lbs", "pound", "pounds"},
    {"oz", "ounce", "ounces"},
    {"l", "liter", "liters"},
    {"L", "liter", "liters"},
    {"ml", "milliliter", "milliliters"},
    {"mL", "milliliter", "milliliters"},
    {"s", "second", "seconds"},
    {"sec", "second", "seconds"},
    {"secs", "seconds", "seconds"},
    {"ms", "millisecond", "milliseconds"},
    {"min", "minute", "minutes"},
    {"mins", "minutes", "minutes"},
    {"h", "hour", "hours"},
    {"hr", "hour", "hours"},
    {"hrs", "hours", "hours"},
    {"mph", "mile per hour", "miles per hour"},
    {"km/h", "kilometer per hour", "kilometers per hour"},
    {"kph", "kilometer per hour", "kilometers per hour"},
    {"kmh", "kilometer per hour", "kilometers per hour"},
    {"m/s", "meter per second", "meters per second"},
    {"Hz", "hertz", "hertz"},
    {"kHz", "kilohertz", "kilohertz"},
    {"MHz", "megahertz", "megahertz"},
    {"GHz", "gigahertz", "gigahertz"},
    {"KB", "kilobyte", "kilobytes"},
    {"kB", "kilobyte", "kilobytes"},
    {"MB", "megabyte", "megabytes"},
    {"GB", "gigabyte", "gigabytes"},
    {"TB", "terabyte", "terabytes"},
    {"Mbps", "megabit per second", "megabits per second"},
    {"Gbps", "gigabit per second", "gigabits per second"},
    {"kbps", "kilobit per second", "kilobits per second"},
    {"W", "watt", "watts"},
    {"kW", "kilowatt", "kilowatts"},
    {"MW", "megawatt", "megawatts"},
    {"GW", "gigawatt", "gigawatts"},
    {"kWh", "kilowatt hour", "kilowatt hours"},
    {"V", "volt", "volts"},
    {"mV", "millivolt", "millivolts"},
    {"mA", "milliamp", "milliamps"},
    {"mAh", "milliamp hour", "milliamp hours"},
    {"dB", "decibel", "decibels"},
    {"px", "pixel", "pixels"},
    {"ha", "hectare", "hectares"},
    {"m^2", "square meter", "square meters"},
    {"km^2", "square kilometer", "square kilometers"},
    {"m^3", "cubic meter", "cubic meters"},
    {"cm^3", "cubic centimeter", "cubic centimeters"},
    {"ft^2", "square foot", "square feet"},
    {"rpm", "R P M", "R P M"},
    {"cal", "calorie", "calories"},
    {"kcal", "kilocalorie", "kilocalories"},
    {"kJ", "kilojoule", "kilojoules"},
    {"bn", "billion", "billion"},
    {"mn", "million", "million"},
    {"mi/h", "mile per hour", "miles per hour"},
    {"tbsp", "tablespoon", "tablespoons"},
    {"tbsps", "tablespoons", "tablespoons"},
    {"Tbsp", "tablespoon", "tablespoons"},
    {"tbs", "tablespoon", "tablespoons"},
    {"tsp", "teaspoon", "teaspoons"},
    {"tsps", "teaspoons", "teaspoons"},
    {"Tsp", "teaspoon", "teaspoons"},
    {"pt", "pint", "pints"},
    {"qt", "quart", "quarts"},
    {"gal", "gallon", "gallons"},
    {"gals", "gallons", "gallons"},
    {"qts", "quarts", "quarts"},
    {"pts", "points", "points"},
    {"ins", "inches", "inches"},
    {"ozs", "ounces", "ounces"},
    {"kgs", "kilograms", "kilograms"},
    {"kms", "kilometers", "kilometers"},
    {"yr", "year", "years"},
    {"yrs", "years", "years"},
    {"wk", "week", "weeks"},
    {"wks", "weeks", "weeks"},
    {"mo", "month", "months"},
    {"mos", "months", "months"},
    {"ug", "microgram", "micrograms"},
    {"mcg", "microgram", "micrograms"},
    {"us", "microsecond", "microseconds"},
    {"ns", "nanosecond", "nanoseconds"},
    {"dl", "deciliter", "deciliters"},
    {"dL", "deciliter", "deciliters"},
    {"cl", "centiliter", "centiliters"},
    {"ul", "microliter", "microliters"},
    {"uL", "microliter", "microliters"},
    {"uF", "microfarad", "microfarads"},
    {"uA", "microamp", "microamps"},
    {"cc", "C C", "C C"},
    {"mol", "mole", "moles"},
    {"mmol", "millimole", "millimoles"},
    {"Pa", "pascal", "pascals"},
    {"hPa", "hectopascal", "hectopascals"},
    {"kPa", "kilopascal", "kilopascals"},
    {"MPa", "megapascal", "megapascals"},
    {"mmHg", "millimeter of mercury", "millimeters of mercury"},
    {"psi", "P S I", "P S I"},
    {"atm", "atmosphere", "atmospheres"},
    {"mbar", "millibar", "millibars"},
    {"N", "newton", "newtons"},
    {"kN", "kilonewton", "kilonewtons"},
    {"J", "joule", "joules"},
    {"MJ", "megajoule", "megajoules"},
    {"hp", "horsepower", "horsepower"},
    {"MWh", "megawatt hour", "megawatt hours"},
    {"Wh", "watt hour", "watt hours"},
    {"GWh", "gigawatt hour", "gigawatt hours"},
    {"kV", "kilovolt", "kilovolts"},
    {"A", "amp", "amps"},
    {"Ah", "amp hour", "amp hours"},
    {"lm", "lumen", "lumens"},
    {"lx", "lux", "lux"},
    {"nmi", "nautical mile", "nautical miles"},
    {"kn", "knot", "knots"},
    {"kt", "knot", "knots"},
    {"ac", "acre", "acres"},
    {"ct", "carat", "carats"},
    {"fps", "frame per second", "frames per second"},
    {"bpm", "beat per minute", "beats per minute"},
    {"mpg", "mile per gallon", "miles per gallon"},
    {"ppm", "part per million", "parts per million"},
    {"ppb", "part per billion", "parts per billion"},
    {"dpi", "D P I", "D P I"},
    {"ppi", "P P I", "P P I"},
    {"PB", "petabyte", "petabytes"},
    {"KiB", "kibibyte", "kibibytes"},
    {"MiB", "mebibyte", "mebibytes"},
    {"GiB", "gibibyte", "gibibytes"},
    {"TiB", "tebibyte", "tebibytes"},
    {"Mb", "megabit", "megabits"},
    {"Gb", "gigabit", "gigabits"},
    {"MP", "megapixel", "megapixels"},
    {"THz", "terahertz", "terahertz"},
    {"cm^2", "square centimeter", "square centimeters"},
    {"mm^2", "square millimeter", "square millimeters"},
    {"mi^2", "square mile", "square miles"},
    {"in^2", "square inch", "square inches"},
    {"km^3", "cubic kilometer", "cubic kilometers"},
    {"mm^3", "cubic millimeter", "cubic millimeters"},
    {"ft^3", "cubic foot", "cubic feet"},
    {"in^3", "cubic inch", "cubic inches"},
    {"s^2", "second squared", "seconds squared"},
};

// Written out, with which fractions stand too.
constexpr std::string_view kNames[] = {
    "cup",    "teaspoon", "tablespoon", "inch",  "foot",      "yard",  "mile", "pound", "ounce",
    "pint",   "quart",    "gallon",     "liter", "kilometer", "meter", "acre", "dozen", "hour",
    "minute", "day",      "century",    "kilo",  "kilogram",  "stick", "can",  "box",
};

const Unit* find_unit(std::string_view symbol) {
  const auto found = std::find_if(std::begin(kUnits), std::end(kUnits),
                                  [&](const Unit& row) { return row.symbol == symbol; });
  return found == std::end(kUnits) ? nullptr : found;
}

}  // namespace

// "mg/kg" -> "milligrams per kilogram"
std::optional<std::string> unit(std::string_view symbol, bool one) {
  if (const Unit* found = find_unit(symbol)) return std::string(one ? found->one : found->several);
  const std::size_t slash = symbol.find('/');
  if (slash == symbol.npos) return std::nullopt;
  const Unit* above = find_unit(symbol.substr(0, slash));
  const std::optional<std::string> below = per(symbol.substr(slash + 1));
  if (!above || !below) return std::nullopt;
  return std::string(one ? above->one : above->several) + " per " + *below;
}

std::optional<std::string> per(std::string_view symbol) {
  if (symbol == "d") return "day";
  if (symbol == "night" || symbol == "day" || symbol == "person" || symbol == "week")
    return std::string(symbol);
  return unit(symbol, true);
}

bool is_unit_name(std::string_view word) {
  return std::find(std::begin(kNames), std::end(kNames), word) != std::end(kNames);
}

}  // namespace chatterbox::aloud
