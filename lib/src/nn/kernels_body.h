// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The kernels, once, for files that define before including this:
//   CHATTERBOX_TARGET  attributes that choose the instruction set
//   Vector, kWidth     a vector of floats and how many it holds
//   zero, set1, load (of float, Half and BFloat), load_alternate (of BFloat), deinterleave,
//   store, fma, add, mul, min, max, divide, sum, exp_parts, round
//   kTileRows          such that 2 kTileRows + 3 vectors fit into registers
// Functions have internal linkage and say their target themselves, so that no
// code for a newer processor leaks into what all processors run.

#define CHATTERBOX_INLINE CHATTERBOX_TARGET inline __attribute__((always_inline))

// Prefetch distance in bytes.
constexpr std::int64_t kAhead = 8 * 1024;

CHATTERBOX_INLINE float to_float(float value) { return value; }
CHATTERBOX_INLINE float to_float(BFloat value) {
  const std::uint32_t bits = std::uint32_t(value.bits) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}
CHATTERBOX_INLINE float to_float(Half value) { return half_to_float(value.bits); }

// Two vectors of weights. Those of bfloat16 come out of order, every other one first: widening them
// in place costs a third of what widening neighbours does.
template <typename W>
CHATTERBOX_INLINE void load_pair(const W* w, Vector& first, Vector& second) {
  if constexpr (std::is_same_v<W, BFloat>) {
    load_alternate(w, first, second);
  } else {
    first = load(w);
    second = load(w + kWidth);
  }
}

// Columns of one step of dot_block().
constexpr int kStep = 4 * kWidth;

// x in the order of load_pair(), for the columns that are taken in whole steps.
CHATTERBOX_TARGET void order_columns(const float* x, std::int64_t cols, float* ordered) {
  std::int64_t c = 0;
  for (; c < cols / kStep * kStep; c += 2 * kWidth) {
    Vector first = load(x + c), second = load(x + c + kWidth);
    deinterleave(first, second);
    store(ordered + c, first);
    store(ordered + c + kWidth, second);
  }
  std::copy(x + c, x + cols, ordered + c);
}

// Dot product of w and x, from column c on.
template <typename W>
CHATTERBOX_INLINE float dot_rest(const W* w, const float* x, std::int64_t c, std::int64_t cols) {
  float total = 0;
  for (; c < cols; ++c) total += to_float(w[c]) * x[c];
  return total;
}

