// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/dot_attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "nn/kernels.h"

namespace chatterbox {
namespace {

// Queries worked on together: their scores stay in the processor's second
// cache, and each panel of keys and values that is loaded serves all of them.
constexpr std::int64_t kQueries = 48;

// One head of one batch row: `rows` vectors, `stride` floats apart.
struct Head {
  const float* data;
  std::int64_t rows, stride;
};

Head head(const at::Tensor& x, std::int64_t index) {
  const std::int64_t heads = x.size(1);
  return {
      x.data_ptr<float>() + index / heads * x.stride(0) + index % heads * x.stride(1),
      x.size(2),
      x.stride(2),
  };
}

// The blocks of queries that fall to one thread.
class ThreadBlocks {
 public:
  ThreadBlocks(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
               const at::Tensor& bias, at::Tensor& out)
      : q_(q),
        k_(k),
        v_(v),
        bias_(bias),
        out_(out),
        dim_(q.size(3)),
        keys_(k.size(2)),
        padded_((keys_ + panel_ - 1) / panel_ * panel_),
        packed_keys_(std::size_t(padded_ * dim_)),
        packed_values_(std::size_t(keys_ * dim_)),
        // A little more than whole panels, so that rows do not all meet the same
        // lines of the cache.
        score_stride_(padded_ + 16),
        scores_(std::size_t(score_stride_ * kQueries)) {}

  void attend(std::int64_t index, std::int64_t first) {
    if (index != packed_) pack(index);
    const Head q = head(q_, index);
    const std::int64_t count = std::min(kQueries, q.rows - first);
    score(q.data + first * q.stride, q.stride, count);
    float shares[kQueries];
    for (std::int64_t i = 0; i < count; ++i) shares[i] = weigh(first + i, row(i));
    const std::int64_t width = out_.size(2);
    float* out = out_.data_ptr<float>() + (index / q_.size(1) * q.rows + first) * width +
                 index % q_.size(1) * dim_;
    gather(count, out, width);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t c = 0; c < dim_; ++c) out[i * width + c] *= shares[i];
  }

 private:
  float* row(std::int64_t query) { return scores_.data() + query * score_stride_; }

  // Keys become panels of as many columns as a tile makes, (panels, d, columns),
  // zeros after the last; values panels of as many channels, (panels, m, columns).
  void pack(std::int64_t index) {
    packed_ = index;
    const Head k = head(k_, index), v = head(v_, index);
    float* to = packed_keys_.data();
    for (std::int64_t first = 0; first < keys_; first += panel_, to += panel_ * dim_) {
      const std::int64_t count = std::min(panel_, keys_ - first);
      if (count < panel_) std::fill_n(to, panel_ * dim_, 0.0f);
      for (std::int64_t j = 0; j < count; ++j)
        for (std::int64_t c = 0; c < dim_; ++c)
          to[c * panel_ + j] = k.data[(first + j) * k.stride + c];
    }
    to = packed_values_.data();
    for (std::int64_t first = 0; first < dim_; first += panel_)
      for (std::int64_t j = 0; j < keys_; ++j, to += panel_)
        std::copy_n(v.data + j * v.stride + first, panel_, to);
  }

  void score(const float* queries, std::int64_t stride, std::int64_t count) {
    for (std::int64_t first = 0; first < padded_; first += panel_)
      for (std::int64_t i = 0; i < count; i += tile_rows_)
        kernels_.tiles[std::min(tile_rows_, count - i) - 1](
            queries + i * stride, stride, packed_keys_.data() + first * dim_, panel_, dim_,
            row(i) + first, score_stride_);
  }

  // Scores of one query to weights; returns the reciprocal of their sum.
  float weigh(std::int64_t query, float* scores) {
    if (bias_.defined()) {
      const float* bias = bias_.data_ptr<float>() + query * bias_.stride(0);
      for (std::int64_t j = 0; j < keys_; ++j) scores[j] += bias[j];
    }
    std::fill(scores + keys_, scores + padded_, -std::numeric_limits<float>::infinity());
    return 1.0f / kernels_.exp_below_peak(scores, padded_);
  }

  void gather(std::int64_t count, float* out, std::int64_t width) {
    for (std::int64_t c = 0; c < dim_; c += panel_)
      for (std::int64_t i = 0; i < count; i += tile_rows_)
        kernels_.tiles[std::min(tile_rows_, count - i) - 1](
            row(i), score_stride_, packed_values_.data() + c * keys_, panel_, keys_,
            out + i * width + c, width);
  }

  const Kernels& kernels_ = kernels();
  const std::int64_t tile_rows_ = kernels_.tile_rows, panel_ = kernels_.tile_columns;
  const at::Tensor &q_, &k_, &v_, &bias_;
  at::Tensor& out_;
  std::int64_t dim_, keys_, padded_;
  std::vector<float> packed_keys_, packed_values_;
  std::int64_t score_stride_;
  std::vector<float> scores_;
  std::int64_t packed_ = -1;  // which head the panels hold
};

at::Tensor attend_on_processor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& bias) {
  const std::int64_t blocks = (q.size(2) + kQueries - 1) / kQueries;
  at::Tensor out = at::empty({q.size(0), q.size(2), q.size(1) * q.size(3)}, q.options());
  at::parallel_for(0, q.size(0) * q.size(1) * blocks, blocks,
                   [&](std::int64_t begin, std::int64_t end) {
                     ThreadBlocks mine(q, k, v, bias, out);
                     for (std::int64_t i = begin; i < end; ++i)
                       mine.attend(i / blocks, i % blocks * kQueries);
                   });
  return out;
}

bool is_plain(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.stride(-1) == 1;
}

}  // namespace

at::Tensor dot_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& bias) {
  if (q.size(3) % kernels().tile_columns == 0 && is_plain(q) && is_plain(k) && is_plain(v) &&
      (!bias.defined() || is_plain(bias)))
    return attend_on_processor(q, k, v, bias);
  at::Tensor scores = at::matmul(q, k.transpose(2, 3));
  if (bias.defined()) scores.add_(bias);
  return at::matmul(at::softmax(scores, -1), v).transpose(1, 2).flatten(2);
}

}  // namespace chatterbox
