// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/tokenizer.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "chatterbox/error.h"
#include "foreign_file.h"
#include "text/byte_bpe_tokenizer.h"
#include "text/grapheme_bpe.h"
#include "text/multilingual_tokenizer.h"
#include "text/phones.h"

namespace chatterbox {
namespace {

// Published vocabularies have at most 2 MB.
constexpr std::size_t kMaxBytes = 64 << 20;

}  // namespace

bool TextTokenizer::reads_tag(std::string_view) const { return false; }

std::vector<TextTokenizer::File> TextTokenizer::files(TextFrontend frontend) {
  switch (frontend) {
    case TextFrontend::kGpt2Bpe:
      return {{"vocab.json"}, {"merges.txt"}, {"added_tokens.json"}};
    case TextFrontend::kMultilingualBpe:
      return {{kMultilingualVocabulary}, {kCangjieFile, /*required=*/false}};
    case TextFrontend::kEnglishBpe:
    case TextFrontend::kFlitePhones:
      break;
  }
  return {{"tokenizer.json"}};
}

std::unique_ptr<TextTokenizer> TextTokenizer::load(const std::string& directory,
                                                   TextFrontend frontend) {
  const auto path = [&](const std::string& name) { return directory + "/" + name; };
  const auto read = [&](const std::string& name) {
    return read_text_file(path(name), kMaxBytes, "a file of the tokenizer");
  };
  switch (frontend) {
    case TextFrontend::kGpt2Bpe:
      return make_byte_bpe_tokenizer(
          {read("vocab.json"), read("merges.txt"), read("added_tokens.json")}, directory);
    case TextFrontend::kMultilingualBpe: {
      MultilingualParts parts;
      parts.vocabulary = read(kMultilingualVocabulary);
      if (std::filesystem::exists(path(kCangjieFile))) parts.cangjie = read(kCangjieFile);
      return make_multilingual_tokenizer(std::move(parts), directory);
    }
    case TextFrontend::kFlitePhones:
      return make_phone_tokenizer(read("tokenizer.json"), path("tokenizer.json"));
    case TextFrontend::kEnglishBpe:
      break;
  }
  return make_bpe_tokenizer(read("tokenizer.json"), path("tokenizer.json"));
}

}  // namespace chatterbox
