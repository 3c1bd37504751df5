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
#include "t3/lookahead.h"
#include "t3/raw_prefill.h"
#include "t3/transformer.h"

namespace chatterbox {
namespace {

// Upstream's tables have room for start and stop, and two more for speech.
constexpr int kMoreTextPositions = 2;
constexpr int kMoreSpeechPositions = 4;
// Bytes of the layers' widening matrices below which a model stays in or near the caches.
constexpr std::int64_t kSmallFeedForward = 50 << 20;

// Embeddings and conditioning are small and stay with the host in float32.
Weights on_host(const Weights& weights) {
  return weights.with_device(at::kCPU).with_dtype(at::kFloat);
}

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "T3: " + what);
}

}  // namespace

struct T3::Parts {
  Parts(const Weights& weights, const T3Config& config, int threads, Guesses guesses);

  void check_voice(const T3Request& request) const;
  void check_text(const T3Request& request) const;
  // (1, C, hidden), without learned positions in the whole sequence.
  at::Tensor condition(const T3Request& request) const;
  // (rows, T, hidden) from place `first` of the whole sequence on: start, text, stop; the
  // second row without text.
  at::Tensor embed_text(const std::vector<std::int64_t>& ids, std::int64_t rows,
                        std::int64_t first) const;
  std::int64_t text_length(const T3Request& request) const;
  // Most speech tokens after so many positions of voice and text.
  std::int64_t most_tokens(const SamplingOptions& sampling, std::int64_t position) const;
  bool penalty_last() const { return config.sampling == Sampling::kPenaltyLast; }
  // Input of a step: a token at its place in the speech and in the whole sequence.
  void embed_speech(std::int64_t token, std::int64_t place, std::int64_t position,
                    float* out) const;
  bool on_processor() const { return speech_head.weight.is_cpu(); }
  int team() const { return threads > 0 ? threads : at::get_num_threads(); }
  // The alignment head has to see one position after the other.
  bool may_guess() const;
  bool guesses_pay() const;
  // Keys and values of x (1, T, hidden), at the first positions.
  KvCache prefill(const at::Tensor& x) const;

  T3Config config;
  int threads;
  ConditioningEncoder conditioning;
  Embedding text_embedding, speech_embedding;
  // Llama has learned positions per text and speech, GPT-2 for the whole sequence.
  std::optional<Embedding> text_positions, speech_positions, positions;
  Transformer transformer;
  Linear speech_head;
  std::optional<DraftModel> draft;
};

T3::Parts::Parts(const Weights& weights, const T3Config& config, int threads, Guesses guesses)
    : config(config),
      threads(threads),
      conditioning(on_host(weights.scope("cond_enc")), config),
      text_embedding(on_host(weights.scope("text_emb")), config.text_vocab, config.hidden),
      speech_embedding(on_host(weights.scope("speech_emb")), config.speech_vocab, config.hidden),
      transformer(weights.scope("tfmr"), config),
      speech_head(Linear::hot(weights.scope("speech_head"), config.hidden, config.speech_vocab,
                              config.backbone == Backbone::kGpt2 ? Bias::kYes : Bias::kNone)) {
  const auto table = [&](const char* name, std::int64_t rows) {
    return Embedding(on_host(weights.scope(name)), rows, config.hidden);
  };
  if (config.backbone == Backbone::kGpt2) {
    positions = table("tfmr.wpe", config.max_positions);
  } else {
    text_positions = table("text_pos_emb.emb", config.max_text_tokens + kMoreTextPositions);
    speech_positions = table("speech_pos_emb.emb", config.max_speech_tokens + kMoreSpeechPositions);
  }
  // The head that predicts text is used in training only.
  weights.skip("text_head.weight");
  weights.check_all_claimed();
  if (may_guess() &&
      (guesses == Guesses::kAlways || (guesses == Guesses::kWhereTheyPay && guesses_pay())))
    draft.emplace(transformer, speech_head);
}

void T3::Parts::check_voice(const T3Request& request) const {
  check_shape("speaker embedding", request.speaker_embedding, {1, config.speaker_embedding});
  check_shape("speech prompt", request.speech_prompt, {1, kAny});
  const at::Tensor& prompt = request.speech_prompt;
  if (prompt.size(1) > config.max_speech_tokens ||
      (prompt.numel() > 0 && (prompt.min().item<std::int64_t>() < 0 ||
                              prompt.max().item<std::int64_t>() >= config.speech_vocab)))
    invalid("expected speech prompt tokens below " + std::to_string(config.speech_vocab));
}

