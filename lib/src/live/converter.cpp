// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Live conversion on one page: speech is heard as tokens a chunk at a time, and
// the tokens are spoken in the other voice.

#include "chatterbox/converter.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <numbers>
#include <string>
#include <utility>

#include "chatterbox/error.h"
#include "chatterbox/watermark.h"
#include "internals.h"
#include "live/live_shape.h"
#include "live/live_speech.h"
#include "live/live_tokenizer.h"
#include "live/silence_gate.h"
#include "model_parts.h"
#include "nn/threads.h"
#include "seconds_since.h"
#include "seeds.h"
#include "torch_guard.h"
#include "turns.h"

namespace chatterbox {
namespace {

using Clock = std::chrono::steady_clock;

// Samples over which one voice gives way to another, 20 ms.
constexpr std::int64_t kVoiceFade = 480;
// Tokens a new voice says unheard, so that it is in full swing when it is heard.
constexpr std::int64_t kWarmTokens = 8;

// Fades `from` out and `to` in.
at::Tensor cross_fade(const at::Tensor& from, const at::Tensor& to) {
  const std::int64_t shared = std::min(kVoiceFade, to.size(0));
  const at::Tensor angle =
      (at::arange(shared, at::kFloat) + 0.5f) * (std::numbers::pi / 2 / double(shared));
  at::Tensor mixed = to.clone();
  mixed.narrow(0, 0, shared).mul_(angle.sin()).add_(from.narrow(0, 0, shared) * angle.cos());
  return mixed;
}

}  // namespace

struct Converter::Impl {
  Impl(std::shared_ptr<const Model> given, const Voice& first_voice,
       const ConversionOptions& chosen)
      : model(std::move(given)),
        parts(Internals::parts(*model)),
        options(chosen),
        shape(chosen),
        seed(chosen.seed ? *chosen.seed : fresh_seed()),
        voice(prepare(first_voice)) {
    restart();
  }

  std::shared_ptr<const PromptCache> prepare(const Voice& given) const {
    return with_torch([&] {
      use_threads(parts.threads);
      return parts.prompt(given, parts.attention.streaming, options.flow_steps);
    });
  }

  void restart() {
    tokenizer.emplace(*parts.s3tokenizer, LiveShape::kContext);
    gate.emplace(options.silence_threshold);
    speech = nullptr;
    said = at::empty({0}, at::kLong);
    pushed = delivered = next = 0;
    watermarker.reset();
    if (options.watermark) watermarker.emplace(parts.watermark());
  }

  void hear(std::span<const float> samples) {
    tokenizer->push(samples);
    gate->push(samples);
  }

  // Samples of output that all of the input so far stands for.
  std::int64_t due() const { return (pushed * 3 + 1) / 2; }

  template <typename Work>
  std::vector<float> work_on(std::stop_token asked, Work&& work);
  void convert(std::int64_t count, std::int64_t ahead, std::vector<float>& out);
  at::Tensor speak(const at::Tensor& now, const at::Tensor& later);
  std::vector<float> mark(std::vector<float> samples, bool last);
  std::unique_ptr<LiveSpeech> begin_speech();
  void end_speech(std::vector<float>& out);
  void deliver(const at::Tensor& samples, std::vector<float>& out);

  const std::shared_ptr<const Model> model;
  const ModelParts& parts;
  ConversionOptions options;
  LiveShape shape;
  const std::uint64_t seed;
  std::uint64_t begun = 0;  // stretches of speech, each with noise of its own
  std::stop_token stop;     // of the call in progress
  ConversionStats stats;
  bool muted = false;

  std::shared_ptr<const PromptCache> voice;
  std::mutex voice_lock;
  std::shared_ptr<const PromptCache> next_voice;  // voice_lock

