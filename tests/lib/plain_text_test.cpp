// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/plain_text.h"

#include <gtest/gtest.h>

#include "text/normalizer.h"
#include "text/plain/plain.h"

namespace chatterbox {
namespace {

struct Case {
  const char* written;
  const char* plain;
};

const Case kCases[] = {
    {"", ""},
    {"Plain text stays: 5 < 6, a_b, 2 * 3, $5 and $10, [laugh], [pause:500ms].",
     "Plain text stays: 5 < 6, a_b, 2 * 3, $5 and $10, [laugh], [pause:500ms]."},
    {"https://a.org/b_c_d?e=f&g=h#i and C:\\New\\html",
     "https://a.org/b_c_d?e=f&g=h#i and C:\\New\\html"},
    {"# Title #\n\nText", "Title . Text"},
    {"- one\n- two.\n\nEnd", "one . two. End"},
    {"> quoted\n> on", "quoted on"},
    {">50 of them", ">50 of them"},
    {"| a | b |\n|---|:-:|\n| c | d |", "a, b . c, d"},
    {"```cpp\nint x;\n```\nText", "int x; Text"},
    {"[text](https://a.org/x_(y)) and ![alt](b.png)", "text and alt"},
    {"**bold** ***both*** ~~gone~~ `code`", "bold both gone code"},
    {"**Two sentences. In bold.**", "Two sentences. In bold."},
    {"wrapped lines are joined, as this one is, and as the next\nOne is too",
     "wrapped lines are joined, as this one is, and as the next One is too"},
    {"Chapter One\nIt was dark", "Chapter One . It was dark"},
    {"Chapter One:\nIt was dark", "Chapter One: It was dark"},
    {"&lt;b&gt; &amp;amp; &unknown; &#233; &#xe9;", "<b> & &unknown; é é"},
    {"<p>One</p><p>Two</p>", "One . Two"},
    {"a < b > c and <none>", "a < b > c and <none>"},
    {"m<sup>2</sup>", "m^2"},
    {"{\\an8}Top\\Nof it\\hall", "Top of it all"},
    {"One\\N{\\i1}two{\\i0} three", "One two three"},
    {"\\textbf{\\alpha} and \\frac{\\pi}{2}", "alpha and pie over 2"},
    {"👍", ""},
    {"Hello👋🏽world 🇺🇸!", "Hello world !"},
    {"𝒮𝓉𝓎𝓁𝑒𝒹 ｗｉｄｅ ᴄᴀᴘs", "Styled wide caps"},
    {"soft\u00adhyphen z\u200bw", "softhyphen zw"},
    {"नमस्ते क्‍ष", "नमस्ते क्‍ष"},
    {"$E=mc^2$", "E equals m c squared"},
    {"\\[ \\frac{1}{2} \\]", "1 over 2"},
};

TEST(PlainText, ReadsWhatIsMeant) {
  for (const Case& c : kCases)
    EXPECT_EQ(collapse_spaces(plain_text(c.written)), c.plain) << c.written;
}

TEST(PlainText, IsPlainAlready) {
  for (const Case& c : kCases) {
    const std::string once = plain_text(c.plain);
    EXPECT_EQ(plain_text(once), once) << c.written;
  }
}

TEST(PlainText, LinesOfASubtitleAreNoTitles) {
  EXPECT_EQ(collapse_spaces(plain_text("I saw Doctor\nSmith go", false)), "I saw Doctor Smith go");
}

TEST(PlainText, StandsAnything) {
  for (const char* text :
       {"\xff\xfe", "$", "\\", "\\frac{", "\\sqrt[", "$\\frac{a}{$", "[a](", "**", "&#99999999;",
        "&;", "<!--", "{\\", "|||", "```", "#", "\x01", "\\\\("})
    plain_text(text);
  EXPECT_EQ(plain_text(std::string(5000, '*')).find('a'), std::string::npos);
  plain_text(std::string(2000, '['));
  plain_text("$" + std::string(200, '{') + "$");
  plain_text("- " + std::string(1000000, 'a'));
  plain_text(std::string(1000000, '<'));
}

TEST(PlainText, StopsOfTheirOwnJoinTheWordBefore) {
  EXPECT_EQ(plain::with_marks_joined("Title . Text .5 ."), "Title. Text .5.");
}

}  // namespace
}  // namespace chatterbox
