// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace chatterbox {

// Samples between spectra of the vocoder.
inline constexpr std::int64_t kSpectrumHop = 4;
// Points of each spectrum, and the bins that matter.
inline constexpr std::int64_t kSpectrumSize = 16;
inline constexpr std::int64_t kSpectrumBins = kSpectrumSize / 2 + 1;

// The vocoder's short Fourier transforms with a Hann window, centred: frame f
// covers samples 4 f - 8 to 4 f + 8. So short that matrix products do them.
class Spectrum {
 public:
  explicit Spectrum(const at::TensorOptions& options);

  // samples (1, N) -> real parts, then imaginary parts (1, 18, N / 4 + 1). The
  // signal is mirrored at both ends.
  at::Tensor analyse(const at::Tensor& samples) const;

  // Real parts, then imaginary parts (1, 18, F) -> samples (1, 4 (F - 1)).
  at::Tensor synthesise(const at::Tensor& spectra) const;

 private:
  at::Tensor overlap_add(const at::Tensor& frames) const;

  at::Tensor forward_;  // (18, 16), window included
  at::Tensor inverse_;  // (16, 18), window included
  at::Tensor window_;   // (16)
};

}  // namespace chatterbox
