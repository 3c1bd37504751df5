// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/spectrum.h"

#include <numbers>

namespace chatterbox {
namespace {

constexpr std::int64_t kOverlap = kSpectrumSize / kSpectrumHop;
constexpr double kTurn = 2 * std::numbers::pi;

}  // namespace

Spectrum::Spectrum(const at::TensorOptions& options) {
  const at::Tensor n = at::arange(kSpectrumSize, at::kDouble);
  const at::Tensor bins = at::arange(kSpectrumBins, at::kDouble).unsqueeze(1);
  const at::Tensor angle = bins * n * (kTurn / kSpectrumSize);
  const at::Tensor window = (at::cos(n * (kTurn / kSpectrumSize)) - 1) * -0.5;
  // Every bin but the first and the last stands for its mirror image too.
  at::Tensor weight = at::full({kSpectrumBins, 1}, 2.0 / kSpectrumSize, at::kDouble);
  weight[0] = weight[kSpectrumBins - 1] = 1.0 / kSpectrumSize;
  forward_ = (at::cat({angle.cos(), angle.sin().neg()}) * window).to(options);
  inverse_ = (at::cat({angle.cos() * weight, angle.sin().neg() * weight}) * window)
                 .t()
                 .contiguous()
                 .to(options);
  window_ = window.to(options);
}

at::Tensor Spectrum::analyse(const at::Tensor& samples) const {
  const at::Tensor padded =
      at::reflection_pad1d(samples.unsqueeze(0), {kSpectrumSize / 2, kSpectrumSize / 2})[0];
  const at::Tensor frames = padded[0].unfold(0, kSpectrumSize, kSpectrumHop);  // (F, 16)
  return at::mm(forward_, frames.t()).unsqueeze(0);
}

at::Tensor Spectrum::overlap_add(const at::Tensor& frames) const {
  // frames (16, F): each frame is four hops; hop h of the output gathers hop g
  // of frame h - g.
  const std::int64_t count = frames.size(1);
  at::Tensor hops = at::zeros({kSpectrumHop, count + kOverlap - 1}, frames.options());
  for (std::int64_t g = 0; g < kOverlap; ++g)
    hops.narrow(1, g, count).add_(frames.narrow(0, g * kSpectrumHop, kSpectrumHop));
  return hops.narrow(1, kOverlap / 2, count - 1).t().reshape({1, -1});
}

at::Tensor Spectrum::synthesise(const at::Tensor& spectra) const {
  const std::int64_t frames = spectra.size(2);
  const at::Tensor weight = window_.square().unsqueeze(1).expand({kSpectrumSize, frames});
  return overlap_add(at::mm(inverse_, spectra[0])).div_(overlap_add(weight));
}

}  // namespace chatterbox
