// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Against upstream's own package: tests/golden/record_watermark.py made the files.
#include "chatterbox/watermark.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "nn/threads.h"
#include "support/npy.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

const std::string kGolden = std::string(TESTS_DIR) + "/golden/watermark/";

std::shared_ptr<const WatermarkModel> model() {
  use_threads(1);
  static const auto loaded = WatermarkModel::load(std::string(TESTS_DIR) + "/../models/watermark");
  return loaded;
}

// "plain", or "marked" by upstream: the files hold the plain signal and the mark alone.
Audio golden_audio(const std::string& name) {
  const auto read = [](const char* file) {
    return test::read_npy(kGolden + file).to(at::kFloat).contiguous();
  };
  at::Tensor wave = read("plain.npy");
  if (name == "marked") wave = wave + read("mark.npy");
  return {{wave.data_ptr<float>(), wave.data_ptr<float>() + wave.numel()}, 24000};
}

nlohmann::json golden_facts() {
  std::ifstream file(kGolden + "golden.json");
  return nlohmann::json::parse(file);
}

Audio tone_and_noise(int rate_hz, double seconds) {
  return {synthetic::signal(rate_hz, seconds), rate_hz};
}

std::vector<float> difference(const Audio& a, const Audio& b) {
  std::vector<float> result(std::min(a.samples.size(), b.samples.size()));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = a.samples[i] - b.samples[i];
  return result;
}

double energy(const std::vector<float>& wave) {
  double sum = 0;
  for (const float sample : wave) sum += double(sample) * sample;
  return sum;
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double product = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) product += double(a[i]) * b[i];
  return product / std::sqrt(energy(a) * energy(b));
}

// The marked signal when it is pushed in pieces of `size` samples.
Audio in_pieces(const Audio& audio, std::size_t size) {
  Watermarker watermarker(model(), audio.rate_hz);
  Audio marked{{}, audio.rate_hz};
  for (std::size_t begin = 0; begin < audio.samples.size(); begin += size) {
    const std::size_t end = std::min(begin + size, audio.samples.size());
    watermarker.push({audio.samples.data() + begin, end - begin});
    const std::vector<float> ready = watermarker.pop();
    marked.samples.insert(marked.samples.end(), ready.begin(), ready.end());
    EXPECT_LE(end - marked.samples.size(), std::size_t(watermarker.lookahead()));
  }
  const std::vector<float> rest = watermarker.drain();
  marked.samples.insert(marked.samples.end(), rest.begin(), rest.end());
  return marked;
}

TEST(Watermarker, MarksAsUpstreamDoes) {
  const Audio plain = golden_audio("plain");
  const Audio ours = apply_watermark(model(), plain);
  ASSERT_EQ(ours.samples.size(), plain.samples.size());
  const std::vector<float> upstream = difference(golden_audio("marked"), plain);
  EXPECT_GE(correlation(difference(ours, plain), upstream), 0.999);
  EXPECT_NEAR(energy(difference(ours, plain)) / energy(upstream), 1.0, 0.05);
}

TEST(WatermarkDetector, HearsWhatUpstreamHears) {
  const WatermarkDetector detector(model());
  const nlohmann::json facts = golden_facts();
  for (const char* name : {"plain", "marked"})
    EXPECT_NEAR(detector.confidence(golden_audio(name)),
                facts.at("confidence").at(name).get<double>(), 1e-3)
        << name;
}

TEST(WatermarkDetector, FindsOurMarkAndNoOther) {
  const WatermarkDetector detector(model());
  const Audio plain = golden_audio("plain");
  EXPECT_LT(detector.confidence(plain), 0.3);
  const Audio marked = apply_watermark(model(), plain);
  EXPECT_GT(detector.confidence(marked), 0.7);
  for (const int rate_hz : {16000, 32000, 44100, 48000}) {
    EXPECT_GT(detector.confidence(resample(marked, rate_hz)), 0.7) << rate_hz;
    EXPECT_GT(detector.confidence(apply_watermark(model(), resample(plain, rate_hz))), 0.7)
        << rate_hz;
  }
}

