// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/multilingual_tokenizer.h"

#include <gtest/gtest.h>
#include <unicode/uchar.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "text/cangjie.h"
#include "text/languages.h"
#include "text/traced_text.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

using Ids = std::vector<std::int64_t>;

// Set CHATTERBOX_MULTILINGUAL_CASES to a directory made by make.py --out to compare more.
std::string golden_directory() {
  const char* chosen = std::getenv("CHATTERBOX_MULTILINGUAL_CASES");
  return chosen ? chosen : std::string(TESTS_DIR) + "/golden/multilingual";
}

std::string contents(const std::string& name) {
  std::ifstream file(golden_directory() + "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Words and readings that make.py makes up in the same way.
class MadeUpSegmenter : public WordSegmenter {
 public:
  std::vector<TextRange> cut(std::string_view text) const override {
    std::vector<TextRange> words;
    int kanji = 0;      // in the last word
    bool open = false;  // the last word may go on
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      const UChar32 c = next_character(text, at);
      if (u_isUWhiteSpace(c) || (c >= 0x1c && c <= 0x1f)) {
        open = false;
        continue;
      }
      const bool is = is_kanji(c);
      const bool same = open && (is ? kanji == 1 : kanji == 0);
      if (!same) words.push_back({begin, at});
      words.back().end = at;
      kanji = is ? (same ? 2 : 1) : 0;
      open = true;
    }
    return words;
  }
};

class MadeUpReadings : public KanjiReadings {
 public:
  std::vector<Word> read(std::string_view text) const override {
    std::vector<Word> words;
    bool after_kanji = false, kanji_word = false;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      const UChar32 c = next_character(text, at);
      const std::string sign(text.substr(begin, at - begin));
      const bool kanji = is_kanji(c) || (kanji_word && after_kanji && c == 0x3005);
      const bool ending = after_kanji && c >= 0x3041 && c <= 0x3096;
      // A word of kanji begins with one, or with the sign that repeats one.
      const bool begins_kanji = !kanji_word && c == 0x3005;
      if (kanji || begins_kanji || ending) {
        if (!after_kanji) words.push_back({});
        kanji_word = true;
        after_kanji = !ending;
      } else {
        if (words.empty() || kanji_word) words.push_back({});
        kanji_word = after_kanji = false;
      }
      words.back().written += sign;
      words.back().reading += reading(c);
    }
    return words;
  }

 private:
  static std::string reading(UChar32 c) {
    static constexpr const char* kKana[] = {"あ", "か", "が", "さ", "ざ", "た", "だ", "な", "は",
                                            "ば", "ぱ", "へ", "ま", "や", "ら", "わ", "ん"};
    return kKana[std::size_t(c) % std::size(kKana)];
  }
};

std::unique_ptr<TextTokenizer> golden(bool cangjie = true) {
  MultilingualParts parts;
  parts.vocabulary = contents(kMultilingualVocabulary);
  if (cangjie) parts.cangjie = contents(kCangjieFile);
  parts.segmenter = std::make_unique<MadeUpSegmenter>();
  parts.kanji_readings = std::make_unique<MadeUpReadings>();
  return make_multilingual_tokenizer(std::move(parts), "test");
}

std::string word_list(const TextTokens& tokens) {
  std::string list;
  for (const auto& word : tokens.words) list += word.text + "|";
  return list;
}

TEST(Multilingual, EqualsUpstream) {
  const auto tokenizer = golden();
  EXPECT_EQ(tokenizer->languages(), multilingual_languages());
  std::ifstream file(golden_directory() + "/cases.json");
  const auto cases = nlohmann::json::parse(file)["cases"];
  ASSERT_GE(cases.size(), 23u * 8u);
  for (const auto& c : cases) {
    const auto language = c[0].get<std::string>();
    const std::string normal = tokenizer->normalize(c[1].get<std::string>());
    ASSERT_EQ(normal, c[2].get<std::string>());
    const TextTokens tokens = tokenizer->encode(normal, language);
    ASSERT_EQ(tokens.ids, c[3].get<Ids>()) << c;
    for (const auto& word : tokens.words) {
      ASSERT_GE(word.first, 1) << "the language's token is no word: " << c;
      ASSERT_LE(word.first, word.last);
      ASSERT_LT(std::size_t(word.last), tokens.ids.size());
    }
  }
}

