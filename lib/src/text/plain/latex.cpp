// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cctype>
#include <iterator>

#include "text/plain/plain.h"

namespace chatterbox::plain {
namespace {

struct Command {
  std::string_view name, said;
};

// Without an argument.
constexpr Command kCommands[] = {
    {"times", "times"},
    {"cdot", "times"},
    {"ast", "times"},
    {"div", "divided by"},
    {"pm", "plus or minus"},
    {"mp", "minus or plus"},
    {"leq", "is less than or equal to"},
    {"le", "is less than or equal to"},
    {"geq", "is greater than or equal to"},
    {"ge", "is greater than or equal to"},
    {"neq", "is not equal to"},
    {"ne", "is not equal to"},
    {"lt", "is less than"},
    {"gt", "is greater than"},
    {"approx", "is about"},
    {"equiv", "is equivalent to"},
    {"sim", "is similar to"},
    {"propto", "is proportional to"},
    {"infty", "infinity"},
    {"to", "to"},
    {"rightarrow", "to"},
    {"longrightarrow", "to"},
    {"leftarrow", "from"},
    {"Rightarrow", "implies"},
    {"implies", "implies"},
    {"iff", "if and only if"},
    {"mapsto", "maps to"},
    {"in", "in"},
    {"notin", "not in"},
    {"subset", "is a subset of"},
    {"cup", "union"},
    {"cap", "intersection"},
    {"forall", "for all"},
    {"exists", "there exists"},
    {"land", "and"},
    {"wedge", "and"},
    {"lor", "or"},
    {"vee", "or"},
    {"neg", "not"},
    {"partial", "partial"},
    {"nabla", "del"},
    {"sum", "the sum"},
    {"prod", "the product"},
    {"int", "the integral"},
    {"lim", "the limit"},
    {"alpha", "alpha"},
    {"beta", "beta"},
    {"gamma", "gamma"},
    {"Gamma", "gamma"},
    {"delta", "delta"},
    {"Delta", "delta"},
    {"epsilon", "epsilon"},
    {"varepsilon", "epsilon"},
    {"zeta", "zeta"},
    {"eta", "eta"},
    {"theta", "theta"},
    {"Theta", "theta"},
    {"iota", "iota"},
    {"kappa", "kappa"},
    {"lambda", "lambda"},
    {"Lambda", "lambda"},
    {"mu", "mew"},
    {"nu", "new"},
    {"xi", "ksigh"},
    {"pi", "pie"},
    {"Pi", "pie"},
    {"rho", "row"},
    {"sigma", "sigma"},
    {"Sigma", "sigma"},
    {"tau", "tau"},
    {"phi", "fie"},
    {"varphi", "fie"},
    {"Phi", "fie"},
    {"chi", "kie"},
    {"psi", "sigh"},
    {"Psi", "sigh"},
    {"omega", "omega"},
    {"Omega", "omega"},
    {"sin", "sine"},
    {"cos", "cosine"},
    {"tan", "tangent"},
    {"log", "log"},
    {"ln", "natural log"},
    {"exp", "the exponential"},
    {"max", "max"},
    {"min", "min"},
    {"degree", "degrees"},
    {"circ", "degrees"},
    {"ldots", "and so on"},
    {"cdots", "and so on"},
    {"dots", "and so on"},
    {"prime", "prime"},
    {"hbar", "h bar"},
    {"ell", "l"},
    {"LaTeX", "lay tech"},
    {"TeX", "tech"},
    {"quad", ""},
    {"qquad", ""},
    {"left", ""},
    {"right", ""},
    {"big", ""},
    {"Big", ""},
    {"limits", ""},
    {"displaystyle", ""},
    {"newline", ""},
    {"hline", ""},
    {"item", ""},
    {"noindent", ""},
    {"centering", ""},
    {"maketitle", ""},
};

// Their argument is read as it is.
constexpr std::string_view kWrappers[] = {
    "text",       "textbf",  "textit",     "texttt",        "textrm",  "emph",         "mathrm",
    "mathbf",     "mathit",  "mathbb",     "mathcal",       "mathsf",  "operatorname", "boxed",
    "underline",  "section", "subsection", "subsubsection", "chapter", "title",        "author",
    "caption",    "mbox",    "vec",        "bar",           "hat",     "tilde",        "overline",
    "boldsymbol", "textsc",  "underbrace", "overbrace",     "mathring"};

// Neither the command nor its argument is read.
constexpr std::string_view kSilent[] = {"begin",  "end",        "label",         "cite",
                                        "ref",    "usepackage", "documentclass", "includegraphics",
                                        "hspace", "vspace"};

template <class Table>
bool contains(const Table& table, std::string_view name) {
  return std::find(std::begin(table), std::end(table), name) != std::end(table);
}

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// Reads a formula from left to right.
class Formula {
 public:
  explicit Formula(std::string_view text) : text_(text) {}

