// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/json_check.h"

#include <glib.h>

#include <vector>

namespace chatterbox::sidecar {
namespace {

// Walks the text once, with a stack of its own instead of recursion. json-glib
// is lenient (comments, assignments) and recursive; it sees only what passed.
class Checker {
 public:
  Checker(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  bool run() {
    if (!value()) return false;
    while (!open_.empty()) {
      space();
      if (!step()) return false;
    }
    space();
    return at_ == text_.size() || fail("the end of the text");
  }

  std::vector<std::size_t>& lone_surrogates() { return lone_; }

  std::string fault() const {
    const std::string got =
        at_ < text_.size() ? "byte " + std::to_string(int((unsigned char)text_[at_])) : "its end";
    return "expected " + expected_ + " at byte " + std::to_string(at_) + ", got " + got;
  }

 private:
  bool fail(std::string expected) {
    expected_ = std::move(expected);
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void space() {
    while (at_ < text_.size() &&
           (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r'))
      ++at_;
  }

  // Inside an object or array, at whatever may follow its last element.
  bool step() {
    const char open = open_.back();
    if (take(open == '{' ? '}' : ']')) {
      if (after_comma_) return --at_, fail("another element");
      open_.pop_back();
      members_.pop_back();
      first_ = false;
      return true;
    }
    if (!first_ && !after_comma_) {
      if (!take(',')) return fail(open == '{' ? "',' or '}'" : "',' or ']'");
      after_comma_ = true;
      return true;
    }
    if (open == '{') {
      if (peek() != '"') return fail("a name in quotes");
      if (++members_.back() > limits_.members)
        return fail("at most " + std::to_string(limits_.members) + " members of an object");
      if (!string()) return false;
      space();
      if (!take(':')) return fail("':'");
      space();
    }
    after_comma_ = false;
    first_ = false;
    return value();
  }

  bool value() {
    space();
    if (++values_ > limits_.values)
      return fail("at most " + std::to_string(limits_.values) + " values");
    switch (peek()) {
      case '{':
      case '[':
        if (int(open_.size()) >= limits_.depth)
          return fail("at most " + std::to_string(limits_.depth) + " levels");
        open_.push_back(text_[at_++]);
        members_.push_back(0);
        first_ = true;
        return true;
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool word(std::string_view name) {
    if (text_.substr(at_, name.size()) != name) return fail("a value");
    at_ += name.size();
    return true;
  }

  bool digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start || fail("a digit");
  }

  bool number() {
    const std::size_t start = at_;
    take('-');
    if (peek() < '0' || peek() > '9') return fail(at_ == start ? "a value" : "a digit");
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    // Longer ones say nothing more and take a parser time.
    return at_ - start <= 64 || fail("a number of at most 64 characters");
  }

  bool hex4(unsigned& code) {
    code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = g_ascii_xdigit_value(peek());
      if (digit < 0) return fail("four hexadecimal digits");
      code = code * 16 + unsigned(digit);
    }
    return true;
  }

  bool escape() {
    const char kind = peek();
    if (kind != 'u') {
      if (kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos)
        return fail("an escape of JSON");
      ++at_;
      return true;
    }
    ++at_;
    unsigned code = 0;
    if (!hex4(code)) return false;
    if (code == 0) return fail("a character other than U+0000");
    if (code < 0xd800 || code > 0xdfff) return true;
    // The second half is looked for and left in place if it is none.
    const std::size_t next = at_;
    if (code < 0xdc00 && take('\\') && take('u') && hex4(code) && code >= 0xdc00 && code <= 0xdfff)
      return true;
    at_ = next;
    lone_.push_back(next - 6);
    return true;
  }

  bool string() {
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) return fail("'\"'");
      const unsigned char c = (unsigned char)text_[at_];
      if (c < 0x20) return fail("an escaped control character");
      ++at_;
      if (c == '"') return true;
      if (c == '\\' && !escape()) return false;
    }
  }

  std::string_view text_;
  JsonLimits limits_;
  std::size_t at_ = 0;
  int values_ = 0;
  std::vector<char> open_;
  std::vector<int> members_;  // of each that is open
  std::vector<std::size_t> lone_;
  bool first_ = false;
  bool after_comma_ = false;
  std::string expected_;
};

}  // namespace

std::optional<std::string> json_fault(std::string_view text, const JsonLimits& limits,
                                      std::vector<std::size_t>* lone_surrogates) {
  const char* end = nullptr;
  if (!g_utf8_validate(text.data(), gssize(text.size()), &end))
    return "expected UTF-8, got something else at byte " + std::to_string(end - text.data());
  Checker checker(text, limits);
  if (!checker.run()) return checker.fault();
  if (lone_surrogates) *lone_surrogates = std::move(checker.lone_surrogates());
  return std::nullopt;
}

}  // namespace chatterbox::sidecar
