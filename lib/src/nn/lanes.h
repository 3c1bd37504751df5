// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <cstring>

// Sixteen numbers side by side, for loops that a compiler would not vectorise.
// The type is the compiler's own; functions marked CHATTERBOX_CLONES are built
// for several instruction sets and the processor picks one at start.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CHATTERBOX_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CHATTERBOX_CLONES
#endif
#define CHATTERBOX_INLINE inline __attribute__((always_inline))

// Vectors never cross a call, because everything here is inlined; how they
// would is of no interest.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace chatterbox::lanes {

inline constexpr std::int64_t kLanes = 16;
using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

CHATTERBOX_INLINE Floats load(const float* from) {
  Floats value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

CHATTERBOX_INLINE void store(float* to, Floats value) { std::memcpy(to, &value, sizeof value); }

CHATTERBOX_INLINE Floats all(float value) { return Floats{} + value; }

CHATTERBOX_INLINE Floats larger(Floats a, Floats b) { return a > b ? a : b; }

CHATTERBOX_INLINE float sum(Floats value) {
  float total = 0;
  for (int i = 0; i < kLanes; ++i) total += value[i];
  return total;
}

CHATTERBOX_INLINE float largest(Floats value) {
  float most = value[0];
  for (int i = 1; i < kLanes; ++i) most = value[i] > most ? value[i] : most;
  return most;
}

// To the nearest whole number, for |x| below 2^22: a sum this large has no
// digits left after the point.
CHATTERBOX_INLINE Floats round(Floats x) {
  constexpr float kBig = 0x1.8p23f;
  return (x + kBig) - kBig;
}

// e^x for x <= 0, with a relative error below 3e-7; below -87 as for -87, which
// is next to nothing.
CHATTERBOX_INLINE Floats exp_negative(Floats x) {
  x = larger(x, all(-87.0f));
  const Floats n = round(x * 1.44269504f);
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const Ints scale = (__builtin_convertvector(n, Ints) + 127) << 23;
  Floats power;
  std::memcpy(&power, &scale, sizeof power);
  return p * power;
}

// sin(x)^2 for |x| below some thousands. The square repeats every pi, so x is
// first brought into [-pi/2, pi/2].
CHATTERBOX_INLINE Floats sin_squared(Floats x) {
  const Floats n = round(x * 0.318309886f);
  Floats r = x - n * 3.140625f;
  r = r - n * 9.67502593994140625e-4f;
  r = r - n * 1.509957990978376e-7f;
  const Floats s = r * r;
  Floats p = all(-2.50521084e-8f);
  p = p * s + 2.75573192e-6f;
  p = p * s - 1.98412698e-4f;
  p = p * s + 8.33333333e-3f;
  p = p * s - 1.66666667e-1f;
  const Floats sine = r + r * s * p;
  return sine * sine;
}

}  // namespace chatterbox::lanes