  std::string read() {
    while (at_ < text_.size()) step();
    return said_;
  }

 private:
  void say(std::string_view words) {
    if (words.empty()) return;
    if (!said_.empty() && said_.back() != ' ') said_ += ' ';
    said_ += words;
    said_ += ' ';
  }

  static std::string read(std::string_view part) {
    std::string said = Formula(part).read();
    const std::size_t begin = said.find_first_not_of(' ');
    if (begin == said.npos) return {};
    return said.substr(begin, said.find_last_not_of(' ') - begin + 1);
  }

  // "{...}", a command, or one character.
  std::string_view argument() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ >= text_.size()) return {};
    if (text_[at_] == '{') {
      const std::size_t begin = ++at_;
      for (int depth = 1; at_ < text_.size(); ++at_) {
        depth += text_[at_] == '{' ? 1 : text_[at_] == '}' ? -1 : 0;
        if (depth == 0) return text_.substr(begin, at_++ - begin);
      }
      return text_.substr(begin);
    }
    const std::size_t begin = at_++;
    if (text_[begin] == '\\')
      while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  void command() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty()) {
      // "\,", "\%", "\{", "\\"
      const char c = at_ < text_.size() ? text_[at_++] : ' ';
      if (std::string_view("%$&#_").find(c) != std::string_view::npos) said_ += c;
      return;
    }
    if (name == "frac" || name == "dfrac" || name == "tfrac") {
      const std::string above = read(argument()), below = read(argument());
      return say(above + " over " + below);
    }
    if (name == "sqrt") {
      std::string_view degree;
      if (at_ < text_.size() && text_[at_] == '[') {
        const std::size_t end = text_.find(']', at_);
        if (end != text_.npos) degree = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end == text_.npos ? at_ + 1 : end + 1;
      }
      const std::string root = degree == "3"    ? "cube root"
                               : degree.empty() ? "square root"
                                                : std::string(degree) + "th root";
      return say("the " + root + " of " + read(argument()));
    }
    if (name == "binom") {
      const std::string above = read(argument()), below = read(argument());
      return say(above + " choose " + below);
    }
    if (contains(kWrappers, name)) return say(read(argument()));
    if (contains(kSilent, name)) {
      argument();
      return;
    }
    big_ = name == "sum" || name == "prod" || name == "int" || name == "lim";
    for (const Command& row : kCommands)
      if (row.name == name) return say(row.said);
    say(name);
  }

  void raise() {
    ++at_;
    const std::string_view written = argument();
    if (written == "2") return say("squared");
    if (written == "3") return say("cubed");
    if (written == "\\circ") return say("degrees");
    if (written == "\\prime" || written == "'") return say("prime");
    if (big_) return say("to " + read(written) + " of");
    say("to the power of " + read(written));
  }

  void lower() {
    ++at_;
    const std::string below = read(argument());
    if (!big_) return say("sub " + below);
    say("from " + below);
    if (at_ >= text_.size() || text_[at_] != '^') say("of");
  }

  void letters() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    // Variables next to each other are a product.
    if (word.size() > 3) return say(word);
    for (const char c : word) say(std::string_view(&c, 1));
  }

  void step() {
    const char c = text_[at_];
    if (c == '\\') return command();
    if (c == '^') return raise();
    if (c == '_') return lower();
    if (is_letter(c)) {
      big_ = false;
      return letters();
    }
    ++at_;
    constexpr std::pair<char, std::string_view> kSigns[] = {
        {'=', "equals"},          {'+', "plus"},  {'-', "minus"}, {'<', "is less than"},
        {'>', "is greater than"}, {'*', "times"}, {'/', "over"},  {'!', "factorial"}};
    for (const auto& [sign, words] : kSigns)
      if (sign == c) return say(words);
    if (std::string_view("{}()[]&~|").find(c) != std::string_view::npos) {
      said_ += ' ';
      return;
    }
    // Digits stay together.
    if (is_digit(c) && !said_.empty() && is_letter(said_.back())) said_ += ' ';
    said_ += c;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string said_;
  bool big_ = false;  // after a sign that has limits
};

