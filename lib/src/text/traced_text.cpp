// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/traced_text.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/edits.h>
#include <unicode/normalizer2.h>

#include "chatterbox/error.h"
#include "text/normalizer.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

void check_icu(UErrorCode status) {
  if (U_FAILURE(status))
    throw Error(ErrorCode::kModelFailure, std::string("text: ICU failed: ") + u_errorName(status));
}

}  // namespace

TracedText::TracedText(std::string_view original) : text_(original), end_(original.size()) {
  sources_.reserve(text_.size());
  for (std::size_t i = 0; i < text_.size(); ++i) sources_.push_back(i);
}

std::size_t TracedText::source(std::size_t at) const {
  return at < sources_.size() ? sources_[at] : end_;
}

void TracedText::append(const TracedText& from, std::size_t begin, std::size_t end) {
  append(from, begin, end, std::string_view(from.text_).substr(begin, end - begin));
}

void TracedText::append(const TracedText& from, std::size_t begin, std::size_t end,
                        std::string_view written) {
  text_ += written;
  for (std::size_t i = 0; i < written.size(); ++i)
    sources_.push_back(from.source(begin + i * (end - begin) / written.size()));
  end_ = from.end_;
}

TracedText TracedText::lower() const {
  UErrorCode status = U_ZERO_ERROR;
  std::string small;
  icu::StringByteSink<std::string> sink(&small);
  icu::Edits edits;
  icu::CaseMap::utf8ToLower("", 0, icu::StringPiece(text_.data(), std::int32_t(text_.size())), sink,
                            &edits, status);
  check_icu(status);
  TracedText result;
  result.end_ = end_;
  for (auto edit = edits.getFineIterator(); edit.next(status);) {
    const auto begin = std::size_t(edit.sourceIndex());
    result.append(*this, begin, begin + std::size_t(edit.oldLength()),
                  std::string_view(small).substr(std::size_t(edit.destinationIndex()),
                                                 std::size_t(edit.newLength())));
  }
  check_icu(status);
  return result;
}

TracedText TracedText::decomposed() const {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(status);
  check_icu(status);
  TracedText result;
  result.end_ = end_;
  // Marks change places among themselves and never leave their letter.
  for (std::size_t begin = 0; begin < text_.size();) {
    std::size_t end = begin;
    next_character(text_, end);
    for (std::size_t next = end; next < text_.size(); end = next)
      if (nfkd->hasBoundaryBefore(next_character(text_, next))) break;
    const auto part = std::string_view(text_).substr(begin, end - begin);
    const icu::UnicodeString letters = nfkd->normalize(from_utf8(part), status);
    check_icu(status);
    result.append(*this, begin, end, to_utf8(letters));
    begin = end;
  }
  return result;
}

TracedText TracedText::stripped() const {
  std::size_t begin = 0, end = text_.size();
  for (std::size_t next = 0; next < end; begin = next)
    if (!is_python_space(next_character(text_, next))) break;
  for (std::size_t before = end; end > begin; end = before)
    if (!is_python_space(previous_character(text_, before))) break;
  TracedText result;
  result.append(*this, begin, end);
  return result;
}

}  // namespace chatterbox