TEST(Watermarker, DoesNotDependOnHowTheSignalIsCut) {
  const Audio plain = golden_audio("plain");
  const Audio whole = apply_watermark(model(), plain);
  for (const std::size_t size : {1UL << 20, 12345UL, 2400UL, 240UL, 101UL}) {
    const Audio pieces = in_pieces(plain, size);
    ASSERT_EQ(pieces.samples.size(), whole.samples.size()) << size;
    EXPECT_LT(energy(difference(pieces, whole)), 1e-10 * energy(whole.samples)) << size;
  }
}

TEST(Watermarker, KeepsShortSignalsWhole) {
  for (const std::size_t size :
       {0UL, 1UL, 2UL, 239UL, 767UL, 768UL, 769UL, 1536UL, 1537UL, 1777UL}) {
    Audio plain = tone_and_noise(24000, 1.0);
    plain.samples.resize(size);
    const Audio marked = in_pieces(plain, 100);
    ASSERT_EQ(marked.samples.size(), size);
    EXPECT_LE(energy(difference(marked, plain)), 0.5 * energy(plain.samples)) << size;
  }
}

TEST(Watermarker, BeginsAnewAfterDraining) {
  const Audio plain = tone_and_noise(24000, 0.5);
  Watermarker watermarker(model());
  std::vector<float> rounds[2];
  for (auto& round : rounds) {
    watermarker.push(plain.samples);
    round = watermarker.drain();
  }
  EXPECT_EQ(rounds[0].size(), plain.samples.size());
  EXPECT_EQ(rounds[0], rounds[1]);
}

TEST(Watermarker, LeavesSilenceAlone) {
  const Audio silence{std::vector<float>(24000, 0.0F), 24000};
  EXPECT_EQ(apply_watermark(model(), silence).samples, silence.samples);
  EXPECT_EQ(WatermarkDetector(model()).confidence(silence), 0.0);
}

TEST(Watermarker, AddsNothingAboveItsBand) {
  const Audio plain = golden_audio("plain");
  const std::vector<float> mark = difference(apply_watermark(model(), plain), plain);
  const at::Tensor power = at::fft_rfft(at::tensor(mark)).abs().square();
  const std::int64_t edge = power.size(0) * 2100 / 12000;
  EXPECT_LT(power.slice(0, edge).sum().item<double>(), 1e-4 * power.sum().item<double>());
}

TEST(Watermarker, RefusesRatesThatFramesDoNotFit) {
  for (const int rate_hz : {0, -24000, 4000, 22050, 44100, 192500}) try {
      Watermarker refused(model(), rate_hz);
      FAIL() << rate_hz;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_NE(std::string(error.what()).find(std::to_string(rate_hz)), std::string::npos);
    }
}

TEST(WatermarkDetector, TellsWhileASignalRuns) {
  const Audio plain = golden_audio("plain");
  const Audio marked = apply_watermark(model(), plain);
  WatermarkDetector detector(model());
  EXPECT_THROW(detector.push(plain.samples), Error);
  detector.start(24000, 3);
  EXPECT_EQ(detector.confidence(), 0.0);
  const auto play = [&](const Audio& audio, int times) {
    for (int i = 0; i < times; ++i)
      for (std::size_t at = 0; at < audio.samples.size(); at += 1000)
        detector.push(
            {audio.samples.data() + at, std::min<std::size_t>(1000, audio.samples.size() - at)});
  };
  play(marked, 4);
  EXPECT_GT(detector.confidence(), 0.7);
  play(plain, 4);
  EXPECT_LT(detector.confidence(), 0.3);
  EXPECT_THROW(detector.start(22050), Error);
  EXPECT_THROW(detector.start(24000, 0.5), Error);
}

TEST(WatermarkModel, SaysWhatIsMissing) {
  try {
    WatermarkModel::load("/nonexistent/watermark");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
  const auto empty = WatermarkModel::load(TESTS_DIR);
  EXPECT_THROW(Watermarker{empty}, Error);
  EXPECT_THROW(WatermarkDetector{empty}, Error);
}

}  // namespace
}  // namespace chatterbox
