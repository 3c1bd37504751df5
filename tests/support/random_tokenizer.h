// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cmath>
#include <string>

#include "support/random_s3gen.h"

namespace chatterbox::test {

// The S3 tokenizer with random weights under the published names.
class RandomTokenizer : public TensorMap {
 public:
  explicit RandomTokenizer(const S3TokenizerConfig& config) {
    const std::int64_t state = config.state;
    layer("encoder.conv1", {state, config.mels, 3});
    layer("encoder.conv2", {state, state, 3});
    layer("quantizer._codebook.project_down", {config.codebook_dims, state});
    for (int i = 0; i < config.layers; ++i) {
      const std::string block = "encoder.blocks." + std::to_string(i);
      norm(block + ".attn_ln", state);
      norm(block + ".mlp_ln", state);
      for (const char* part : {".attn.query", ".attn.value", ".attn.out"})
        layer(block + part, {state, state});
      matrix(block + ".attn.key.weight", {state, state});
      matrix(block + ".attn.fsmn_block.weight", {state, 1, 31});
      layer(block + ".mlp.0", {4 * state, state});
      layer(block + ".mlp.2", {state, 4 * state});
    }
  }

 private:
  at::Tensor draw(at::IntArrayRef shape) {
    const std::int64_t count = c10::multiply_integers(shape);
    drawn_ += count;
    return Noise(12, NoiseStream::kFlow).normal(drawn_ - count, count).view(shape);
  }
  void matrix(const std::string& name, std::vector<std::int64_t> shape) {
    std::int64_t fan_in = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
    set(name, draw(shape) / std::sqrt(double(fan_in)));
  }
  void layer(const std::string& name, std::vector<std::int64_t> shape) {
    matrix(name + ".weight", shape);
    set(name + ".bias", draw({shape[0]}) * 0.1);
  }
  void norm(const std::string& name, std::int64_t size) {
    set(name + ".weight", 1 + draw({size}) * 0.1);
    set(name + ".bias", draw({size}) * 0.1);
  }

  std::int64_t drawn_ = 0;
};

}  // namespace chatterbox::test
