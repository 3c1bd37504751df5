// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/tags.h"

#include <gtest/gtest.h>

#include "chatterbox/plain_text.h"
#include "text/splitter.h"
#include "text/words.h"

namespace chatterbox {
namespace {

using Strings = std::vector<std::string>;

TEST(Tags, AreFoundWhereTheyBegin) {
  EXPECT_EQ(tag_length("[laugh] hi"), 7u);
  EXPECT_EQ(tag_length("[clear throat]"), 14u);
  for (const char* text : {"", "[", "laugh]", "[Laugh]", "[laughs]", " [laugh]", "[clear  throat]"})
    EXPECT_EQ(find_tag(text), -1) << text;
}

TEST(Tags, UnknownOnesAreLeftOutWithTheirSpace) {
  const auto known = [](std::string_view tag) { return tag == "[sigh]"; };
  const std::pair<const char*, const char*> cases[] = {
      {"Ha! [laugh] Um", "Ha! Um"}, {"[laugh]hi [laugh]", "hi"},
      {"Oh [gasp].", "Oh."},        {"a[laugh]b [sigh] c", "a b [sigh] c"},
      {"[laugh] [gasp]", ""},       {"[Laugh] stays", "[Laugh] stays"},
      {"é[laugh]é", "é é"},         {"none", "none"},
  };
  for (const auto& [text, expected] : cases) {
    Strings left_out;
    std::string result = leave_out_tags(text, known, left_out);
    result.erase(0, result.find_first_not_of(' '));
    EXPECT_EQ(result, expected) << text;
  }
  Strings left_out;
  leave_out_tags("[laugh] [gasp] [laugh] [sigh]", known, left_out);
  EXPECT_EQ(left_out, (Strings{"[laugh]", "[gasp]"})) << "each once";
}

TEST(Tags, AreNoLinksOfMarkdown) {
  EXPECT_EQ(tags_apart("Ha[laugh][gasp][sigh] [x][y]"), "Ha[laugh] [gasp] [sigh] [x][y]");
  EXPECT_EQ(plain_text(tags_apart("Ha! [laugh][clear throat] No, [sigh] [*really*](a.b).")),
            "Ha! [laugh] [clear throat] No, [sigh] really.");
}

TEST(Tags, StayWholeInPieces) {
  struct Case {
    const char* text;
    std::size_t limit;
    Strings expected;
  };
  const Case cases[] = {
      {"Well [clear throat] then", 6, {"Well [clear throat]", "then"}},
      {"Ha! [laugh] Next one.", 8, {"Ha!", "[laugh] Next", "one."}},
      {"One two. [laugh]", 10, {"One two. [laugh]"}},
      {"One two. [laugh]", 8, {"One", "two. [laugh]"}},
      {"One two.[laugh] Three.", 9, {"One two.[laugh]", "Three."}},
      {"What? [sigh] she said. Yes.", 19, {"What? [sigh] she said.", "Yes."}},
      {"[clear throat]", 1, {"[clear throat]"}},
      {"[laugh][laugh] a", 2, {"[laugh][laugh]", "a"}},
      {"a [laughs out] b", 9, {"a [laughs", "out] b"}},
      {"\ufdd0 a", 9, {"\ufdd0 a"}},
  };
  for (const Case& c : cases) EXPECT_EQ(split_pieces(c.text, c.limit), c.expected) << c.text;
}

TEST(Words, AreWhatSpacesAndTagsSeparate) {
  const std::string text = " one,[laugh]two \t three[Laugh] ";
  Strings words;
  for (const TextRange& word : words_between_spaces(text))
    words.push_back(text.substr(word.begin, word.end - word.begin));
  EXPECT_EQ(words, (Strings{"one,", "two", "three[Laugh]"}));
}

TEST(Words, GetTheTokensThatBeginInThem) {
  const TextTokens tokens =
      gather_words("ab cd ef", {{0, 2}, {3, 5}, {6, 8}}, {{9, 0}, {8, 1}, {2, 2}, {7, 6}, {6, 7}});
  EXPECT_EQ(tokens.ids, (std::vector<std::int64_t>{9, 8, 2, 7, 6}));
  ASSERT_EQ(tokens.words.size(), 2u) << "\"cd\" became no token";
  EXPECT_EQ(tokens.words[0].last, 1);
  EXPECT_EQ(tokens.words[1].text, "ef");
  EXPECT_EQ(tokens.words[1].first, 3);
  EXPECT_EQ(tokens.words[1].last, 4);
}

}  // namespace
}  // namespace chatterbox
