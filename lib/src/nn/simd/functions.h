// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/simd/vectors.h"

namespace chatterbox {
namespace {

// The polynomial c[0] + c[1] x + ...
template <int n>
SIMD Floats polynomial(const float (&c)[n], Floats x) {
  Floats y = set1(c[n - 1]);
#pragma GCC unroll 8
  for (int i = n - 2; i >= 0; --i) y = fma(y, x, set1(c[i]));
  return y;
}

// Precision of the functions below.
enum class Accuracy {
  kFloat,  // some 1e-7 of the result
  kBrain,  // less than bfloat16 rounds
};

// 2^x; below -125 nearly or exactly zero. Coefficients here and below are
// minimax fits.
template <Accuracy accuracy>
SIMD Floats exp2(Floats x) {
  if constexpr (accuracy == Accuracy::kBrain) {
    constexpr float kSeries[] = {1.00172472f, 0.657636702f, 0.337188959f};  // on [0, 1)
#if defined(__AVX512F__)
    // x - floor(x); scaling takes the floor of what it is given by itself.
    return scale_by_power(polynomial(kSeries, _mm512_reduce_ps(x, 1)), x);
#else
    x = max(x, set1(-125.0f));
    const Floats whole = _mm256_floor_ps(x);
    return scale_by_power(polynomial(kSeries, sub(x, whole)), whole);
#endif
  } else {
    constexpr float kSeries[] = {
        1.0f,           0.693147182f,   0.240226462f,   0.0555032864f,
        0.00961848907f, 0.00133999309f, 0.000153458081f};  // on [-1/2, 1/2]
    x = max(x, set1(-125.0f));
    const Floats whole = round(x);
    return scale_by_power(polynomial(kSeries, sub(x, whole)), whole);
  }
}

// x tanh(ln(1 + e^x)), which is x (e^2 + 2 e) / (e^2 + 2 e + 2) for e = e^x.
SIMD Floats mish(Floats x) {
  const Floats e = exp2<Accuracy::kFloat>(mul(min(x, set1(20.0f)), set1(1.44269504f)));
  const Floats n = mul(e, add(e, set1(2.0f)));
  return mul(x, divide(n, add(n, set1(2.0f))));
}

// x (1 + erf(x / sqrt 2)) / 2, with erf(z) = z P(z^2) / Q(z^2).
template <Accuracy accuracy>
SIMD Floats gelu(Floats x) {
  const Floats z = min(max(mul(x, set1(0.707106781f)), set1(-3.9f)), set1(3.9f));
  const Floats square = mul(z, z), half = mul(x, set1(0.5f));
  if constexpr (accuracy == Accuracy::kBrain) {
    constexpr float kAbove[] = {1.12838435f, 0.170912206f, 0.0483078398f, 0.00135434198f};
    constexpr float kBelow[] = {1.0f, 0.484899580f, 0.104099572f, 0.0116920499f, 5.81155582e-5f};
    const Floats above = mul(z, polynomial(kAbove, square));
    return fma(half, mul(above, reciprocal(polynomial(kBelow, square))), half);
  } else {
    constexpr float kAbove[] = {1.12837911f,    0.189664677f,    0.0526677184f,
                                0.00373822963f, 0.000285055343f, 2.06643517e-6f};
    constexpr float kBelow[] = {1.0f,          0.501418710f,   0.113817997f,
                                0.0149140507f, 0.00115733990f, 3.82692670e-5f};
    const Floats above = mul(z, polynomial(kAbove, square));
    return fma(half, divide(above, polynomial(kBelow, square)), half);
  }
}

// The square of the sine, which repeats every pi, so that x is first brought
// into
// [-pi/2, pi/2]; for |x| below some thousands.
SIMD Floats sin_squared(Floats x) {
  constexpr float kSeries[] = {-1.66666667e-1f, 8.33333333e-3f, -1.98412698e-4f, 2.75573192e-6f,
                               -2.50521084e-8f};
  const Floats n = round(mul(x, set1(0.318309886f)));
  Floats r = fma(n, set1(-3.140625f), x);
  r = fma(n, set1(-9.67502593994140625e-4f), r);
  r = fma(n, set1(-1.509957990978376e-7f), r);
  const Floats square = mul(r, r);
  const Floats sine = fma(mul(r, square), polynomial(kSeries, square), r);
  return mul(sine, sine);
}

}  // namespace
}  // namespace chatterbox