TEST(Multilingual, PreparesText) {
  const std::pair<const char*, const char*> cases[] = {
      {"ﬁne ½ ①", "fine 1⁄2 1"},
      {"ＡＢＣ１２３", "abc123"},
      {"İstanbul IŞIK", "i\u0307stanbul is\u0327ik"},
      {"ΟΔΟΣ ΣΟΦΟΣ.", "οδος σοφος."},
      {"，？！。、", ",?!。、"},
      {"が", "か\u3099"},
      {"한", "\u1112\u1161\u11ab"},
      {"\u1e9b\u0323", "s\u0323\u0307"},
      {"", ""},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(TracedText(text).lower().decomposed().text(), expected) << text;
}

TEST(Multilingual, TracesEachByte) {
  const TracedText text = TracedText("aŞ½İb").lower().decomposed();
  ASSERT_EQ(text.text(), "as\u03271⁄2i\u0307b");
  const std::size_t expected[] = {0, 1, 1, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7};
  for (std::size_t i = 0; i < text.text().size(); ++i) {
    EXPECT_LE(text.source(i), 7u);
    if (i > 0) EXPECT_GE(text.source(i), text.source(i - 1)) << i;
  }
  EXPECT_EQ(text.source(0), expected[0]);
  EXPECT_EQ(text.source(1), 1u) << "S and its cedilla come from one letter";
  EXPECT_EQ(text.source(text.text().size() - 1), 7u);
  EXPECT_EQ(text.source(text.text().size()), 8u);
}

TEST(Multilingual, WordsAreAsWritten) {
  const auto tokenizer = golden();
  EXPECT_EQ(word_list(tokenizer->encode("Große ﬁne IŞIK, ½ a.", "de")), "Große|ﬁne|IŞIK,|½|a.|");
  EXPECT_EQ(word_list(tokenizer->encode("안녕하세요 세계!", "ko")), "안녕하세요|세계!|");
  EXPECT_EQ(word_list(tokenizer->encode("人人生而 自由，在。", "zh")), "人人|生而|自由，|在。|");
  const TextTokens tokens = tokenizer->encode("Größe a", "de");
  ASSERT_EQ(tokens.words.size(), 2u);
  EXPECT_EQ(tokens.words[0].first, 1);
  EXPECT_EQ(tokens.words[1].first, tokens.words[0].last + 2) << "one [SPACE] between words";
  EXPECT_EQ(tokens.words[1].last, int(tokens.ids.size()) - 1);
}

TEST(Multilingual, JapaneseWordsAreAsWritten) {
  MultilingualParts parts;
  parts.vocabulary = contents(kMultilingualVocabulary);
  parts.kanji_readings = std::make_unique<MadeUpReadings>();
  const auto tokenizer = make_multilingual_tokenizer(std::move(parts), "test");
  const TextTokens tokens = tokenizer->encode("「人間は自由」です。", "ja");
  std::string all;
  for (const auto& word : tokens.words) all += word.text;
  EXPECT_EQ(all, "「人間は自由」です。");
  EXPECT_GE(tokens.words.size(), 3u);
  EXPECT_EQ(tokens.words[0].text.substr(0, 6), "「人");
}

TEST(Multilingual, WithoutALanguageThereIsNoToken) {
  const auto tokenizer = golden();
  const Ids with = tokenizer->encode("Hello.", "en").ids;
  const Ids without = tokenizer->encode("Hello.").ids;
  EXPECT_EQ(Ids(with.begin() + 1, with.end()), without);
}

TEST(Multilingual, SaysWhatIsMissing) {
  const auto message_of = [](const TextTokenizer& tokenizer, const char* text,
                             const char* language) {
    try {
      tokenizer.encode(text, language);
    } catch (const Error& error) {
      return std::string(to_string(error.code())) + " " + error.what();
    }
    return std::string();
  };
  const auto tokenizer = golden(/*cangjie=*/false);
  EXPECT_NE(message_of(*tokenizer, "你好", "zh").find("Cangjie5_TC.json"), std::string::npos);
  const std::string unknown = message_of(*tokenizer, "Hi", "xx");
  EXPECT_NE(unknown.find("ar, da, de"), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("got \"xx\""), std::string::npos) << unknown;
  EXPECT_NE(message_of(*tokenizer, "Hi", "EN").find("small letters"), std::string::npos);
}

TEST(Cangjie, WritesKeysAndNumbers) {
  // What upstream's converter makes of the same file.
  const Cangjie cangjie(
      R"(["你\tonf","好\tvnd\tx","囧\tbcr","測\tebcn","测\tebon","阿\tebon","囧\tonf"])", "test");
  EXPECT_EQ(cangjie.tokens("你"), "[cj_o][cj_n][cj_f][cj_.]");
  EXPECT_EQ(cangjie.tokens("阿"), "[cj_e][cj_b][cj_o][cj_n][cj_1][cj_.]");
  EXPECT_EQ(cangjie.tokens("囧"), "[cj_o][cj_n][cj_f][cj_1][cj_.]") << "the last entry counts";
  EXPECT_EQ(cangjie.tokens("龘"), "");
  EXPECT_EQ(cangjie.encode(TracedText("你好,测阿。"), MadeUpSegmenter()).text(),
            "[cj_o][cj_n][cj_f][cj_.][cj_v][cj_n][cj_d][cj_.] , [cj_e][cj_b][cj_o][cj_n][cj_.]"
            "[cj_e][cj_b][cj_o][cj_n][cj_1][cj_.] 。");
}

TEST(Cangjie, RefusesOtherFiles) {
  for (const char* json : {"", "{}", "[1]", "[\"no tab\"]", "[\"\\tabc\"]", "[[\"a\\tb\"]]"})
    EXPECT_THROW(Cangjie(json, "test"), Error) << json;
}

TEST(IcuSegmenter, FindsChineseWords) {
  const auto segmenter = make_icu_segmenter();
  const std::string text = "我们在北京大学学习，ABC 3.14。";
  std::string words;
  for (const TextRange& word : segmenter->cut(text))
    words += text.substr(word.begin, word.end - word.begin) + "|";
  EXPECT_NE(words.find("|ABC|3.14|。|"), std::string::npos) << words;
  EXPECT_EQ(words.find("我们|"), 0u) << words;
  EXPECT_TRUE(segmenter->cut("").empty());
  EXPECT_TRUE(segmenter->cut(" \n").empty());
}

TEST(Kanji, ReadsKanaAlone) {
  class Nobody : public KanjiReadings {
    std::vector<Word> read(std::string_view) const override {
      ADD_FAILURE() << "kana need no reader";
      return {};
    }
  };
  const TracedText kana("かたかな カタカナ abc");
  EXPECT_EQ(read_kanji(kana, Nobody()).text(), kana.text());
}

TEST(Kanji, SpacesWhatSoundsLikeAParticle) {
  class Fixed : public KanjiReadings {
    std::vector<Word> read(std::string_view text) const override {
      EXPECT_EQ(text, "部屋で3人が待つ");
      return {{"部屋", "ヘヤ"}, {"で", "デ"}, {"3", ""},
              {"人", "ニン"},   {"が", "ガ"}, {"待つ", "マツ"}};
    }
  };
  EXPECT_EQ(read_kanji(TracedText("部屋で3人が待つ").decomposed(), Fixed()).text(),
            " へやて\u30993にんか\u3099まつ");
}

TEST(Mecab, ReadsKanji) {
  const auto readings = make_mecab_readings();
  std::vector<KanjiReadings::Word> words;
  try {
    words = readings->read("食べる");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(error.what()).find("libmecab2"), std::string::npos);
    GTEST_SKIP() << error.what();
  }
  ASSERT_EQ(words.size(), 1u);
  EXPECT_EQ(to_hiragana(words[0].reading), "たべる");
  EXPECT_EQ(read_kanji(TracedText("日本語を話します。").decomposed(), *readings).text(),
            TracedText("にほんごを はなします。").decomposed().text());
  std::string all;
  for (const auto& word : readings->read("私は東京へ行きます，(a)\t「龘」。")) all += word.written;
  EXPECT_EQ(all.substr(0, std::string("私は東京へ行きます，(a)").size()),
            "私は東京へ行きます，(a)");
}

