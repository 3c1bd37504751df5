// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "config.h"
#include "nn/weights.h"

namespace chatterbox::test {

// A T3 of random weights in the published layout, made in memory as a
// safetensors file: every name and shape is that of the backbone's published file.
class RandomT3 {
 public:
  explicit RandomT3(const T3Config& config, at::ScalarType stored = at::kFloat,
                    std::uint64_t seed = 1)
      : stored_(stored), seed_(seed) {
    around(config);
    config.backbone == Backbone::kGpt2 ? gpt2(config) : llama(config);
    finish();
  }

  // Views of this object's memory; it must live longer.
  std::shared_ptr<const TensorFile> file() const {
    return TensorFile::from_memory(bytes_.data(), bytes_.size(), "random T3");
  }
  Weights weights(Placement placement = {}) const { return Weights(file(), placement); }

 private:
  // What both backbones have: conditioning, embeddings and heads.
  void around(const T3Config& config) {
    const std::int64_t hidden = config.hidden;
    linear("cond_enc.spkr_enc", {hidden, config.speaker_embedding});
    if (config.emotion) matrix("cond_enc.emotion_adv_fc.weight", {hidden, 1});
    if (config.perceiver_queries > 0) {
      matrix("cond_enc.perceiver.pre_attention_query", {1, config.perceiver_queries, hidden});
      norm("cond_enc.perceiver.attn.norm", hidden);
      for (const char* name : {"to_q", "to_k", "to_v", "proj_out"})
        linear(std::string("cond_enc.perceiver.attn.") + name, {hidden, hidden});
    }
    matrix("text_emb.weight", {config.text_vocab, hidden});
    matrix("speech_emb.weight", {config.speech_vocab, hidden});
    if (config.backbone == Backbone::kLlama) {
      matrix("text_pos_emb.emb.weight", {config.max_text_tokens + 2, hidden});
      matrix("speech_pos_emb.emb.weight", {config.max_speech_tokens + 4, hidden});
    }
    matrix("text_head.weight", {config.text_vocab, hidden});
    matrix("speech_head.weight", {config.speech_vocab, hidden});
  }

  void llama(const T3Config& config) {
    const std::int64_t hidden = config.hidden, inner = config.heads * config.head_dim;
    matrix("tfmr.embed_tokens.weight", {8, hidden});
    for (int i = 0; i < config.layers; ++i) {
      const std::string layer = "tfmr.layers." + std::to_string(i) + ".";
      matrix(layer + "input_layernorm.weight", {hidden});
      matrix(layer + "post_attention_layernorm.weight", {hidden});
      for (const char* name : {"q", "k", "v"})
        matrix(layer + "self_attn." + name + "_proj.weight", {inner, hidden});
      matrix(layer + "self_attn.o_proj.weight", {hidden, inner});
      for (const char* name : {"gate", "up"})
        matrix(layer + "mlp." + name + "_proj.weight", {config.intermediate, hidden});
      matrix(layer + "mlp.down_proj.weight", {hidden, config.intermediate});
    }
    matrix("tfmr.norm.weight", {hidden});
  }

  // GPT-2's matrices are stored as (in, out).
  void gpt2(const T3Config& config) {
    const std::int64_t hidden = config.hidden, wide = config.intermediate;
    matrix("speech_head.bias", {config.speech_vocab});
    matrix("tfmr.wte.weight", {config.text_vocab, hidden});
    matrix("tfmr.wpe.weight", {config.max_positions, hidden});
    for (int i = 0; i < config.layers; ++i) {
      const std::string layer = "tfmr.h." + std::to_string(i) + ".";
      norm(layer + "ln_1", hidden);
      norm(layer + "ln_2", hidden);
      conv1d(layer + "attn.c_attn", hidden, 3 * hidden);
      conv1d(layer + "attn.c_proj", hidden, hidden);
      conv1d(layer + "mlp.c_fc", hidden, wide);
      conv1d(layer + "mlp.c_proj", wide, hidden);
    }
    norm("tfmr.ln_f", hidden);
  }

  void norm(const std::string& name, std::int64_t size) {
    matrix(name + ".weight", {size});
    matrix(name + ".bias", {size});
  }
  void linear(const std::string& name, const std::vector<std::int64_t>& shape) {
    matrix(name + ".weight", shape);
    matrix(name + ".bias", {shape[0]});
  }
  void conv1d(const std::string& name, std::int64_t in, std::int64_t out) {
    matrix(name + ".weight", {in, out});
    matrix(name + ".bias", {out});
  }

  void matrix(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    std::string sizes;
    for (const std::int64_t size : shape) {
      count *= size;
      sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
    }
    const std::size_t begin = data_size_;
    data_size_ += std::size_t(count) * c10::elementSize(stored_);
    header_ += (header_.empty() ? "{\"" : ",\"") + name + "\":{\"dtype\":\"" +
               (stored_ == at::kBFloat16 ? "BF16" : "F32") + "\",\"shape\":[" + sizes +
               "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(data_size_) +
               "]}";
    // Norms near one; the rest small enough that activations stay of one size.
    const bool is_norm = shape.size() == 1 && name.find("weight") != std::string::npos;
    pieces_.push_back(
        {count, is_norm ? 1.0f : 0.0f, is_norm ? 0.2f : 2.0f / std::sqrt(float(shape.back()))});
  }

  void finish() {
    header_ += "}";
    header_.resize((header_.size() + 63) / 64 * 64 + 56, ' ');
    bytes_.resize(8 + header_.size() + data_size_);
    const std::uint64_t length = header_.size();
    std::memcpy(bytes_.data(), &length, 8);
    std::memcpy(bytes_.data() + 8, header_.data(), header_.size());
    char* out = bytes_.data() + 8 + header_.size();
    std::uint64_t state = seed_;
    for (const Piece& piece : pieces_) {
      for (std::int64_t i = 0; i < piece.count; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const float uniform = float(std::int32_t(state >> 32)) * 0x1p-31f;
        const float value = piece.mean + piece.spread * uniform;
        if (stored_ == at::kBFloat16) {
          const c10::BFloat16 narrow(value);
          std::memcpy(out, &narrow, 2);
          out += 2;
        } else {
          std::memcpy(out, &value, 4);
          out += 4;
        }
      }
    }
  }

  struct Piece {
    std::int64_t count;
    float mean, spread;
  };
  at::ScalarType stored_;
  std::uint64_t seed_;
  std::string header_;
  std::size_t data_size_ = 0;
  std::vector<Piece> pieces_;
  std::vector<char> bytes_;
};

}  // namespace chatterbox::test