// R rows of w against B vectors x, which order_columns() has ordered for bfloat16. Rows follow one
// another in memory. One row at a time is read as one stream, fetched ahead across the ends of rows
// and pages, which is what memory likes best. Where the sums of a row take longer than that, more
// rows share the loads of x, and those after them are fetched meanwhile; into the second cache
// level, since R rows of 2^n bytes and the R rows after them would push each other out of the
// first.
template <typename W, int R, int B>
CHATTERBOX_TARGET void dot_block(const W* w, std::int64_t cols, const float* x,
                                 std::int64_t x_stride, float* y, std::int64_t y_stride) {
  constexpr int kLine = 64 / int(sizeof(W));
  // Such that they fit into 16 registers.
  constexpr int kSums = R > 1 ? 1 : B > 2 ? 2 : 4;
  Vector sums[R][kSums][B];
  for (auto& row : sums)
    for (auto& vector : row)
      for (Vector& each : vector) each = zero();
  std::int64_t c = 0;
  for (; c + kStep <= cols; c += kStep) {
    for (int r = 0; r < R; ++r)
      for (int line = 0; line < kStep; line += kLine)
        if constexpr (R == 1)
          __builtin_prefetch(w + c + line + kAhead / sizeof(W));
        else
          __builtin_prefetch(w + (R + r) * cols + c + line, 0, 2);
    for (int v = 0; v < 4; v += 2) {
      Vector columns[2][B];
      for (int half = 0; half < 2; ++half)
        for (int b = 0; b < B; ++b)
          columns[half][b] = load(x + b * x_stride + c + (v + half) * kWidth);
      for (int r = 0; r < R; ++r) {
        Vector weights[2];
        load_pair(w + r * cols + c + v * kWidth, weights[0], weights[1]);
        for (int half = 0; half < 2; ++half)
          for (int b = 0; b < B; ++b) {
            Vector& sum = sums[r][(v + half) % kSums][b];
            sum = fma(weights[half], columns[half][b], sum);
          }
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int b = 0; b < B; ++b) {
      Vector total = sums[r][0][b];
      for (int v = 1; v < kSums; ++v) total = add(total, sums[r][v][b]);
      y[b * y_stride + r] = sum(total) + dot_rest(w + r * cols, x + b * x_stride, c, cols);
    }
  }
}

template <typename W, int B>
CHATTERBOX_TARGET void dot_batch(const W* w, std::int64_t rows, std::int64_t cols, const float* x,
                                 std::int64_t x_stride, float* y, std::int64_t y_stride) {
  constexpr bool kOrdered = std::is_same_v<W, BFloat>;
  constexpr int kMany = kWidth == 16 ? 4 : 2;
  constexpr int kRows = B > 2 ? kMany : kOrdered && B > 1 ? 4 : 1;
  if constexpr (kOrdered) {
    thread_local std::vector<float> ordered;
    ordered.resize(std::size_t(B * cols));
    for (int b = 0; b < B; ++b) order_columns(x + b * x_stride, cols, ordered.data() + b * cols);
    x = ordered.data();
    x_stride = cols;
  }
  std::int64_t r = 0;
  for (; r + kRows <= rows; r += kRows)
    dot_block<W, kRows, B>(w + r * cols, cols, x, x_stride, y + r, y_stride);
  for (; r < rows; ++r) dot_block<W, 1, B>(w + r * cols, cols, x, x_stride, y + r, y_stride);
}

template <typename W, int B = 1>
CHATTERBOX_TARGET void dot_rows(const void* w, std::int64_t rows, std::int64_t cols, const float* x,
                                std::int64_t x_stride, int batch, float* y, std::int64_t y_stride) {
  if constexpr (B < Kernels::kMaxBatch)
    if (batch > B) return dot_rows<W, B + 1>(w, rows, cols, x, x_stride, batch, y, y_stride);
  dot_batch<W, B>(static_cast<const W*>(w), rows, cols, x, x_stride, y, y_stride);
}

template <typename X>
CHATTERBOX_TARGET void weighted_sum(const void* stored, std::int64_t rows, std::int64_t cols,
                                    const float* scale, float* out) {
  const X* x = static_cast<const X*>(stored);
  constexpr int kVectors = 4;
  std::int64_t c = 0;
  for (; c + kVectors * kWidth <= cols; c += kVectors * kWidth) {
    Vector sums[kVectors];
    for (Vector& each : sums) each = zero();
    for (std::int64_t r = 0; r < rows; ++r) {
      const Vector factor = set1(scale[r]);
      for (int v = 0; v < kVectors; ++v)
        sums[v] = fma(load(x + r * cols + c + v * kWidth), factor, sums[v]);
    }
    for (int v = 0; v < kVectors; ++v) store(out + c + v * kWidth, sums[v]);
  }
  for (; c < cols; ++c) {
    float total = 0;
    for (std::int64_t r = 0; r < rows; ++r) total += scale[r] * to_float(x[r * cols + c]);
    out[c] = total;
  }
}

// e^x to within two units in the last place for -87 <= x <= 88: x is split into
// a whole power of two and a rest below ln(2) / 2, for which a polynomial does.
CHATTERBOX_INLINE Vector exp_vector(Vector x) {
  x = min(max(x, set1(-87.0f)), set1(88.0f));
  Vector whole;
  const Vector power = exp_parts(x, whole);  // 2^whole, whole = round(x / ln 2)
  Vector rest = fma(whole, set1(-0.693359375f), x);
  rest = fma(whole, set1(2.12194440e-4f), rest);
  Vector series = set1(1.9875691500e-4f);
  for (const float coefficient :
       {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    series = fma(series, rest, set1(coefficient));
  series = fma(mul(series, rest), rest, add(rest, set1(1.0f)));
  return mul(series, power);
}

CHATTERBOX_TARGET float exp_below_peak(float* x, std::int64_t size) {
  std::int64_t i = 0;
  float peak = x[0];
  if (size >= kWidth) {
    Vector peaks = load(x);
    for (i = kWidth; i + kWidth <= size; i += kWidth) peaks = max(peaks, load(x + i));
    float each[kWidth];
    store(each, peaks);
    peak = *std::max_element(each, each + kWidth);
  }
  for (; i < size; ++i) peak = std::max(peak, x[i]);
  Vector sums = zero();
  for (i = 0; i + kWidth <= size; i += kWidth) {
    const Vector value = exp_vector(add(load(x + i), set1(-peak)));
    store(x + i, value);
    sums = add(sums, value);
  }
  float total = sum(sums);
  for (; i < size; ++i) total += x[i] = std::exp(x[i] - peak);
  return total;
}

CHATTERBOX_TARGET void softmax(float* x, std::int64_t size) {
  const float scale = 1.0f / exp_below_peak(x, size);
  std::int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) store(x + i, mul(load(x + i), set1(scale)));
  for (; i < size; ++i) x[i] *= scale;
}

CHATTERBOX_TARGET void silu_multiply(float* gate, const float* up, std::int64_t size) {
  std::int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vector g = load(gate + i);
    const Vector denominator = add(set1(1.0f), exp_vector(mul(g, set1(-1.0f))));
    store(gate + i, mul(divide(g, denominator), load(up + i)));
  }
  for (; i < size; ++i) gate[i] = gate[i] / (1.0f + std::exp(-gate[i])) * up[i];
}

CHATTERBOX_TARGET void rms_norm(const float* x, const float* weight, std::int64_t size, float eps,
                                float* y) {
  Vector squares = zero();
  std::int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vector value = load(x + i);
    squares = fma(value, value, squares);
  }
  float total = sum(squares);
  for (; i < size; ++i) total += x[i] * x[i];
  const float scale = 1.0f / std::sqrt(total / float(size) + eps);
  for (i = 0; i + kWidth <= size; i += kWidth)
    store(y + i, mul(load(weight + i), mul(load(x + i), set1(scale))));
  for (; i < size; ++i) y[i] = weight[i] * (x[i] * scale);
}

