// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/t3.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "chatterbox/error.h"
#include "nn/check.h"
#include "t3/conditioning.h"
#include "t3/decoder.h"

namespace chatterbox {
namespace {

// Upstream's tables have room for start and stop, and two more for speech.
constexpr int kMoreTextPositions = 2;
constexpr int kMoreSpeechPositions = 4;

// Embeddings and conditioning are small and stay with the host in float32.
Weights on_host(const Weights& weights) {
  return weights.with_device(at::kCPU).with_dtype(at::kFloat);
}

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "T3: " + what);
}

}  // namespace

struct T3::Parts {
  Parts(const Weights& weights, const T3Config& config, int threads)
      : config(config),
        threads(threads),
        conditioning(on_host(weights.scope("cond_enc")), config),
        text_embedding(on_host(weights.scope("text_emb")), config.text_vocab, config.hidden),
        speech_embedding(on_host(weights.scope("speech_emb")), config.speech_vocab, config.hidden),
        text_positions(on_host(weights.scope("text_pos_emb.emb")),
                       config.max_text_tokens + kMoreTextPositions, config.hidden),
        speech_positions(on_host(weights.scope("speech_pos_emb.emb")),
                         config.max_speech_tokens + kMoreSpeechPositions, config.hidden),
        llama(weights.scope("tfmr"), config),
        speech_head(Linear::hot(weights.scope("speech_head"), config.hidden, config.speech_vocab)) {
    // Predicts text in training; speaking has no use for it.
    weights.skip("text_head.weight");
    weights.check_all_claimed();
  }

  void check(const T3Request& request) const;
  at::Tensor embed_prompt(const at::Tensor& tokens) const;
  // (rows, T, hidden): start, text, stop; the second row without text.
  at::Tensor embed_text(const std::vector<std::int64_t>& ids, std::int64_t rows) const;
  // What a step is fed: a token at its place in the speech.
  void embed_speech(std::int64_t token, std::int64_t place, std::vector<float>& out) const;
  std::unique_ptr<Decoder> make_decoder(const DecoderOptions& options) const;

  T3Config config;
  int threads;
  ConditioningEncoder conditioning;
  Embedding text_embedding, speech_embedding, text_positions, speech_positions;
  Llama llama;
  Linear speech_head;
};

void T3::Parts::check(const T3Request& request) const {
  if (request.text_ids.empty()) invalid("expected text, got none");
  if (request.text_ids.size() > std::size_t(config.max_text_tokens))
    invalid("expected at most " + std::to_string(config.max_text_tokens) + " text tokens, got " +
            std::to_string(request.text_ids.size()));
  for (const std::int64_t id : request.text_ids)
    if (id < 0 || id >= config.text_vocab)
      invalid("expected text ids below " + std::to_string(config.text_vocab) + ", got " +
              std::to_string(id));
  check_shape("speaker embedding", request.speaker_embedding, {1, config.speaker_embedding});
  check_shape("speech prompt", request.speech_prompt, {1, kAny});
  const at::Tensor& prompt = request.speech_prompt;
  if (prompt.size(1) > config.max_speech_tokens ||
      (prompt.numel() > 0 && (prompt.min().item<std::int64_t>() < 0 ||
                              prompt.max().item<std::int64_t>() >= config.speech_vocab)))
    invalid("expected speech prompt tokens below " + std::to_string(config.speech_vocab));
}

at::Tensor T3::Parts::embed_prompt(const at::Tensor& tokens) const {
  return speech_embedding(tokens) + speech_positions.weight.narrow(0, 0, tokens.size(1));
}

at::Tensor T3::Parts::embed_text(const std::vector<std::int64_t>& text, std::int64_t rows) const {
  std::vector<std::int64_t> ids;
  if (config.start_text) ids.push_back(*config.start_text);
  ids.insert(ids.end(), text.begin(), text.end());
  if (config.stop_text) ids.push_back(*config.stop_text);
  const auto count = std::int64_t(ids.size());
  at::Tensor embedded = text_embedding(at::tensor(ids)).unsqueeze(0);
  // Upstream empties the second row before positions are added, so that the
  // model still knows how long the text is.
  if (rows == 2) embedded = at::cat({embedded, at::zeros_like(embedded)});
  return embedded + text_positions.weight.narrow(0, 0, count);
}

