// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Live conversion with the model in the tree, of what the model itself says.
#include "chatterbox/converter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stop_token>
#include <thread>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/voice_library.h"
#include "chatterbox/watermark.h"
#include "support/changed_model.h"

namespace chatterbox {
namespace {

std::shared_ptr<const Model> model() {
  static const auto model = Model::load(MODEL_DIR);
  return model;
}

// Speech at 16 kHz, half a second of silence on either side.
const std::vector<float>& speech() {
  static const std::vector<float> samples = [] {
    Engine engine(model());
    SynthesisOptions options;
    options.seed = 1;
    const Audio said = engine.synthesize("The boat was ready before the storm came in.",
                                         *model()->builtin_voice(), options);
    std::vector<float> padded = resample(said, Converter::kInputRateHz).samples;
    padded.insert(padded.begin(), 8000, 0.0f);
    padded.insert(padded.end(), 8000, 0.0f);
    return padded;
  }();
  return samples;
}

ConversionOptions seeded() {
  ConversionOptions options;
  options.seed = 3;
  return options;
}

// All of it, handed in in pieces of `step` samples.
std::vector<float> convert(Converter& converter, const std::vector<float>& samples,
                           std::size_t step = 160) {
  std::vector<float> out;
  const auto add = [&](const std::vector<float>& more) {
    out.insert(out.end(), more.begin(), more.end());
  };
  for (std::size_t i = 0; i < samples.size(); i += step) {
    converter.push({samples.data() + i, std::min(step, samples.size() - i)});
    for (auto chunk = converter.pop(); !chunk.empty(); chunk = converter.pop()) add(chunk);
  }
  add(converter.drain());
  return out;
}

double rms(const std::vector<float>& samples, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += double(samples[i]) * samples[i];
  return std::sqrt(sum / double(to - from));
}

TEST(Converter, IsAsLongAsItsInput) {
  for (const int chunk : {1, 3, 4, 25}) {
    ConversionOptions options = seeded();
    options.chunk_size = chunk;
    Converter converter(model(), *model()->builtin_voice(), options);
    for (const std::size_t length : {std::size_t(1), std::size_t(639), std::size_t(10001)}) {
      const std::vector<float> part(speech().begin() + 12000,
                                    speech().begin() + 12000 + std::ptrdiff_t(length));
      EXPECT_EQ(convert(converter, part).size(), (length * 3 + 1) / 2) << chunk;
    }
  }
}

TEST(Converter, HowSpeechArrivesNeverShows) {
  Converter one(model(), *model()->builtin_voice(), seeded());
  Converter other(model(), *model()->builtin_voice(), seeded());
  const std::vector<float> fine = convert(one, speech(), 37);
  EXPECT_EQ(fine, convert(other, speech(), 5000));
  // And again, after a reset.
  one.reset();
  EXPECT_EQ(fine, convert(one, speech()));
}

TEST(Converter, MarksUnlessTheCallerDeclines) {
  const WatermarkDetector detector(WatermarkModel::load(find_watermark("", MODEL_DIR)));
  ConversionOptions options = seeded();
  for (const bool wanted : {true, false}) {
    options.watermark = wanted;
    Converter converter(model(), *model()->builtin_voice(), options);
    const Audio converted{convert(converter, speech()), kOutputRateHz};
    EXPECT_EQ(converted.samples.size(), (speech().size() * 3 + 1) / 2);
    EXPECT_EQ(detector.confidence(converted) >= WatermarkDetector::kThreshold, wanted);
  }
}

TEST(Converter, KeepsItsPromiseOfLatency) {
  const ConversionOptions options = seeded();
  Converter converter(model(), *model()->builtin_voice(), options);
  const std::int64_t latency = Converter::latency(options);
  std::int64_t pushed = 0, popped = 0;
  for (std::size_t i = 0; i + 80 <= speech().size(); i += 80) {
    converter.push({speech().data() + i, 80});
    pushed += 80;
    popped += std::int64_t(converter.pop().size());
    EXPECT_GE(popped * 2 / 3, pushed - latency - 80);
  }
}

// Loudness over time follows that of the original, at its place.
// As the published models attend, which compute what was said lately again for every chunk.
TEST(Converter, KeepsItsPromiseWithFullAttention) {
  const auto full = test::changed_model(
      MODEL_DIR, {{"s3gen", {{"attention", "full"}, {"flow", {{"colour", 0}}}}}});
  ConversionOptions options = seeded();
  options.watermark = false;
  Converter converter(full, *full->builtin_voice(), options);
  const std::int64_t latency = Converter::latency(options);
  std::int64_t pushed = 0, popped = 0;
  for (std::size_t i = 0; i + 160 <= speech().size(); i += 160) {
    converter.push({speech().data() + i, 160});
    pushed += 160;
    popped += std::int64_t(converter.pop().size());
    EXPECT_GE(popped * 2 / 3, pushed - latency - 80);
  }
  popped += std::int64_t(converter.drain().size());
  EXPECT_NEAR(double(popped), double(pushed) * 1.5, 1);
}

TEST(Converter, StaysInPlace) {
  Converter converter(model(), *model()->builtin_voice(), seeded());
  const std::vector<float> converted = convert(converter, speech());
  ASSERT_EQ(converted.size(), (speech().size() * 3 + 1) / 2);
  const std::int64_t frames = std::int64_t(speech().size()) / 160;  // 10 ms
  std::vector<double> in, out;
  for (std::int64_t i = 0; i < frames; ++i) {
    in.push_back(std::log(rms(speech(), std::size_t(i * 160), std::size_t(i * 160 + 160)) + 1e-3));
    out.push_back(
        std::log(rms(converted, std::size_t(i * 240), std::size_t(i * 240 + 240)) + 1e-3));
  }
  const auto correlation = [&](std::int64_t lag) {
    double a = 0, b = 0, ab = 0, aa = 0, bb = 0, n = 0;
    for (std::int64_t i = 30; i + 30 < frames; ++i, ++n) {
      const double x = in[std::size_t(i)], y = out[std::size_t(i + lag)];
      a += x, b += y, ab += x * y, aa += x * x, bb += y * y;
    }
    return (n * ab - a * b) / std::sqrt((n * aa - a * a) * (n * bb - b * b));
  };
  std::int64_t best = 0;
  for (std::int64_t lag = -30; lag <= 30; ++lag)
    if (correlation(lag) > correlation(best)) best = lag;
  EXPECT_LE(std::abs(best), 2) << "of 10 ms";
  EXPECT_GT(correlation(best), 0.7);
}

TEST(Converter, SkipsSilence) {
  Converter converter(model(), *model()->builtin_voice(), seeded());
  const std::vector<float> silence(48000, 1e-5f);
  const std::vector<float> converted = convert(converter, silence);
  EXPECT_EQ(rms(converted, 0, converted.size()), 0);
  EXPECT_EQ(converter.stats().seconds_converted, 0);
  EXPECT_NEAR(converter.stats().seconds_silent, 3, 0.1);
  EXPECT_GT(rms(convert(converter, speech()), 12000, 36000), 0.005);
  EXPECT_GT(converter.stats().seconds_converted, 0);
}

// The step from sample to sample where the voice changes is none of the largest.
TEST(Converter, ChangesItsVoiceWithoutAClick) {
  Engine engine(model());
  std::vector<float> twice = speech();
  twice.insert(twice.end(), speech().begin(), speech().end());
  const Voice other = engine.make_voice({twice, Converter::kInputRateHz});
  Converter converter(model(), *model()->builtin_voice(), seeded());
  const std::size_t half = 20000;
  std::vector<float> out;
  const auto pop = [&] {
    for (auto chunk = converter.pop(); !chunk.empty(); chunk = converter.pop())
      out.insert(out.end(), chunk.begin(), chunk.end());
  };
  converter.push({speech().data(), half});
  pop();
  const std::size_t change = out.size();
  converter.set_voice(other);
  converter.push({speech().data() + half, speech().size() - half});
  pop();
  const auto rest = converter.drain();
  out.insert(out.end(), rest.begin(), rest.end());
  EXPECT_EQ(out.size(), (speech().size() * 3 + 1) / 2);
  const auto step = [&](std::size_t from, std::size_t to) {
    float largest = 0;
    for (std::size_t i = from + 1; i < to; ++i)
      largest = std::max(largest, std::abs(out[i] - out[i - 1]));
    return largest;
  };
  EXPECT_LE(step(change - 10, change + 500), 1.2f * step(12000, out.size() - 12000));
}

TEST(Converter, MutesAndGoesOn) {
  Converter converter(model(), *model()->builtin_voice(), seeded());
  converter.set_muted(true);
  const auto silent = convert(converter, speech());
  EXPECT_EQ(rms(silent, 0, silent.size()), 0);
  converter.set_muted(false);
  EXPECT_GT(rms(convert(converter, speech()), 12000, 36000), 0.005);
}

TEST(Converter, Abandons) {
  Converter converter(model(), *model()->builtin_voice(), seeded());
  converter.push({speech().data(), 20000});
  std::size_t out = 0;
  for (auto chunk = converter.pop(); !chunk.empty(); chunk = converter.pop()) out += chunk.size();
  const auto rest = converter.abandon();
  EXPECT_EQ(out + rest.size(), 30000u);
  // The mark of what came before ends a window later, with rounding of its transform.
  EXPECT_LT(rms(rest, rest.size() / 2, rest.size()), 1e-7);
  EXPECT_EQ(convert(converter, speech()).size(), (speech().size() * 3 + 1) / 2);
}

TEST(Converter, ChunkSizeChangesAsItGoes) {
  Converter converter(model(), *model()->builtin_voice(), seeded());
  std::size_t out = 0;
  for (std::size_t i = 0; i < speech().size(); i += 1000) {
    if (i % 8000 == 0) converter.set_chunk_size(int(1 + i / 8000));
    converter.push({speech().data() + i, std::min<std::size_t>(1000, speech().size() - i)});
    for (auto chunk = converter.pop(); !chunk.empty(); chunk = converter.pop()) out += chunk.size();
  }
  EXPECT_EQ(out + converter.drain().size(), (speech().size() * 3 + 1) / 2);
}

// Asked to before or during a call, it stops that call and no other.
TEST(Converter, Stops) {
  Converter converter(model(), *model()->builtin_voice(), seeded());
  const std::vector<float> expected = convert(converter, speech());
  const auto stopped = [](auto&& call) {
    try {
      call();
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCancelled) << error.what();
      return true;
    }
  };
  const auto begin_anew = [&] {
    converter.reset();
    EXPECT_EQ(convert(converter, speech()), expected);
    converter.reset();
  };
  begin_anew();
  std::stop_source before;
  before.request_stop();
  converter.push(speech());
  EXPECT_TRUE(stopped([&] { converter.pop(before.get_token()); }));
  begin_anew();
  converter.push(speech());
  EXPECT_TRUE(stopped([&] { converter.drain(before.get_token()); }));
  // Nothing of the call that was stopped is asked again.
  converter.abandon();
  begin_anew();

  bool during = false;
  for (int i = 0; i < 20 && !during; ++i) {
    std::stop_source stop;
    converter.push(speech());
    converter.pop();
    std::thread other([&] { stop.request_stop(); });
    during = stopped([&] { converter.drain(stop.get_token()); });
    other.join();
    converter.reset();
  }
  EXPECT_TRUE(during);
  begin_anew();
}

TEST(Converter, RefusesOptions) {
  const auto refused = [](ConversionOptions options) {
    EXPECT_THROW(Converter(model(), *model()->builtin_voice(), options), Error);
  };
  ConversionOptions options;
  options.chunk_size = 0;
  refused(options);
  options = {};
  options.lookahead = 10;
  refused(options);
  options = {};
  options.silence_threshold = 1;
  refused(options);
  EXPECT_THROW(Converter(nullptr, *model()->builtin_voice()), Error);
}

}  // namespace
}  // namespace chatterbox
