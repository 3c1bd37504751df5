// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/stft.h"

#include <gtest/gtest.h>

#include "chatterbox/error.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

// Reflected edges, as torch.stft(center=True).
at::Tensor centred(const at::Tensor& wave, const at::Tensor& window, int hop) {
  return stft(reflect_pad(wave, window.size(0) / 2), window, hop);
}

TEST(Stft, FindsTheFrequencyOfATone) {
  const at::Tensor window = hann_window(400);
  const at::Tensor time = at::arange(16000, at::kDouble) / 16000.0;
  const at::Tensor tone = at::sin(time * (2 * 3.14159265358979 * 1000.0)).to(at::kFloat);
  const at::Tensor spectra = stft(tone, window, 160);
  ASSERT_EQ(spectra.size(0), 201);
  ASSERT_EQ(spectra.size(1), 1 + (16000 - 400) / 160);
  EXPECT_TRUE(spectra.abs().argmax(0).eq(1000 * 400 / 16000).all().item<bool>());
  // Half the amplitude times the sum of the window.
  EXPECT_NEAR(spectra.abs().max().item<double>(), 100.0, 0.01);
}

TEST(Stft, InverseMatchesTorch) {
  const at::Tensor window = hann_window(16);
  const at::Tensor spectra = centred(synthetic::uniform_tensor("stft", {1, 101}), window, 4);
  const at::Tensor weighed = spectra * at::linspace(0.5, 1.5, 9).view({9, 1});
  synthetic::expect_near(istft(weighed, window, 4), synthetic::golden_case("istft"), "istft");
}

TEST(Stft, InverseOfForwardIsTheSignal) {
  const at::Tensor window = hann_window(16);
  const at::Tensor wave = synthetic::uniform_tensor("signal", {2, 400});
  const at::Tensor again = istft(centred(wave, window, 4), window, 4);
  ASSERT_EQ(again.sizes(), wave.sizes());
  EXPECT_LT((again - wave).abs().max().item<double>(), 1e-5);
}

TEST(Stft, RefusesSignalsShorterThanAWindow) {
  EXPECT_THROW(stft(at::zeros({399}), hann_window(400), 160), Error);
  EXPECT_THROW(reflect_pad(at::zeros({200}), 200), Error);
}

}  // namespace
}  // namespace chatterbox
