// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "aloud_reading.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "chatterbox/plain_text.h"
#include "text/aloud/aloud.h"
#include "text/normalizer.h"
#include "text/phones.h"

namespace chatterbox::test {

std::string sounds(const std::string& text) {
  std::string sounds;
  for (std::string symbol : read_phones(text).symbols) {
    if (symbol == "pau" || !std::isalpha(static_cast<unsigned char>(symbol[0]))) continue;
    if (std::isdigit(static_cast<unsigned char>(symbol.back()))) symbol.pop_back();
    sounds += symbol + " ";
  }
  return sounds;
}

std::string handed_over(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  std::string result;
  for (const std::string& word : read_aloud(words)) result += word + " ";
  return result;
}

void AloudTest::SetUp() {
  if (!have_phones()) GTEST_SKIP() << "built without flite";
}

TEST_P(AloudTest, SoundsLikeItsWords) {
  const std::string text = collapse_spaces(plain_text(GetParam().written));
  EXPECT_EQ(sounds(text), sounds(GetParam().said))
      << "'" << GetParam().written << "' reached flite as '" << handed_over(text) << "'";
}

}  // namespace chatterbox::test
