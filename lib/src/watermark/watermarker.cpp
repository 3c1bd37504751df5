// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Frames of the signal become levels, the encoder says how much these change, and the change
// alone becomes sound again, which is added to the signal.

#include <algorithm>

#include "chatterbox/watermark.h"
#include "internals.h"
#include "torch_guard.h"
#include "watermark/watermark_encoder.h"
#include "watermark/watermark_frames.h"

namespace chatterbox {
namespace {

// Frames computed at once, at most: memory stays bounded however much is pushed.
constexpr std::int64_t kBatchFrames = 64;
// Upstream marks frames above a twentieth of the loudest frame of the whole recording, of which
// a stream knows the past alone. Mean levels of a recording's loudest frame lie near 0.75, from
// whispers to shouts, so this stands for all of them: -173 dB, which is digital silence.
constexpr double kSilence = kWatermarkSilence * 0.75;
// Rate, Hz, of the mark of recordings with a rate that frames do not fit.
constexpr int kFallbackRateHz = 48000;

}  // namespace

struct Watermarker::State {
  std::shared_ptr<const WatermarkModel> model;
  const WatermarkEncoder& encoder;
  const WatermarkFrames frames;
  WatermarkEncoder::Memory memory;

  // Positions count from the first sample of the signal. Frame k is centred at k * hop.
  std::int64_t pushed = 0;
  std::int64_t popped = 0;
  std::int64_t next_frame = 0;
  // Samples from `heard_start` on, with half a window mirrored in front of position 0.
  std::vector<float> heard;
  std::int64_t heard_start = 0;
  // From position `popped` on: the mark, not yet divided by the overlap of windows.
  std::vector<float> mark, overlap;

  State(std::shared_ptr<const WatermarkModel> model_, int rate_hz)
      : model(std::move(model_)),
        encoder(Internals::encoder(*model)),
        frames(rate_hz),
        memory(encoder.begin()) {}

  void begin() {
    memory = encoder.begin();
    pushed = popped = next_frame = heard_start = 0;
    heard.clear();
    mark.clear();
    overlap.clear();
  }

  // Puts the mirror image in front, once enough of the signal is there.
  void mirror_start() {
    const std::int64_t size = pushed;
    std::vector<float> front(std::size_t(frames.half()));
    for (std::int64_t i = 0; i < frames.half(); ++i)
      front[std::size_t(i)] = heard[std::size_t(mirror(i - frames.half(), size))];
    heard.insert(heard.begin(), front.begin(), front.end());
    heard_start = -frames.half();
  }

  // Computes the frames whose samples are all there.
  void work() {
    if (heard_start == 0 && next_frame == 0) {
      if (pushed <= frames.half()) return;
      mirror_start();
    }
    for (;;) {
      const std::int64_t from = next_frame * frames.hop() - frames.half();
      const std::int64_t there = heard_start + std::int64_t(heard.size()) - from;
      if (there < frames.window()) break;
      const std::int64_t count =
          std::min(kBatchFrames, 1 + (there - frames.window()) / frames.hop());
      mark_frames(from, count);
      next_frame += count;
    }
    // Samples before the next frame are not looked at again, but for those that have not been
    // popped.
    const std::int64_t needed = std::min(popped, next_frame * frames.hop() - frames.half());
    if (needed > heard_start) {
      heard.erase(heard.begin(), heard.begin() + (needed - heard_start));
      heard_start = needed;
    }
  }

