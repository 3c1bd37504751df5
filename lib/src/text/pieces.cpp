// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/pieces.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <utility>

#include "log.h"
#include "text/normalizer.h"
#include "text/splitter.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

// Speech tokens (40 ms) of one character, at most. A digit is a word, and a capital or a sign
// may be one.
constexpr std::size_t kOfDigit = 12;
constexpr std::size_t kOfSign = 10;
constexpr std::size_t kOfCapital = 4;
constexpr std::size_t kOfLetter = 2;
constexpr std::size_t kOfIdeograph = 8;
// Capitals in a row are spelt.
constexpr std::size_t kOfSpelt = 10;

// Within the last tenth of its tokens a piece ends after a word.
constexpr int kLastPart = 10;

bool is_wide(UChar32 c) {
  const auto width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH;
}

// Letters of scripts without spaces between words.
bool is_unspaced(UChar32 c) {
  return is_wide(c) || u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT;
}

// One piece of the text, and whether it begins within a word of the piece before.
struct Fragment {
  std::string text;
  bool goes_on = false;
};

// `text` has single spaces, and `goes_on` says how it begins itself.
std::vector<Fragment> split(std::string_view text, std::size_t characters, bool goes_on) {
  std::vector<Fragment> fragments;
  std::size_t end = 0;
  for (std::string& piece : split_pieces(text, characters)) {
    const std::size_t begin = text.find(piece, end);
    bool within = goes_on;
    if (!fragments.empty()) {
      const icu::UnicodeString before = from_utf8(fragments.back().text);
      within = begin == end && !is_unspaced(before.char32At(before.length() - 1));
    }
    end = begin + piece.size();
    fragments.push_back({std::move(piece), within});
  }
  return fragments;
}

bool fits(const Fragment& fragment, const TextTokens& tokens, const PieceLimits& limits) {
  return tokens.ids.size() <= limits.text_tokens &&
         most_speech_tokens(fragment.text) <= limits.speech_tokens;
}

// The words that end at text token `position` or later.
std::string words_from(const TextTokens& tokens, int position) {
  std::string words;
  for (const TextTokens::Word& word : tokens.words)
    if (word.last >= position) words += (words.empty() ? "" : " ") + word.text;
  return words;
}

// Characters of each part of a fragment that is cut so often that its parts should fit.
std::size_t shorter(const Fragment& fragment, const TextTokens& tokens, const PieceLimits& limits) {
  const std::size_t times =
      std::max(tokens.ids.size() / std::max<std::size_t>(limits.text_tokens, 1),
               most_speech_tokens(fragment.text) / std::max<std::size_t>(limits.speech_tokens, 1)) +
      1;
  const std::size_t characters = count_characters(fragment.text);
  return std::clamp<std::size_t>(characters / std::max<std::size_t>(times, 2) + 1, 1,
                                 characters - 1);
}

class Cutter {
 public:
  Cutter(const TextReader& read, const PieceLimits& limits) : read_(read), limits_(limits) {}

  void add(const std::vector<Fragment>& fragments) {
    for (const Fragment& fragment : fragments) {
      TextTokens tokens = read_(fragment.text);
      const bool fit = fits(fragment, tokens, limits_);
      if (!fit && count_characters(fragment.text) > 1)
        add(split(fragment.text, shorter(fragment, tokens, limits_), fragment.goes_on));
      else if (tokens.ids.size() > limits_.text_tokens)
        log(LogLevel::kWarning, "cannot be spoken, too long for the model: " + fragment.text);
      else
        keep(fragment, std::move(tokens));
    }
  }

  std::vector<Piece> take() { return std::move(pieces_); }

 private:
  void keep(const Fragment& fragment, TextTokens tokens) {
    if (fragment.goes_on && begun_.piece < pieces_.size()) {
      pieces_[begun_.piece].tokens.words[begun_.word].text +=
          fragment.text.substr(0, fragment.text.find(' '));
      if (!tokens.words.empty()) tokens.words.erase(tokens.words.begin());
    }
    if (tokens.ids.empty()) return;
    if (!tokens.words.empty()) begun_ = {pieces_.size(), tokens.words.size() - 1};
    pieces_.push_back({fragment.text, std::move(tokens)});
  }

  const TextReader& read_;
  const PieceLimits& limits_;
  std::vector<Piece> pieces_;
  // The last word that began.
  struct {
    std::size_t piece = 0, word = 0;
  } begun_;
};

}  // namespace

std::size_t count_characters(std::string_view utf8) {
  return std::size_t(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::size_t most_speech_tokens(std::string_view utf8) {
  const icu::UnicodeString text = from_utf8(utf8);
  std::size_t tokens = 0;
  bool after_capital = false;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    const bool capital = u_isupper(c);
    if (u_isdigit(c))
      tokens += kOfDigit;
    else if (is_wide(c))
      tokens += kOfIdeograph;
    else if (capital)
      tokens += after_capital ? kOfSpelt : kOfCapital;
    else if (u_isalpha(c) || u_isUWhiteSpace(c) || U_GET_GC_MASK(c) & U_GC_M_MASK)
      tokens += kOfLetter;
    else
      // A mark of the sentence is a pause.
      tokens +=
          U_GET_GC_MASK(c) & U_GC_S_MASK ||
                  std::u16string_view(u"/@#%&*\\").find(char16_t(c)) != std::u16string_view::npos
              ? kOfSign
              : kOfCapital;
    after_capital = capital;
  }
  return tokens;
}

std::vector<Piece> cut_pieces(std::string_view text, const TextReader& read,
                              const PieceLimits& limits) {
  Cutter cutter(read, limits);
  cutter.add(split(collapse_spaces(text), limits.characters, false));
  return cutter.take();
}

TextTokens rest_of(const TextTokens& tokens, int position) {
  TextTokens rest;
  if (position >= int(tokens.ids.size())) return rest;
  // Tokens before the first word begin a sentence: a pause.
  const int lead = tokens.words.empty() ? 0 : std::min(tokens.words.front().first, position);
  rest.ids.assign(tokens.ids.begin(), tokens.ids.begin() + lead);
  rest.ids.insert(rest.ids.end(), tokens.ids.begin() + position, tokens.ids.end());
  for (const TextTokens::Word& word : tokens.words)
    if (word.first >= position)
      rest.words.push_back({word.text, word.first - position + lead, word.last - position + lead});
  return rest;
}

bool PieceEnd::allows(int position) {
  const std::size_t before = begun_;
  while (begun_ < text_.words.size() && text_.words[begun_].first <= position) ++begun_;
  if (before > 0 && begun_ > before && most_ - count_ <= most_ / kLastPart) {
    next_ = text_.words[before].first;
    return false;
  }
  furthest_ = std::max(furthest_, position);
  ++count_;
  return true;
}

TextTokens PieceEnd::rest() const {
  const int length = int(text_.ids.size());
  // The last text token is a pause.
  if (next_ < 0 && (count_ < most_ || furthest_ >= length - 2)) return {};
  const int position = next_ >= 0 ? next_ : furthest_ + 1;
  TextTokens rest = rest_of(text_, position);
  if (furthest_ >= 0 && rest.ids.size() < text_.ids.size()) return rest;
  log(LogLevel::kWarning,
      "expected the end of the text within " + std::to_string(most_) +
          " speech tokens; may not have been spoken: " + words_from(text_, std::max(furthest_, 0)));
  return {};
}

}  // namespace chatterbox
