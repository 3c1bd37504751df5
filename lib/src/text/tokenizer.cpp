// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/tokenizer.h"

#include <fstream>
#include <sstream>

#include "chatterbox/error.h"
#include "text/bpe.h"
#include "text/phones.h"

namespace chatterbox {

std::unique_ptr<TextTokenizer> TextTokenizer::parse(const std::string& json,
                                                    const std::string& origin,
                                                    TextFrontend frontend) {
  if (frontend == TextFrontend::kFlitePhones) return make_phone_tokenizer(json, origin);
  return make_bpe_tokenizer(json, origin);
}

std::unique_ptr<TextTokenizer> TextTokenizer::load(const std::string& path, TextFrontend frontend) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kNotFound, path + ": cannot be opened");
  std::ostringstream json;
  json << file.rdbuf();
  return parse(json.str(), path, frontend);
}

}  // namespace chatterbox