void T3::Parts::embed_speech(std::int64_t token, std::int64_t place,
                             std::vector<float>& out) const {
  const float* meaning = speech_embedding.weight.data_ptr<float>() + token * config.hidden;
  const float* position = speech_positions.weight.data_ptr<float>() + place * config.hidden;
  for (int i = 0; i < config.hidden; ++i) out[std::size_t(i)] = meaning[i] + position[i];
}

std::unique_ptr<Decoder> T3::Parts::make_decoder(const DecoderOptions& options) const {
  return speech_head.weight.is_cpu() ? make_raw_decoder(llama, speech_head, options)
                                     : make_tensor_decoder(llama, speech_head, options);
}

T3::T3(const Weights& weights, const T3Config& config, int threads)
    : parts_(std::make_unique<const Parts>(weights, config, threads)) {}
T3::~T3() = default;

const T3Config& T3::config() const { return parts_->config; }

std::vector<std::int64_t> T3::generate(const T3Request& request, const TokenSink& sink,
                                       const T3Trace& trace) const {
  const at::NoGradGuard no_gradients;
  const Parts& parts = *parts_;
  const T3Config& config = parts.config;
  parts.check(request);
  const SamplingOptions& sampling = request.sampling;
  const std::int64_t rows = sampling.cfg_weight > 0 ? 2 : 1;
  const int most = std::clamp(sampling.max_tokens, 1, config.max_speech_tokens);

  const at::Tensor conditioning = parts.conditioning(
      request.speaker_embedding, parts.embed_prompt(request.speech_prompt), request.exaggeration);
  if (trace.conditioning) trace.conditioning(conditioning);
  const at::Tensor prefix =
      at::cat({conditioning.expand({rows, -1, -1}), parts.embed_text(request.text_ids, rows)}, 1);

  std::optional<AlignmentTracker> tracker;
  if (config.alignment) tracker.emplace(*config.alignment, int(request.text_ids.size()));
  DecoderOptions options;
  options.rows = rows;
  options.capacity = prefix.size(1) + 2 + most;
  options.text_begin = conditioning.size(1) + 1;
  options.tracker = tracker ? &*tracker : nullptr;
  options.threads = parts.threads > 0 ? parts.threads : at::get_num_threads();
  const std::unique_ptr<Decoder> decoder = parts.make_decoder(options);
  decoder->prefill(prefix);

  // Upstream begins speech with the start token twice, both at place 0.
  std::vector<float> embedding(std::size_t(config.hidden));
  parts.embed_speech(config.start_speech, 0, embedding);
  decoder->step(embedding.data(), /*want_logits=*/false);
  float* logits = decoder->step(embedding.data(), /*want_logits=*/true);

  Sampler sampler(sampling, config.speech_vocab);
  sampler.remember(config.start_speech);
  const auto show = [&](int step, const char* filter) {
    if (trace.filtered)
      trace.filtered(step, filter,
                     at::from_blob(logits, {config.speech_vocab}, at::kFloat).clone());
  };

  std::vector<std::int64_t> tokens;
  for (int step = 0; step < most; ++step) {
    if (tracker && tracker->must_end()) break;
    if (trace.logits)
      trace.logits(step, at::from_blob(logits, {rows, config.speech_vocab}, at::kFloat).clone());
    if (rows == 2) sampler.guide(logits, logits + config.speech_vocab);
    if (tracker && !tracker->may_end())
      logits[config.stop_speech] = -std::numeric_limits<float>::infinity();
    show(step, "guidance");
    sampler.penalize(logits);
    show(step, "penalty");
    if (sampling.temperature > 0) {
      sampler.apply_temperature(logits);
      show(step, "temperature");
      sampler.apply_min_p(logits);
      show(step, "min_p");
      sampler.apply_top_p(logits);
      show(step, "top_p");
    }
    const std::int64_t token = sampler.draw(logits);
    if (token == config.stop_speech) break;
    sampler.remember(token);
    tokens.push_back(token);
    if (sink && !sink(token, tracker ? tracker->peak() : -1)) break;
    if (step + 1 == most) break;
    parts.embed_speech(token, step + 1, embedding);
    logits = decoder->step(embedding.data(), /*want_logits=*/true);
  }
  return tokens;
}

}  // namespace chatterbox
