// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <string>

#include "audio/resample.h"
#include "chatterbox/error.h"
#include "chatterbox/watermark.h"
#include "internals.h"
#include "torch_guard.h"
#include "watermark/watermark_decoder.h"
#include "watermark/watermark_frames.h"

namespace chatterbox {
namespace {

using Evidence = WatermarkDecoder::Evidence;

// Rate, Hz, at which recordings are heard whose own rate frames do not fit; upstream's.
constexpr int kFallbackRateHz = 32000;
// Frames judged together while a signal runs: one second.
constexpr std::int64_t kBlock = WatermarkFrames::kFramesPerSecond;
constexpr std::int64_t kContext = WatermarkDecoder::kContext;

// 1 where a frame is loud enough to carry a mark.
at::Tensor loud_frames(const at::Tensor& sums, double loudest) {
  return sums.gt(kWatermarkSilence * loudest).to(at::kFloat);
}

double confine(double confidence) {
  return std::isfinite(confidence) ? std::clamp(confidence, 0.0, 1.0) : 0.0;
}

}  // namespace

struct WatermarkDetector::State {
  explicit State(std::shared_ptr<const WatermarkModel> model_)
      : model(std::move(model_)), decoder(Internals::decoder(*model)) {}

  std::shared_ptr<const WatermarkModel> model;
  const WatermarkDecoder& decoder;

  // While a signal runs:
  std::optional<WatermarkFrames> frames;
  std::size_t window_blocks = 0;
  std::vector<float> heard;  // samples from the next frame's first on
  // Levels and means of the frames before, in and after the block.
  at::Tensor levels, sums;
  std::int64_t before = 0;
  double loudest = 0;
  std::deque<Evidence> blocks;

  void hear() {
    while (std::int64_t(heard.size()) >= frames->window()) hear_frames();
  }

  void hear_frames() {
    const std::int64_t window = frames->window(), hop = frames->hop();
    const std::int64_t count = std::min(kBlock, 1 + (std::int64_t(heard.size()) - window) / hop);
    const at::Tensor samples = at::from_blob(heard.data(), {window + (count - 1) * hop});
    const auto spectra = frames->analyse(samples);
    loudest = std::max(loudest, spectra.sums.max().item<double>());
    levels = levels.defined() ? at::cat({levels, spectra.levels}) : spectra.levels;
    sums = sums.defined() ? at::cat({sums, spectra.sums}) : spectra.sums;
    heard.erase(heard.begin(), heard.begin() + count * hop);
    while (levels.size(0) >= before + kBlock + kContext) judge();
  }

  // Judges the next block; frames that are context of the one after it stay.
  void judge() {
    const std::int64_t seen = before + kBlock + kContext;
    blocks.push_back(decoder(levels.slice(0, 0, seen), loud_frames(sums.slice(0, 0, seen), loudest),
                             before, before + kBlock));
    if (blocks.size() > window_blocks) blocks.pop_front();
    const std::int64_t gone = before + kBlock - kContext;
    levels = levels.slice(0, gone).clone();
    sums = sums.slice(0, gone).clone();
    before = kContext;
  }
};

WatermarkDetector::WatermarkDetector(std::shared_ptr<const WatermarkModel> model)
    : state_(std::make_unique<State>(std::move(model))) {}
WatermarkDetector::~WatermarkDetector() = default;
WatermarkDetector::WatermarkDetector(WatermarkDetector&&) noexcept = default;
WatermarkDetector& WatermarkDetector::operator=(WatermarkDetector&&) noexcept = default;

double WatermarkDetector::confidence(const Audio& recording) const {
  return with_torch([&] {
    const bool direct = WatermarkFrames::takes(recording.rate_hz);
    const Audio resampled = direct ? Audio{} : resample(recording, kFallbackRateHz);
    const Audio& audio = direct ? recording : resampled;
    const WatermarkFrames frames(audio.rate_hz);
    if (std::int64_t(audio.samples.size()) < frames.window()) return 0.0;
    const auto spectra = frames.analyse(at::tensor(frames.mirrored(audio.samples), at::kFloat));
    const double loudest = spectra.sums.max().item<double>();
    return confine(
        state_
            ->decoder(spectra.levels, loud_frames(spectra.sums, loudest), 0, spectra.levels.size(0))
            .confidence());
  });
}

void WatermarkDetector::start(int rate_hz, double window_seconds) {
  if (!(window_seconds >= 1))
    throw Error(ErrorCode::kInvalidArgument,
                "window_seconds: expected 1 or more, got " + std::to_string(window_seconds));
  with_torch([&] {
    State& state = *state_;
    state.frames.emplace(rate_hz);
    state.window_blocks = std::size_t(std::min(window_seconds, 86400.0));
    state.heard.clear();
    state.levels = state.sums = at::Tensor();
    state.before = 0;
    state.loudest = 0;
    state.blocks.clear();
  });
}

void WatermarkDetector::push(std::span<const float> samples) {
  if (!state_->frames)
    throw Error(ErrorCode::kInvalidArgument, "watermark: expected start() before push()");
  state_->heard.insert(state_->heard.end(), samples.begin(), samples.end());
  with_torch([&] { state_->hear(); });
}

double WatermarkDetector::confidence() const {
  Evidence all;
  for (const Evidence& block : state_->blocks) all += block;
  return confine(all.confidence());
}

}  // namespace chatterbox