void T3::Parts::check_text(const T3Request& request) const {
  if (request.text_ids.empty()) invalid("expected text, got none");
  if (request.text_ids.size() > std::size_t(config.max_text_tokens))
    invalid("expected at most " + std::to_string(config.max_text_tokens) + " text tokens, got " +
            std::to_string(request.text_ids.size()));
  for (const std::int64_t id : request.text_ids)
    if (id < 0 || id >= config.text_vocab)
      invalid("expected text ids below " + std::to_string(config.text_vocab) + ", got " +
              std::to_string(id));
}

at::Tensor T3::Parts::condition(const T3Request& request) const {
  at::Tensor prompt = speech_embedding(request.speech_prompt);
  if (speech_positions) prompt = prompt + speech_positions->weight.narrow(0, 0, prompt.size(1));
  return conditioning(request.speaker_embedding, prompt, request.exaggeration);
}

at::Tensor T3::Parts::embed_text(const std::vector<std::int64_t>& text, std::int64_t rows,
                                 std::int64_t first) const {
  std::vector<std::int64_t> ids;
  if (config.start_text) ids.push_back(*config.start_text);
  ids.insert(ids.end(), text.begin(), text.end());
  if (config.stop_text) ids.push_back(*config.stop_text);
  const auto count = std::int64_t(ids.size());
  at::Tensor embedded = text_embedding(at::tensor(ids)).unsqueeze(0);
  // Upstream empties the second row before positions are added, so that the
  // model still knows how long the text is.
  if (rows == 2) embedded = at::cat({embedded, at::zeros_like(embedded)});
  if (text_positions) embedded = embedded + text_positions->weight.narrow(0, 0, count);
  return positions ? embedded + positions->weight.narrow(0, first, count) : embedded;
}

std::int64_t T3::Parts::text_length(const T3Request& request) const {
  return std::int64_t(request.text_ids.size()) + config.start_text.has_value() +
         config.stop_text.has_value();
}

std::int64_t T3::Parts::most_tokens(const SamplingOptions& sampling, std::int64_t position) const {
  // Upstream's loop with the penalty last makes a token before it begins to count.
  const std::int64_t most = std::clamp<std::int64_t>(
      std::int64_t(sampling.max_tokens) + penalty_last(), 1, config.max_speech_tokens);
  if (!positions) return most;
  const std::int64_t room = config.max_positions - position - config.start_tokens;
  if (room < 1)
    invalid("expected at most " + std::to_string(config.max_positions) +
            " positions for voice, text and speech, got " + std::to_string(position) +
            " of voice and text");
  return std::min(most, room);
}

void T3::Parts::embed_speech(std::int64_t token, std::int64_t place, std::int64_t position,
                             float* out) const {
  const float* meaning = speech_embedding.weight.data_ptr<float>() + token * config.hidden;
  const float* where = speech_positions
                           ? speech_positions->weight.data_ptr<float>() + place * config.hidden
                           : positions->weight.data_ptr<float>() + position * config.hidden;
  for (int i = 0; i < config.hidden; ++i) out[i] = meaning[i] + where[i];
}

bool T3::Parts::may_guess() const {
  return on_processor() && speech_head.weight.scalar_type() != at::kChar && !config.alignment;
}

bool T3::Parts::guesses_pay() const {
  const at::Tensor& matrix = transformer.layers().front().up.weight;
  return matrix.scalar_type() == at::kFloat &&
         std::int64_t(matrix.nbytes()) * config.layers > kSmallFeedForward;
}

KvCache T3::Parts::prefill(const at::Tensor& x) const {
  const std::int64_t length = x.size(1);
  if (!on_processor()) {
    KvCache cache = transformer.make_cache(/*rows=*/1, length);
    transformer.prefill(x, cache);
    return cache;
  }
  KvCache cache = transformer.make_raw_cache(/*rows=*/1, length);
  raw_prefill(transformer, x, cache, team());
  return cache;
}

T3::T3(const Weights& weights, const T3Config& config, int threads, Guesses guesses)
    : parts_(std::make_unique<const Parts>(weights, config, threads, guesses)) {}
T3::~T3() = default;

const T3Config& T3::config() const { return parts_->config; }

std::shared_ptr<const VoicePrefix> T3::hear(const T3Request& request) const {
  const at::NoGradGuard no_gradients;
  const Parts& parts = *parts_;
  parts.check_voice(request);
  const at::Tensor conditioning = parts.condition(request);
  const std::int64_t length = conditioning.size(1);
  const at::Tensor placed =
      parts.positions ? conditioning + parts.positions->weight.narrow(0, 0, length) : conditioning;
  return std::make_shared<VoicePrefix>(VoicePrefix{conditioning, parts.prefill(placed)});
}