CHATTERBOX_TARGET void layer_norm(const float* x, const float* weight, const float* bias,
                                  std::int64_t size, float eps, float* y) {
  Vector sums = zero();
  std::int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) sums = add(sums, load(x + i));
  float total = sum(sums);
  for (; i < size; ++i) total += x[i];
  const float mean = total / float(size);
  Vector squares = zero();
  for (i = 0; i + kWidth <= size; i += kWidth) {
    const Vector off = add(load(x + i), set1(-mean));
    squares = fma(off, off, squares);
  }
  float spread = sum(squares);
  for (; i < size; ++i) spread += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0f / std::sqrt(spread / float(size) + eps);
  for (i = 0; i + kWidth <= size; i += kWidth) {
    const Vector unit = mul(add(load(x + i), set1(-mean)), set1(scale));
    store(y + i, fma(unit, load(weight + i), load(bias + i)));
  }
  for (; i < size; ++i) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

constexpr float kGeluSlope = -2.0f * 0.7978845608028654f;  // -2 sqrt(2 / pi)
constexpr float kGeluCubic = 0.044715f;

CHATTERBOX_TARGET void gelu_tanh(float* x, std::int64_t size) {
  std::int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vector v = load(x + i);
    const Vector cubed = mul(mul(v, v), v);
    const Vector u = mul(fma(cubed, set1(kGeluCubic), v), set1(kGeluSlope));
    store(x + i, divide(v, add(set1(1.0f), exp_vector(u))));
  }
  for (; i < size; ++i)
    x[i] /= 1.0f + std::exp(kGeluSlope * (x[i] + kGeluCubic * x[i] * x[i] * x[i]));
}

template <int R>
CHATTERBOX_TARGET void tile(const float* a, std::int64_t a_stride, const float* b,
                            std::int64_t b_stride, std::int64_t depth, float* c,
                            std::int64_t c_stride) {
  Vector sums[R][2];
#pragma GCC unroll 16
  for (int i = 0; i < R; ++i) sums[i][0] = sums[i][1] = zero();
  for (std::int64_t k = 0; k < depth; ++k, b += b_stride) {
    const Vector first = load(b), second = load(b + kWidth);
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) {
      const Vector factor = set1(a[i * a_stride + k]);
      sums[i][0] = fma(factor, first, sums[i][0]);
      sums[i][1] = fma(factor, second, sums[i][1]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < R; ++i) {
    store(c + i * c_stride, sums[i][0]);
    store(c + i * c_stride + kWidth, sums[i][1]);
  }
}

template <int... R>
constexpr std::array<Kernels::Tile, sizeof...(R)> make_tiles(std::integer_sequence<int, R...>) {
  return {tile<R + 1>...};
}
constexpr auto kTiles = make_tiles(std::make_integer_sequence<int, kTileRows>());

// The square of the sine repeats every pi, so x is first brought into
// [-pi/2, pi/2].
CHATTERBOX_INLINE Vector sin_squared(Vector x) {
  const Vector n = round(mul(x, set1(0.318309886f)));
  Vector r = fma(n, set1(-3.140625f), x);
  r = fma(n, set1(-9.67502593994140625e-4f), r);
  r = fma(n, set1(-1.509957990978376e-7f), r);
  const Vector square = mul(r, r);
  Vector series = set1(-2.50521084e-8f);
  for (const float coefficient : {2.75573192e-6f, -1.98412698e-4f, 8.33333333e-3f, -1.66666667e-1f})
    series = fma(series, square, set1(coefficient));
  const Vector sine = fma(mul(r, square), series, r);
  return mul(sine, sine);
}

CHATTERBOX_TARGET void snake(const float* x, std::int64_t size, float alpha, float inverse,
                             float* y) {
  const Vector factor = set1(alpha), share = set1(inverse);
  std::int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vector value = load(x + i);
    store(y + i, fma(sin_squared(mul(value, factor)), share, value));
  }
  if (i == size) return;
  float rest[kWidth] = {};
  std::copy(x + i, x + size, rest);
  const Vector value = load(rest);
  store(rest, fma(sin_squared(mul(value, factor)), share, value));
  std::copy(rest, rest + (size - i), y + i);
}