TEST(Languages, KnowsTagsAsPeopleWriteThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"en", "en"},          {"en-US", "en"},    {"en_GB", "en"}, {"EN", "en"},  {"zh-CN", "zh"},
      {"zh-Hant-TW", "zh"},  {"pt-BR", "pt"},    {"deu", "de"},   {"ger", "de"}, {"fre", "fr"},
      {"fra", "fr"},         {"eng", "en"},      {"jpn", "ja"},   {"chi", "zh"}, {"zho", "zh"},
      {"cmn-Hans", "zh"},    {"nb-NO", "no"},    {"nn", "no"},    {"nor", "no"}, {"iw", "he"},
      {"heb", "he"},         {"ell", "el"},      {"msa", "ms"},   {"swa", "sw"}, {"kor", "ko"},
      {"de_DE.UTF-8", "de"}, {"sr@latin", "sr"}, {"yue", "yue"},  {"", ""},      {"und", ""},
      {"mul", ""},           {"zxx", ""},        {"xx", "xx"},
  };
  for (const auto& [tag, code] : cases) EXPECT_EQ(primary_language(tag), code) << tag;
}

TEST(Languages, RefusesWhatIsNotSpoken) {
  EXPECT_EQ(choose_language("fr-CA", multilingual_languages()), "fr");
  EXPECT_EQ(choose_language("", {"en"}), "");
  for (const char* tag : {"fr", "cy-GB", "english", "<script>"}) {
    try {
      choose_language(tag, {"en"});
      ADD_FAILURE() << tag;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_EQ(
          std::string(error.what()),
          std::string("language: expected one that the model speaks (en), got \"") + tag + '"');
    }
  }
}

