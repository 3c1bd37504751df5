// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The product of int8 rows, once, for files that define before including this:
//   CHATTERBOX_TARGET  attributes that choose the instruction set
//   Vector, kBytes     a vector of bytes or of 32-bit sums and how many bytes it holds
//   zero, load, add_up
//   dot(sum, digits, weights)  adds four products of bytes to each sum

// Bytes between what is multiplied and what is fetched.
constexpr std::int64_t kAhead = 16 * 1024;

// R rows against the digits of B vectors.
template <int R, int B>
CHATTERBOX_TARGET void rows_of(const Int8Rows& w, std::int64_t row, const Digits* x, float* y,
                               std::int64_t y_stride) {
  Vector high[R][B], low[R][B];
  for (int r = 0; r < R; ++r)
    for (int b = 0; b < B; ++b) high[r][b] = low[r][b] = zero();
  const std::int8_t* values = w.values + row * w.cols;
  std::int64_t c = 0;
  for (; c + kBytes <= w.cols; c += kBytes) {
    Vector upper[B], lower[B];
    for (int b = 0; b < B; ++b) {
      upper[b] = load(x[b].high() + c);
      lower[b] = load(x[b].low() + c);
    }
    for (int r = 0; r < R; ++r) {
      // Into the second cache level; the next rows alone would be too near to hide the memory.
      __builtin_prefetch(values + r * w.cols + c + kAhead, 0, 2);
      const Vector weights = load(values + r * w.cols + c);
      for (int b = 0; b < B; ++b) {
        dot(high[r][b], upper[b], weights);
        dot(low[r][b], lower[b], weights);
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int b = 0; b < B; ++b) {
      std::int32_t sum_high = add_up(high[r][b]), sum_low = add_up(low[r][b]);
      add_rest(values + r * w.cols, c, w.cols, x[b], sum_high, sum_low);
      y[b * y_stride + r] =
          finish(sum_high, sum_low, w.sum[row + r], w.scale[row + r] * x[b].scale());
    }
  }
}

template <int B>
CHATTERBOX_TARGET void all_rows(const Int8Rows& w, std::int64_t first, std::int64_t count,
                                const Digits* x, float* y, std::int64_t y_stride) {
  constexpr int kRowsAtOnce = 4;
  std::int64_t r = 0;
  for (; r + kRowsAtOnce <= count; r += kRowsAtOnce)
    rows_of<kRowsAtOnce, B>(w, first + r, x, y + r, y_stride);
  for (; r < count; ++r) rows_of<1, B>(w, first + r, x, y + r, y_stride);
}

CHATTERBOX_TARGET void multiply(const Int8Rows& w, std::int64_t first, std::int64_t count,
                                const Digits* x, int batch, float* y, std::int64_t y_stride) {
  (batch == 1 ? all_rows<1> : all_rows<2>)(w, first, count, x, y, y_stride);
}