// A dollar that begins a formula: not money, and another one ends it.
std::size_t formula_end(std::string_view text, std::size_t begin) {
  if (begin >= text.size() || std::isspace(static_cast<unsigned char>(text[begin])))
    return text.npos;
  const std::size_t end = text.find('$', begin);
  if (end == text.npos || end == begin || text.find('\n', begin) < end || end - begin > 300)
    return text.npos;
  const std::string_view inside = text.substr(begin, end - begin);
  if (std::isspace(static_cast<unsigned char>(inside.back()))) return text.npos;
  if (end + 1 < text.size() && is_digit(text[end + 1])) return text.npos;
  const bool sign = inside.find_first_of("\\^_=") != inside.npos;
  const bool variable = inside.size() <= 3 && is_letter(inside[0]);
  // "$5 for id=3, $7": money.
  if (is_digit(inside[0]) && inside.find_first_of("\\^") == inside.npos) return text.npos;
  return sign || variable ? end : text.npos;
}

// "\frac{" and the like outside of formulas.
bool begins_command(std::string_view text) {
  if (text.size() < 3 || text[0] != '\\' || !is_letter(text[1])) return false;
  std::size_t end = 1;
  while (end < text.size() && is_letter(text[end])) ++end;
  const std::string_view name = text.substr(1, end - 1);
  const bool braces = end < text.size() && (text[end] == '{' || text[end] == '[');
  if (name == "frac" || name == "dfrac" || name == "sqrt" || name == "binom") return braces;
  return braces && (contains(kWrappers, name) || contains(kSilent, name));
}

std::size_t command_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && is_letter(text[end])) ++end;
  while (end < text.size() && (text[end] == '{' || text[end] == '[')) {
    const char open = text[end], close = open == '{' ? '}' : ']';
    int depth = 0;
    for (; end < text.size(); ++end) {
      depth += text[end] == open ? 1 : text[end] == close ? -1 : 0;
      if (depth == 0) break;
    }
    if (end < text.size()) ++end;
  }
  return end;
}

}  // namespace

std::string without_latex(std::string_view text) {
  if (text.find_first_of("\\$") == text.npos) return std::string(text);
  constexpr std::pair<std::string_view, std::string_view> kFences[] = {
      {"$$", "$$"}, {"\\[", "\\]"}, {"\\(", "\\)"}};
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    std::size_t begin = 0, end = text.npos, after = 0;
    for (const auto& [open, close] : kFences)
      if (end == text.npos && rest.starts_with(open)) {
        begin = at + open.size();
        end = text.find(close, begin);
        after = end + close.size();
      }
    if (end == text.npos && rest.starts_with('$')) {
      begin = at + 1;
      end = formula_end(text, begin);
      after = end + 1;
    }
    if (end == text.npos && begins_command(rest)) {
      begin = at;
      after = end = command_end(text, at);
    }
    if (end == text.npos) {
      result += text[at++];
      continue;
    }
    std::string said = Formula(text.substr(begin, end - begin)).read();
    said.erase(said.find_last_not_of(' ') + 1);
    result += said;
    at = after;
  }
  return result;
}

}  // namespace chatterbox::plain
