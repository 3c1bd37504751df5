// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/edge_silence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chatterbox/audio.h"

namespace chatterbox {
namespace {

constexpr std::int64_t kMs = kOutputRateHz / 1000;

using Samples = std::vector<float>;

// Milliseconds of a soft noise or of a loud tone.
void add(Samples& samples, int ms, bool loud) {
  for (std::int64_t i = 0; i < ms * kMs; ++i)
    samples.push_back(loud ? 0.3F * std::sin(0.1F * float(i) + 0.5F) : 0.001F);
}

Samples trim(const Samples& samples, std::size_t at_once, EdgeSilence& silence) {
  Samples kept;
  for (std::size_t begin = 0; begin < samples.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, samples.size() - begin);
    const Samples ready =
        silence.push(std::span(samples).subspan(begin, count), begin + count == samples.size());
    kept.insert(kept.end(), ready.begin(), ready.end());
  }
  return kept;
}

Samples speech() {
  Samples samples;
  add(samples, 300, false);
  add(samples, 200, true);
  add(samples, 400, false);  // a pause in it
  add(samples, 200, true);
  add(samples, 500, false);
  return samples;
}

TEST(EdgeSilence, TakesItOffBothEnds) {
  EdgeSilence silence(false);
  const Samples all = speech();
  const Samples kept = trim(all, 1000, silence);
  EXPECT_EQ(silence.cut_before(), 290 * kMs);
  EXPECT_EQ(silence.cut_after(), 350 * kMs);
  EXPECT_EQ(silence.onset(), 10 * kMs);
  ASSERT_EQ(kept.size(), std::size_t((10 + 200 + 400 + 200 + 150) * kMs));
  EXPECT_EQ(kept.front(), 0) << "fades in";
  EXPECT_TRUE(std::equal(kept.begin() + 5 * kMs, kept.end(), all.begin() + (290 + 5) * kMs));
}

TEST(EdgeSilence, HowSamplesArriveNeverShows) {
  const Samples all = speech();
  EdgeSilence silence(false);
  const Samples at_once = trim(all, all.size(), silence);
  for (const std::size_t count : {1, 7, 119, 120, 961, 10000}) {
    EdgeSilence other(false);
    EXPECT_EQ(trim(all, count, other), at_once) << count;
    EXPECT_EQ(other.cut_after(), silence.cut_after());
  }
}

TEST(EdgeSilence, HandsOnAtOnceWhatStays) {
  EdgeSilence silence(false);
  Samples lead, tone, pause;
  add(lead, 100, false);
  add(tone, 50, true);
  add(pause, 200, false);
  EXPECT_TRUE(silence.push(lead, false).empty());
  EXPECT_FALSE(silence.heard());
  EXPECT_EQ(silence.push(tone, false).size(), std::size_t(60 * kMs));
  EXPECT_TRUE(silence.heard());
  EXPECT_EQ(silence.push(pause, false).size(), std::size_t(150 * kMs));
  EXPECT_EQ(silence.push(tone, false).size(), std::size_t(100 * kMs)) << "the pause comes back";
}

TEST(EdgeSilence, LeavesAloneWhatBeginsAtOnce) {
  Samples all;
  add(all, 5, false);
  add(all, 100, true);
  EdgeSilence silence(false);
  EXPECT_EQ(trim(all, 50, silence), all);
  EXPECT_EQ(silence.cut_before() + silence.cut_after(), 0);
}

TEST(EdgeSilence, KeepsALittleWhereAllIsSilent) {
  Samples all;
  add(all, 1000, false);
  EdgeSilence silence(false);
  EXPECT_EQ(trim(all, 50, silence).size(), std::size_t(10 * kMs));
  EdgeSilence nothing(false);
  EXPECT_TRUE(nothing.push({}, true).empty());
}

TEST(EdgeSilence, KeepsAllWhenAsked) {
  const Samples all = speech();
  EdgeSilence silence(true);
  EXPECT_EQ(trim(all, 500, silence), all);
  EXPECT_TRUE(silence.heard());
  EXPECT_EQ(silence.onset(), 300 * kMs);
  EXPECT_EQ(silence.cut_before() + silence.cut_after(), 0);
}

}  // namespace
}  // namespace chatterbox
