// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "scripted_converter.h"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "chatterbox/error.h"
#include "scripted_synthesizer.h"

namespace chatterbox::gst {

ConverterScenario& converter_scenario() {
  static ConverterScenario scenario;
  return scenario;
}

void reset_converter_scenario() {
  ConverterScenario& scenario = converter_scenario();
  scenario.chunk_ms = 0;
  scenario.fail_at = scenario.throw_at = -1;
  scenario.chunks = scenario.cancelled = 0;
  scenario.at_push = nullptr;
}

namespace {

constexpr std::size_t kHeardPerToken = 640;

class ScriptedConverter final : public VoiceConverter {
 public:
  ScriptedConverter(const std::string& voice_path, const ConversionOptions& options,
                    std::shared_ptr<void> keep)
      : keep_(std::move(keep)), options_(options) {
    set_voice(voice_path);
    level_ = next_level_;
  }

  void set_voice(const std::string& path) override {
    if (path.find("corrupt") != path.npos)
      throw Error(ErrorCode::kBadFile, "expected a voice, got '" + path + "'");
    next_level_ = path.empty() ? 1.0F : 0.5F;
  }

  void push(std::span<const float> samples) override {
    heard_.insert(heard_.end(), samples.begin(), samples.end());
    if (converter_scenario().at_push) std::exchange(converter_scenario().at_push, nullptr)();
  }

  std::vector<float> pop(std::stop_token stop) override {
    const auto latency = std::size_t(Converter::latency(options_));
    if (heard_.size() < next_ + latency) return {};
    return convert(chunk(), stop);
  }

  std::vector<float> drain(std::stop_token stop) override {
    std::vector<float> all;
    while (next_ < heard_.size()) {
      const std::vector<float> chunk =
          convert(std::min(this->chunk(), heard_.size() - next_), stop);
      all.insert(all.end(), chunk.begin(), chunk.end());
    }
    restart();
    return all;
  }

  std::vector<float> abandon() override {
    std::vector<float> rest((heard_.size() * 3 + 1) / 2 - delivered_, 0.0F);
    restart();
    return rest;
  }

  void reset() override { restart(); }
  void set_chunk_size(int tokens) override { options_.chunk_size = tokens; }
  void set_muted(bool muted) override { muted_ = muted; }
  std::int64_t next_chunk() const override { return std::int64_t(next_) * 3 / 2; }
  ConversionStats stats() const override { return stats_; }
  void warm_up(std::stop_token stop) override { warm_up_as_scripted(stop); }

 private:
  std::size_t chunk() const { return std::size_t(options_.chunk_size) * kHeardPerToken; }

  void restart() {
    heard_.clear();
    next_ = delivered_ = 0;
  }

  void work(const std::stop_token& stop) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() <
           begin + std::chrono::milliseconds(converter_scenario().chunk_ms)) {
      if (stop.stop_requested()) {
        ++converter_scenario().cancelled;
        throw Error(ErrorCode::kCancelled, "scripted");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // Straight lines between the samples.
  std::vector<float> convert(std::size_t count, const std::stop_token& stop) {
    if (!muted_) {
      const int index = converter_scenario().chunks++;
      if (index == converter_scenario().fail_at) throw Error(ErrorCode::kModelFailure, "scripted");
      if (index == converter_scenario().throw_at) throw std::logic_error("scripted");
      work(stop);
    }
    level_ = next_level_;
    next_ += count;
    stats_.seconds_converted += double(count) / Converter::kInputRateHz;
    const std::size_t end = (next_ * 3 + 1) / 2;
    std::vector<float> chunk;
    for (; delivered_ < end; ++delivered_) {
      const std::size_t left = delivered_ * 2 / 3;
      const float right_share = float(delivered_ * 2 % 3) / 3.0F;
      const float right = left + 1 < heard_.size() ? heard_[left + 1] : 0.0F;
      const float sample = heard_[left] + right_share * (right - heard_[left]);
      chunk.push_back(muted_ ? 0.0F : level_ * sample);
    }
    // As the real one sets in after silence: 20 ms later, over 20 ms.
    for (std::size_t i = 0; !muted_ && was_muted_ && i < std::min<std::size_t>(960, chunk.size());
         ++i)
      chunk[i] *= i < 480 ? 0.0F : float(i - 480) / 480.0F;
    was_muted_ = muted_;
    return chunk;
  }

  const std::shared_ptr<void> keep_;
  ConversionOptions options_;
  std::vector<float> heard_;
  std::size_t next_ = 0, delivered_ = 0;
  bool muted_ = false, was_muted_ = false;
  float level_ = 1;
  std::atomic<float> next_level_{1};
  ConversionStats stats_;
};

}  // namespace

std::unique_ptr<VoiceConverter> make_scripted_converter(const std::string& voice_path,
                                                        const ConversionOptions& options,
                                                        std::shared_ptr<void> keep) {
  return std::make_unique<ScriptedConverter>(voice_path, options, std::move(keep));
}

}  // namespace chatterbox::gst
