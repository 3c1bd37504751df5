// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>

#include "text/aloud/rules.h"
#include "text/aloud/tables.h"

namespace chatterbox::aloud {
namespace {

using Said = std::optional<std::string>;

struct Currency {
  std::string_view sign, one, several, coin, coins;
};

constexpr Currency kCurrencies[] = {
    {"$", "dollar", "dollars", "cent", "cents"},
    {"US$", "U S dollar", "U S dollars", "cent", "cents"},
    {"USD", "U S dollar", "U S dollars", "cent", "cents"},
    {"A$", "Australian dollar", "Australian dollars", "cent", "cents"},
    {"AU$", "Australian dollar", "Australian dollars", "cent", "cents"},
    {"AUD", "Australian dollar", "Australian dollars", "cent", "cents"},
    {"C$", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"CA$", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"CAD", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"NZ$", "New Zealand dollar", "New Zealand dollars", "cent", "cents"},
    {"NZD", "New Zealand dollar", "New Zealand dollars", "cent", "cents"},
    {"HK$", "Hong Kong dollar", "Hong Kong dollars", "cent", "cents"},
    {"HKD", "Hong Kong dollar", "Hong Kong dollars", "cent", "cents"},
    {"S$", "Singapore dollar", "Singapore dollars", "cent", "cents"},
    {"SGD", "Singapore dollar", "Singapore dollars", "cent", "cents"},
    {"MX$", "Mexican peso", "Mexican pesos", "", ""},
    {"MXN", "Mexican peso", "Mexican pesos", "", ""},
    {"R$", "real", "reais", "", ""},
    {"BRL", "real", "reais", "", ""},
    {"£", "pound", "pounds", "penny", "pence"},
    {"GBP", "pound", "pounds", "penny", "pence"},
    {"€", "euro", "euros", "cent", "cents"},
    {"EUR", "euro", "euros", "cent", "cents"},
    {"¥", "yen", "yen", "", ""},
    {"JPY", "yen", "yen", "", ""},
    {"CNY", "yuan", "yuan", "", ""},
    {"RMB", "yuan", "yuan", "", ""},
    {"₹", "rupee", "rupees", "", ""},
    {"INR", "rupee", "rupees", "", ""},
    {"₩", "won", "won", "", ""},
    {"KRW", "won", "won", "", ""},
    {"₽", "ruble", "rubles", "", ""},
    {"RUB", "ruble", "rubles", "", ""},
    {"₿", "bitcoin", "bitcoin", "", ""},
    {"BTC", "bitcoin", "bitcoin", "", ""},
    {"₺", "lira", "lira", "", ""},
    {"₫", "dong", "dong", "", ""},
    {"₦", "naira", "naira", "", ""},
    {"₱", "peso", "pesos", "", ""},
    {"₪", "shekel", "shekels", "", ""},
    {"฿", "baht", "baht", "", ""},
    {"zł", "zloty", "zlotys", "", ""},
    {"PLN", "zloty", "zlotys", "", ""},
    {"CHF", "Swiss franc", "Swiss francs", "", ""},
    {"kr", "krone", "kroner", "", ""},
    {"SEK", "Swedish krona", "Swedish kronor", "", ""},
    {"NOK", "Norwegian krone", "Norwegian kroner", "", ""},
    {"DKK", "Danish krone", "Danish kroner", "", ""},
    {"ZAR", "rand", "rand", "", ""},
};

const Currency* find_currency(std::string_view sign) {
  const auto found = std::find_if(std::begin(kCurrencies), std::end(kCurrencies),
                                  [&](const Currency& row) { return row.sign == sign; });
  return found == std::end(kCurrencies) ? nullptr : found;
}

#define SIGN                                                                                          \
  "(?:US|AU|A|CA|C|NZ|HK|S|R|MX)?\\$|£|€|¥|₹|₩|₽|₿|₺|₫|₦|₱|₪|฿|zł|kr|[A-Z]{" \
  "3}"
#define AMOUNT "(?:\\d[\\d,.']*\\d|\\d)|\\.\\d+"
#define SCALE "mn|bn|tn|[kKmMbBT]"

// Digits with a decimal point: "1.234,56" and "5,50" as the continent writes them are.
std::string canonical(std::string amount, const Currency& currency) {
  static const Pattern decimal_comma("\\d{1,3}(?:[.']\\d{3})*,\\d{1,2}|\\d+,\\d{1,2}");
  static const Pattern thousands("\\d{1,3}(?:\\.\\d{3})+");
  if (decimal_comma.is_all_of(amount)) {
    std::erase(amount, '.');
    std::replace(amount.begin(), amount.end(), ',', '.');
  } else if (thousands.is_all_of(amount) &&
             (currency.sign == "€" || std::count(amount.begin(), amount.end(), '.') > 1)) {
    std::erase(amount, '.');
  }
  std::erase(amount, '\'');
  std::erase(amount, ',');
  return amount;
}

// "five dollars fifty cents"
std::string say_amount(const Currency& currency, const std::string& amount,
                       const std::string& scale) {
  const std::size_t point = std::min(amount.find('.'), amount.size());
  const std::string whole = point == 0 ? "0" : amount.substr(0, point);
  const std::string fraction = amount.substr(point);
  const bool coins = fraction.size() == 3 && scale.empty() && !currency.coin.empty();
  if (!coins) {
    const bool one = amount == "1" && scale.empty();
    std::string said = cardinal(whole + fraction);
    if (!scale.empty()) add_words(said, magnitude(scale).value_or(scale));
    add_words(said, one ? currency.one : currency.several);
    return said;
  }
  std::string said;
  if (whole != "0" || fraction == ".00")
    said = cardinal(whole) + " " + std::string(whole == "1" ? currency.one : currency.several);
  if (fraction == ".00") return said;
  const int count = std::atoi(fraction.c_str() + 1);
  return said + (said.empty() ? "" : " ") + cardinal(std::to_string(count)) + " " +
         std::string(count == 1 ? currency.coin : currency.coins);
}

std::string sign_of(const Match& match, int before, int after = 0) {
  for (const int group : {before, after})
    if (group > 0 && match[group].length() > 0)
      return *match[group].first == '-' ? "minus " : "plus ";
  return "";
}

// Words with a price in the singular in front of them.
bool is_worth(std::string_view word) {
  constexpr std::string_view kThings[] = {
      "bill",  "note",     "coin",   "fee",     "fine",  "tip",   "ticket",   "gift",
      "prize", "discount", "coupon", "deposit", "check", "bonus", "reward",   "surcharge",
      "bet",   "rebate",   "copay",  "haircut", "wine",  "watch", "donation", "cover"};
  return std::find(std::begin(kThings), std::end(kThings), word) != std::end(kThings);
}

std::string per_what(const std::string& symbol) {
  return symbol.empty() ? "" : " per " + per(symbol).value_or(symbol);
}

// "ten to fifteen dollars" of "10", "15"
Said say_range(const Currency& currency, const std::string& from, const std::string& from_scale,
               const std::string& to, const std::string& to_scale) {
  if (to.empty()) return say_amount(currency, from, from_scale);
  std::string said = cardinal(from);
  if (!from_scale.empty() && from_scale != to_scale)
    add_words(said, magnitude(from_scale).value_or(""));
  add_words(said, "to");
  add_words(said, say_amount(currency, to, to_scale));
  return said;
}

// "-$1,200.50", "$5M", "£5-£10", "€20/month"
Said in_front(const Match& match, const Place&) {
  const Currency* currency = find_currency(match[2].str());
  if (!currency) return std::nullopt;
  const std::string until = match[6];
  const Said said = say_range(*currency, canonical(match[4], *currency), match[5],
                              until.empty() ? until : canonical(until, *currency), match[7]);
  return sign_of(match, 1, 3) + *said + per_what(match[8]);
}

// "3€", "5,50€", "10-15€"
Said behind(const Match& match, const Place&) {
  const Currency* currency = find_currency(match[6].str());
  if (!currency) return std::nullopt;
  const std::string until = match[4];
  const Said said = say_range(*currency, canonical(match[2], *currency), match[3],
                              until.empty() ? until : canonical(until, *currency), match[5]);
  return sign_of(match, 1) + *said + per_what(match[7]);
}

// "$2.5-million"
Said scaled(const Match& match, const Place&) {
  const Currency* currency = find_currency(match[1].str());
  if (!currency) return std::nullopt;
  return cardinal(canonical(match[2], *currency)) + " " + match[3].str() + " " +
         std::string(currency->one);
}

Said cents(const Match& match, const Place&) {
  return cardinal(match[1].str()) + (match[1] == "1" ? " cent" : " cents");
}

// "50p"; a page would have its letter in front
Said pence(const Match& match, const Place&) {
  return cardinal(match[1].str()) + (match[1] == "1" ? " penny" : " pence");
}

}  // namespace

Said currency(std::string_view sign, bool one) {
  const Currency* found = find_currency(sign);
  return found ? Said(std::string(one ? found->one : found->several)) : std::nullopt;
}

Said say_money(const Place& place) {
  // "a $5 bill"
  static const Pattern whole("(" SIGN ")(\\d[\\d,]*)");
  Match match;
  if (is_worth(place.next) && !place.ends && whole.is_all_of(place.word, match))
    if (const Currency* currency = find_currency(match[1].str()))
      return cardinal(match[2].str()) + " " + std::string(currency->one);
  static const Rule rules[] = {
      {Pattern("([-+])?(" SIGN ")([-+])?(" AMOUNT ")(" SCALE ")?"
               "(?:-(?:\\$|£|€|¥)?(" AMOUNT ")(" SCALE ")?)?(?:/([A-Za-z]+))?"),
       in_front},
      {Pattern("(" SIGN ")(" AMOUNT ")-(million|billion|trillion)"), scaled},
      {Pattern("([-+])?(" AMOUNT ")(" SCALE ")?(?:-(" AMOUNT ")(" SCALE ")?)?"
               "(\\$|£|€|¥|₹|₩|₽|₿|₺|₫|₦|₱|₪|฿|zł|kr|CHF|EUR|USD|GBP)(?:/"
               "([A-Za-z]+))?"),
       behind},
      {Pattern("(\\d+)¢"), cents},
      {Pattern("(\\d{1,2})p"), pence},
  };
  return apply(rules, place);
}

// A sign or a currency's letters next to the amount: "$ 5", "5 €", "USD 5", "US $5", "$5 USD".
Said say_money_of(std::string_view first, std::string_view second) {
  static const Pattern amount("[-+]?(?:" AMOUNT ")(?:" SCALE ")?(?:-(?:" AMOUNT "))?");
  static const Pattern dollars("(\\$)(" AMOUNT ")");
  const auto is_amount = [](std::string_view word) { return amount.is_all_of(word); };
  Place place;
  std::string word;
  Match match;
  if (find_currency(first) && is_amount(second))
    word = std::string(first) + std::string(second);
  else if (is_amount(first) && find_currency(second))
    word = std::string(second) + std::string(first);
  else if (is_amount(first) && second == "¢")
    word = std::string(first) + "¢";
  else if ((first == "US" || first == "HK" || first == "NZ") && second.starts_with('$'))
    word = std::string(first) + std::string(second);
  else if (dollars.is_all_of(first, match) && find_currency(second) && second.ends_with('D'))
    word = std::string(second) + match[2].str();
  else
    return std::nullopt;
  place.word = word;
  return say_money(place);
}

}  // namespace chatterbox::aloud
