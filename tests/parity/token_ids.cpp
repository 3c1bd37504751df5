// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// token_ids DIR FAMILY < CASES: the ids of texts, for tokens.py. A line of CASES is JSON with
// "text" and "language"; a line of the answer has "ids", what was cut into words, [text, [word...]]
// ("segments"), and what was read, [text, [[written, reading]...]] ("readings"): upstream's
// tokenizer is given the same words and readings.
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "config.h"
#include "text/multilingual_tokenizer.h"
#include "text/tokenizer.h"

namespace {

using namespace chatterbox;
using Json = nlohmann::json;

// What the parts below were asked for one text.
struct Asked {
  Json segments = Json::array(), readings = Json::array();
};

class TracedSegmenter : public WordSegmenter {
 public:
  explicit TracedSegmenter(Asked& asked) : asked_(asked) {}
  std::vector<TextRange> cut(std::string_view text) const override {
    const auto words = icu_->cut(text);
    Json said = Json::array();
    for (const TextRange& word : words)
      said.push_back(std::string(text.substr(word.begin, word.end - word.begin)));
    asked_.segments.push_back({std::string(text), said});
    return words;
  }

 private:
  std::unique_ptr<WordSegmenter> icu_ = make_icu_segmenter();
  Asked& asked_;
};

class TracedReadings : public KanjiReadings {
 public:
  explicit TracedReadings(Asked& asked) : asked_(asked) {}
  std::vector<Word> read(std::string_view text) const override {
    const auto words = mecab_->read(text);
    Json said = Json::array();
    for (const Word& word : words) said.push_back({word.written, to_hiragana(word.reading)});
    asked_.readings.push_back({std::string(text), said});
    return words;
  }

 private:
  std::unique_ptr<KanjiReadings> mecab_ = make_mecab_readings();
  Asked& asked_;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::unique_ptr<TextTokenizer> load(const std::string& directory, Family family, Asked& asked) {
  if (family != Family::kMultilingual)
    return TextTokenizer::load(directory, preset(family).text.frontend);
  return make_multilingual_tokenizer(
      {.vocabulary = read_file(directory + "/" + kMultilingualVocabulary),
       .cangjie = read_file(directory + "/" + kCangjieFile),
       .segmenter = std::make_unique<TracedSegmenter>(asked),
       .kanji_readings = std::make_unique<TracedReadings>(asked)},
      directory);
}

int run(const std::string& directory, const std::string& family_name) {
  const auto family = parse_family(family_name);
  if (!family) throw std::runtime_error("expected a family, got " + family_name);
  Asked asked;
  const auto tokenizer = load(directory, *family, asked);
  for (std::string line; std::getline(std::cin, line);) {
    const Json text = Json::parse(line);
    asked = {};
    const auto ids = tokenizer
                         ->encode(tokenizer->normalize(text.at("text").get<std::string>()),
                                  text.value("language", ""))
                         .ids;
    std::cout
        << Json{{"ids", ids}, {"segments", asked.segments}, {"readings", asked.readings}}.dump()
        << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: token_ids DIR FAMILY < CASES\n";
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "token_ids: " << error.what() << "\n";
    return 1;
  }
}
