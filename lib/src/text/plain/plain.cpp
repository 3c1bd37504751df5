// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/plain/plain.h"

#include "chatterbox/plain_text.h"

namespace chatterbox {

std::string plain::with_marks_joined(std::string text) {
  for (std::size_t at = 0; (at = text.find(" .", at)) != text.npos; ++at)
    if (at + 2 == text.size() || text[at + 2] == ' ') text.erase(at, 1);
  return text;
}

std::string plain_text(std::string_view written, bool titles) {
  using namespace plain;
  return without_markdown(without_styles(without_latex(without_markup(written))), titles);
}

}  // namespace chatterbox
