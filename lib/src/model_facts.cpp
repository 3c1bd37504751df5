// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/model_facts.h"

#include "model_files.h"
#include "text/tokenizer.h"

namespace chatterbox {

ModelFacts read_model_facts(const std::string& path, const std::string& family) {
  const ModelConfig config = find_model_files(path, family).config;
  const auto tokenizer = TextTokenizer::load(path, config.text.frontend);
  return {config.name, to_string(config.family), tokenizer->languages(), tokenizer->tags(),
          config.voice.min_seconds};
}

}  // namespace chatterbox
