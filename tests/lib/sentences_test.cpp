// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/sentences.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "text/sentence_rule.h"
#include "text/splitter.h"

namespace chatterbox {
namespace {

using Sentences = std::vector<std::string>;

Sentences all_of(SentenceSegmenter& segmenter) {
  Sentences sentences;
  while (auto sentence = segmenter.next()) sentences.push_back(*sentence);
  return sentences;
}

// Each handed in in pieces of `step` bytes.
Sentences segment(const std::string& text, std::size_t step) {
  SentenceSegmenter segmenter;
  Sentences sentences;
  for (std::size_t at = 0; at < text.size(); at += step) {
    segmenter.feed(text.substr(at, step));
    for (std::string& sentence : all_of(segmenter)) sentences.push_back(std::move(sentence));
  }
  if (auto rest = segmenter.flush()) sentences.push_back(*rest);
  return sentences;
}

// Long enough to stay alone.
const Sentences kTexts[] = {
    {"Dr. Jones met Mrs. Smith at St. Mary's.", "They talked about the weather for hours."},
    {"The books of J. R. R. Tolkien are long.", "So are those of others, he thought."},
    {"It is on p. 12 of No. 5, in vol. 3 as well.",
     "Read it on Jan. 6 or on Feb. 7 at the latest."},
    {"She asked him twice and he said no.", "Then she left for the station at once."},
    {"Bring fruit, e.g. apples, or nuts, i.e. almonds.", "Nobody will be hungry this evening."},
    {"\"Is that so?\" she asked, and looked at him.", "\"It is, and always was!\" he answered."},
    {"This costs 3.14 dollars in the shop at a.org.", "Elsewhere it is cheaper, they say."},
    {"Apples, pears etc. are sold at the market.", "Who could have known that before?!"},
    {"And who was it? I believe that it was I.", "We shall hear more of that one day..."},
};

TEST(Sentences, OneRuleForStreamsAndForPieces) {
  for (const Sentences& expected : kTexts) {
    std::string text;
    std::size_t longest = 0;
    for (const std::string& sentence : expected) {
      text += (text.empty() ? "" : " ") + sentence;
      longest = std::max(longest, sentence.size());
    }
    for (const std::size_t step : {std::size_t(1), std::size_t(7), text.size()})
      EXPECT_EQ(segment(text, step), expected) << step;
    EXPECT_EQ(split_pieces(text, longest), expected);
  }
}

TEST(Sentences, FullStopsOfWords) {
  for (const char* word : {"Dr", "dr", "Mr", "e.g", "J", "vs", "Prof"})
    EXPECT_TRUE(owns_full_stop(word, "")) << word;
  for (const char* word : {"No", "p", "Jan", "vol"}) {
    EXPECT_TRUE(owns_full_stop(word, "5")) << word;
    EXPECT_FALSE(owns_full_stop(word, "Then")) << word;
    EXPECT_FALSE(owns_full_stop(word, "")) << word;
  }
  for (const char* word : {"I", "etc", "house", "", "5"})
    EXPECT_FALSE(owns_full_stop(word, "Then")) << word;
}

// Live text: whoever waits is answered, unless the stop is a word's own.
TEST(Sentences, EagerSentencesEndWithTheirMark) {
  SentenceSegmenter segmenter;
  segmenter.set_eager(true);
  segmenter.feed("Hello.");
  EXPECT_EQ(all_of(segmenter), Sentences{"Hello."});
  segmenter.feed(" He met Dr.");
  EXPECT_TRUE(all_of(segmenter).empty());
  segmenter.feed(" Jones at 3.");
  EXPECT_TRUE(all_of(segmenter).empty());
  segmenter.feed("30 sharp! ");
  EXPECT_EQ(all_of(segmenter), Sentences{"He met Dr. Jones at 3.30 sharp!"});
  segmenter.feed("A line\n");
  EXPECT_EQ(all_of(segmenter), Sentences{"A line"});
  EXPECT_FALSE(segmenter.has_pending());
}

TEST(Sentences, ParagraphsEndWithoutAMark) {
  EXPECT_EQ(segment("A title\n\nand what stands below it", 3),
            (Sentences{"A title", "and what stands below it"}));
  EXPECT_EQ(segment("今日は晴れ。明日は雨。また来週、お元気で。", 60),
            (Sentences{"今日は晴れ。明日は雨。", "また来週、お元気で。"}));
}

TEST(Sentences, TextWithoutEndIsCutBetweenWords) {
  SentenceSegmenter segmenter;
  segmenter.set_max_characters(20);
  segmenter.feed("one two three, four five six seven eight nine ten");
  const Sentences sentences = all_of(segmenter);
  ASSERT_FALSE(sentences.empty());
  EXPECT_EQ(sentences.front(), "one two three,");
  for (const std::string& sentence : sentences) EXPECT_LE(sentence.size(), 20U) << sentence;
}

}  // namespace
}  // namespace chatterbox