TEST(Languages, GuessesByScript) {
  const auto& all = multilingual_languages();
  const std::pair<const char*, const char*> cases[] = {
      {"Hello", "en"}, {"Été à Paris", "en"}, {"Привет, world", "ru"}, {"שלום", "he"},
      {"नमस्ते", "hi"},  {"你好", "zh"},        {"東京へ行く", "ja"},    {"안녕", "ko"},
      {"γειά", "el"},  {"مرحبا", "ar"},       {"123 !?", "en"},        {"", "en"},
  };
  for (const auto& [text, code] : cases) EXPECT_EQ(guess_language(text, all), code) << text;
  EXPECT_EQ(guess_language("你好", {"en"}), "en");
  EXPECT_EQ(guess_language("Bonjour", {"fr", "it"}), "fr");
}

TEST(Languages, TextsSayWhatTheyAreIn) {
  const auto& all = multilingual_languages();
  EXPECT_EQ(language_of("你好", "fr", "", all), "fr");
  EXPECT_EQ(language_of("你好", "", "", all), "zh");
  EXPECT_EQ(language_of("Bonjour", "en", "fr-FR", all), "fr");
  EXPECT_EQ(language_of("Bonjour", "it", "und", all), "it");
  EXPECT_EQ(language_of("Pryvit", "", "uk", all), "en") << "not spoken: passed over";
  EXPECT_EQ(language_of("Bonjour", "en", "fr", {"en"}), "en");
  EXPECT_THROW(language_of("Bonjour", "cy", "fr", all), Error);
}

}  // namespace
}  // namespace chatterbox