  std::optional<LiveTokenizer> tokenizer;
  std::optional<SilenceGate> gate;
  std::unique_ptr<LiveSpeech> speech;  // none while nobody speaks
  at::Tensor said;                     // the newest tokens of it
  std::optional<Watermarker> watermarker;
  std::int64_t pushed = 0;     // samples in
  std::int64_t delivered = 0;  // samples out
  std::int64_t next = 0;       // the token that the next chunk begins with
};

// Everything converted leaves through here.
void Converter::Impl::deliver(const at::Tensor& samples, std::vector<float>& out) {
  const at::Tensor wave = samples.to(at::kCPU, at::kFloat).contiguous();
  out.insert(out.end(), wave.data_ptr<float>(), wave.data_ptr<float>() + wave.numel());
  delivered += wave.numel();
}

// The same samples, marked; the last 64 ms stay behind until the end.
std::vector<float> Converter::Impl::mark(std::vector<float> samples, bool last) {
  if (!watermarker) return samples;
  watermarker->push(samples);
  std::vector<float> marked = watermarker->pop();
  if (last) {
    const std::vector<float> rest = watermarker->drain();
    marked.insert(marked.end(), rest.begin(), rest.end());
  }
  return marked;
}

std::unique_ptr<LiveSpeech> Converter::Impl::begin_speech() {
  LiveSpeech::Options speech_options;
  speech_options.seed = seed + begun++;
  speech_options.vocoder_lookahead = shape.vocoder_lookahead;
  speech_options.checkpoint = [this] { check_stop(stop); };
  return std::make_unique<LiveSpeech>(*parts.s3gen, *parts.hift, voice, speech_options);
}

void Converter::Impl::end_speech(std::vector<float>& out) {
  if (!speech) return;
  deliver(speech->finish(), out);
  speech = nullptr;
  said = at::empty({0}, at::kLong);
}

// A new voice first says, unheard, what the old one said last.
at::Tensor Converter::Impl::speak(const at::Tensor& now, const at::Tensor& later) {
  const std::int64_t warm = std::max(kWarmTokens, shape.vocoder_lookahead / 2 + 2);
  std::shared_ptr<const PromptCache> other;
  // Speech that has only just begun goes on in its voice for a chunk or two.
  if (!speech || said.size(0) >= std::min(warm, shape.vocoder_lookahead / 2 + 2)) {
    const std::lock_guard guard(voice_lock);
    other = std::exchange(next_voice, nullptr);
  }
  if (other) voice = other;
  at::Tensor samples;
  if (!speech || !other) {
    if (!speech) speech = begin_speech();
    samples = speech->push(now, later);
  } else {
    const at::Tensor before = speech->push(now, later);
    speech = begin_speech();
    speech->push(said, at::cat({now, later}).slice(0, 0, kLookaheadTokens));
    samples = cross_fade(before, speech->push(now, later));
  }
  said = at::cat({said, now});
  said = said.slice(0, std::max<std::int64_t>(0, said.size(0) - warm)).clone();
  return samples;
}

void Converter::Impl::convert(std::int64_t count, std::int64_t ahead, std::vector<float>& out) {
  const double seconds = double(count) / kTokenRateHz;
  if (muted || !gate->is_open(next, next + count + ahead)) {
    end_speech(out);
    tokenizer->skip(next);
    deliver(at::zeros({count * kSamplesPerToken}, at::kFloat), out);
    stats.seconds_silent += seconds;
  } else {
    const at::Tensor tokens = tokenizer->tokens(next, next + count, ahead);
    check_stop(stop);
    deliver(speak(tokens.slice(0, 0, count), tokens.slice(0, count)), out);
    stats.seconds_converted += seconds;
  }
  next += count;
}

template <typename Work>
std::vector<float> Converter::Impl::work_on(std::stop_token asked, Work&& work) {
  return with_torch([&] {
    stop = std::move(asked);
    const Turn turn(*parts.turns, stop);
    use_threads(parts.threads);
    const SerialLibtorch serial;
    const auto start = Clock::now();
    std::vector<float> out;
    work(out);
    const double took = seconds_since(start);
    stats.seconds_of_work += took;
    stats.seconds_of_slowest = std::max(stats.seconds_of_slowest, took);
    return out;
  });
}

Converter::Converter(std::shared_ptr<const Model> model, const Voice& voice,
                     const ConversionOptions& options) {
  if (!model) throw Error(ErrorCode::kInvalidArgument, "expected a model, got none");
  check(options);
  impl_ = std::make_unique<Impl>(std::move(model), voice, options);
}

Converter::~Converter() = default;

void Converter::push(std::span<const float> samples) {
  with_torch([&] {
    use_threads(impl_->parts.threads);
    impl_->hear(samples);
    impl_->pushed += std::int64_t(samples.size());
  });
}

std::vector<float> Converter::pop(std::stop_token stop) {
  Impl& self = *impl_;
  std::vector<float> marked;
  // The watermark may hold back all of the first chunk.
  while (marked.empty() &&
         self.tokenizer->heard() >= self.next + self.shape.chunk + self.shape.ahead)
    marked = self.mark(self.work_on(stop,
                                    [&](std::vector<float>& out) {
                                      self.convert(self.shape.chunk, self.shape.ahead, out);
                                    }),
                       /*last=*/false);
  return marked;
}

std::vector<float> Converter::drain(std::stop_token stop) {
  Impl& self = *impl_;
  if (self.pushed == 0) return {};
  const std::int64_t missing = self.due() - self.delivered;
  const std::int64_t tokens = (self.pushed + kHeardPerToken - 1) / kHeardPerToken;
  std::vector<float> rest = self.work_on(std::move(stop), [&](std::vector<float>& out) {
    const std::vector<float> silence(
        std::size_t(tokens * kHeardPerToken - self.pushed + kHeardEdge), 0.0f);
    self.hear(silence);
    while (self.next < tokens) {
      const std::int64_t count = std::min(self.shape.chunk, tokens - self.next);
      self.convert(count, std::min(self.shape.ahead, tokens - self.next - count), out);
    }
    self.end_speech(out);
  });
  // The last token is whole and what was said need not be.
  rest.resize(std::size_t(missing), 0.0f);
  rest = self.mark(std::move(rest), /*last=*/true);
  self.restart();
  return rest;
}

std::vector<float> Converter::abandon() {
  Impl& self = *impl_;
  std::vector<float> rest(std::size_t(std::max<std::int64_t>(0, self.due() - self.delivered)));
  if (self.speech) {
    const at::Tensor tail = self.speech->tail();
    const auto count = std::min(std::size_t(tail.numel()), rest.size());
    for (std::size_t i = 0; i < count; ++i)
      rest[i] = tail.data_ptr<float>()[i] * (1.0f - float(i) / float(count));
  }
  rest = self.mark(std::move(rest), /*last=*/true);
  self.restart();
  return rest;
}

void Converter::reset() {
  impl_->begun = 0;
  impl_->restart();
}

void Converter::set_voice(const Voice& voice) {
  auto prepared = impl_->prepare(voice);
  const std::lock_guard guard(impl_->voice_lock);
  impl_->next_voice = std::move(prepared);
}

void Converter::set_chunk_size(int tokens) {
  ConversionOptions changed = impl_->options;
  changed.chunk_size = tokens;
  check(changed);
  impl_->options = changed;
  impl_->shape = LiveShape(changed);
}

void Converter::set_muted(bool muted) { impl_->muted = muted; }

std::int64_t Converter::next_chunk() const { return impl_->next * kSamplesPerToken; }

void Converter::warm_up(std::stop_token stop) {
  std::vector<float> sound(kInputRateHz);
  for (std::size_t i = 0; i < sound.size(); ++i)  // a buzz, so that all of it is speech
    sound[i] = i % 160 < 16 ? 0.3f : -0.03f;
  push(sound);
  while (!pop(stop).empty()) {
  }
  drain(stop);
  impl_->begun = 0;
  impl_->stats = {};
}

const ConversionStats& Converter::stats() const { return impl_->stats; }

}  // namespace chatterbox