std::vector<std::int64_t> T3::generate(const T3Request& request, const TokenSink& sink,
                                       const T3Trace& trace) const {
  const at::NoGradGuard no_gradients;
  const Parts& parts = *parts_;
  const T3Config& config = parts.config;
  parts.check_text(request);
  const SamplingOptions& sampling = request.sampling;
  const std::int64_t rows = config.guidance && sampling.cfg_weight > 0 ? 2 : 1;
  const bool penalty_last = parts.penalty_last();

  const auto prefix = request.prefix ? request.prefix : hear(request);
  if (trace.conditioning) trace.conditioning(prefix->conditioning);
  const std::int64_t voice = prefix->cache.length;
  std::int64_t position = voice + parts.text_length(request);
  const std::int64_t most = parts.most_tokens(sampling, position);
  const at::Tensor text = parts.embed_text(request.text_ids, rows, voice);

  std::optional<AlignmentTracker> tracker;
  if (config.alignment) tracker.emplace(*config.alignment, int(request.text_ids.size()));
  DecoderOptions options;
  options.rows = rows;
  options.capacity = position + config.start_tokens + most;
  options.text_begin = voice + config.start_text.has_value();
  options.tracker = tracker ? &*tracker : nullptr;
  options.draft = parts.draft ? &*parts.draft : nullptr;
  options.threads = parts.team();
  options.threads_now = request.threads;
  std::unique_ptr<DraftingDecoder> raw;
  if (parts.on_processor()) raw = make_raw_decoder(parts.transformer, parts.speech_head, options);
  const std::unique_ptr<Decoder> plain =
      raw ? nullptr : make_tensor_decoder(parts.transformer, parts.speech_head, options);
  Decoder& decoder = raw ? *raw : *plain;
  decoder.begin_with(prefix->cache);
  decoder.prefill(text);

  std::vector<float> embedding(std::size_t(config.hidden));
  float* logits = nullptr;
  for (int i = 1; i <= config.start_tokens; ++i) {
    parts.embed_speech(config.start_speech, /*place=*/0, position++, embedding.data());
    logits = decoder.step(embedding.data(), /*want_logits=*/i == config.start_tokens);
  }
  // Place 1 is the first token's.
  const std::int64_t origin = position - 1;

  Sampler sampler(sampling, config.speech_vocab);
  sampler.remember(config.start_speech);
  const auto choose = [&](float* logits, Sampler& sampler, const auto& show) {
    if (rows == 2) sampler.guide(logits, logits + config.speech_vocab);
    if (tracker && !tracker->may_end())
      logits[config.stop_speech] = -std::numeric_limits<float>::infinity();
    show("guidance");
    for (const Filter filter : filters_of(config.sampling)) {
      sampler.apply(filter, logits);
      show(to_string(filter));
      // Without temperature the likeliest token is taken, which no later filter drops.
      if (sampling.temperature == 0 && filter == Filter::kPenalty) break;
    }
    return sampler.draw(logits);
  };
  std::optional<Lookahead> lookahead;
  if (raw && parts.draft)
    lookahead.emplace(
        *raw,
        Lookahead::Sizes{.hidden = config.hidden,
                         .logits = rows * config.speech_vocab,
                         .origin = origin,
                         .most = most,
                         .stop_token = config.stop_speech},
        [&](std::int64_t token, std::int64_t place, float* out) {
          parts.embed_speech(token, place, origin + place, out);
        },
        [&](float* logits, Sampler& sampler) {
          return choose(logits, sampler, [](const char*) {});
        });

  std::vector<std::int64_t> tokens;
  for (int step = 0; step < most; ++step) {
    if (tracker && tracker->must_end()) break;
    if (trace.logits)
      trace.logits(step, at::from_blob(logits, {rows, config.speech_vocab}, at::kFloat).clone());
    const at::Tensor one = at::from_blob(logits, {config.speech_vocab}, at::kFloat);
    const auto show = [&](const char* filter) {
      if (trace.filtered) trace.filtered(step, filter, one.clone());
    };
    std::int64_t token = choose(logits, sampler, show);
    if (trace.choose) token = trace.choose(one);
    // With the penalty last, upstream ignores a stop token in the first place, and counts the start
    // token as seen for that place only.
    const bool may_end = !penalty_last || step > 0;
    if (token == config.stop_speech && may_end) break;
    if (penalty_last && step == 0) sampler.forget(config.start_speech);
    sampler.remember(token);
    tokens.push_back(token);
    if (sink && !sink(token, tracker ? tracker->peak() : -1)) break;
    if (step + 1 == most) break;
    const std::int64_t place = step + 1;
    if (lookahead) {
      logits = lookahead->step(token, place, sampler);
      continue;
    }
    parts.embed_speech(token, place, origin + place, embedding.data());
    logits = decoder.step(embedding.data(), /*want_logits=*/true);
  }
  return tokens;
}

}  // namespace chatterbox
