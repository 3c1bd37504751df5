// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/model_facts.h"

#include <filesystem>
#include <system_error>

#include "model_files.h"
#include "text/tokenizer.h"

namespace chatterbox {

ModelFacts read_model_facts(const std::string& path, const std::string& family) {
  const ModelFiles files = find_model_files(path, family);
  const ModelConfig& config = files.config;
  const auto tokenizer = TextTokenizer::load(path, config.text.frontend);
  std::int64_t bytes = 0;
  for (const std::string& file : {files.t3, files.s3gen, files.voice_encoder}) {
    std::error_code ignored;
    if (const auto size = std::filesystem::file_size(file, ignored); !ignored)
      bytes += std::int64_t(size);
  }
  return {config.name,       to_string(config.family), tokenizer->languages(),
          tokenizer->tags(), config.voice.min_seconds, bytes};
}

}  // namespace chatterbox