  // Adds the mark of `count` frames, the first of which begins at position `from`.
  void mark_frames(std::int64_t from, std::int64_t count) {
    const std::int64_t length = frames.window() + (count - 1) * frames.hop();
    const at::Tensor samples = at::from_blob(heard.data() + (from - heard_start), {length});
    const auto spectra = frames.analyse(samples);
    // Levels are decibels, so a change of level is a factor.
    const at::Tensor factor =
        (encoder(spectra.levels, memory) * (kWatermarkLevelRange / 20 * M_LN10)).expm1_();
    const at::Tensor loud = spectra.sums.gt(kSilence).unsqueeze(1);
    const at::Tensor pieces = frames.synthesise(spectra.bins * (factor * loud)).contiguous();
    const float* piece = pieces.data_ptr<float>();
    const float* hann = frames.hann().data_ptr<float>();

    const std::int64_t end = from + length - popped;
    if (std::int64_t(mark.size()) < end) {
      mark.resize(std::size_t(end), 0.0F);
      overlap.resize(std::size_t(end), 0.0F);
    }
    for (std::int64_t k = 0; k < count; ++k, piece += frames.window()) {
      const std::int64_t start = from + k * frames.hop() - popped;
      for (std::int64_t i = std::max<std::int64_t>(0, -start); i < frames.window(); ++i) {
        mark[std::size_t(start + i)] += piece[i];
        overlap[std::size_t(start + i)] += hann[i] * hann[i];
      }
    }
  }

  // Samples before position `end`, marked.
  std::vector<float> pop_until(std::int64_t end) {
    if (end <= popped) return {};
    const auto count = std::size_t(end - popped);
    const float* plain = heard.data() + (popped - heard_start);
    std::vector<float> marked(count);
    for (std::size_t i = 0; i < count; ++i)
      marked[i] = plain[i] + (overlap[i] > 0 ? mark[i] / overlap[i] : 0.0F);
    mark.erase(mark.begin(), mark.begin() + std::ptrdiff_t(count));
    overlap.erase(overlap.begin(), overlap.begin() + std::ptrdiff_t(count));
    popped = end;
    return marked;
  }
};

Watermarker::Watermarker(std::shared_ptr<const WatermarkModel> model, int rate_hz)
    : state_(with_torch([&] { return std::make_unique<State>(std::move(model), rate_hz); })) {}
Watermarker::~Watermarker() = default;
Watermarker::Watermarker(Watermarker&&) noexcept = default;
Watermarker& Watermarker::operator=(Watermarker&&) noexcept = default;

int Watermarker::lookahead() const { return int(state_->frames.window()); }

void Watermarker::push(std::span<const float> samples) {
  state_->heard.insert(state_->heard.end(), samples.begin(), samples.end());
  state_->pushed += std::int64_t(samples.size());
  with_torch([&] { state_->work(); });
}

std::vector<float> Watermarker::pop() {
  // The next frame begins here, so nothing before changes any more.
  const State& state = *state_;
  return state_->pop_until(state.next_frame * state.frames.hop() - state.frames.half());
}

std::vector<float> Watermarker::drain() {
  State& state = *state_;
  const std::int64_t size = state.pushed;
  if (size > 0)
    with_torch([&] {
      if (state.next_frame == 0 && state.heard_start == 0) state.mirror_start();
      for (std::int64_t i = 0; i < state.frames.half(); ++i)
        state.heard.push_back(state.heard[std::size_t(mirror(size + i, size) - state.heard_start)]);
      state.work();
    });
  std::vector<float> rest = state.pop_until(size);
  state.begin();
  return rest;
}

Audio apply_watermark(const std::shared_ptr<const WatermarkModel>& model, const Audio& audio) {
  const bool direct = WatermarkFrames::takes(audio.rate_hz);
  const Audio plain = direct ? audio : resample(audio, kFallbackRateHz);
  Watermarker watermarker(model, plain.rate_hz);
  watermarker.push(plain.samples);
  Audio marked{watermarker.pop(), plain.rate_hz};
  const std::vector<float> rest = watermarker.drain();
  marked.samples.insert(marked.samples.end(), rest.begin(), rest.end());
  if (direct) return marked;

  // Only the mark changes its rate; the recording keeps all it has.
  for (std::size_t i = 0; i < plain.samples.size(); ++i) marked.samples[i] -= plain.samples[i];
  const Audio mark = resample(marked, audio.rate_hz);
  Audio sum = audio;
  for (std::size_t i = 0; i < std::min(sum.samples.size(), mark.samples.size()); ++i)
    sum.samples[i] += mark.samples[i];
  return sum;
}

}  // namespace chatterbox
