// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/dot_attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "nn/lanes.h"

namespace chatterbox {
namespace {

using lanes::Floats;
using lanes::kLanes;

// Queries worked on together. Their scores stay in the processor's cache, and
// each key and value loaded serves all of them.
constexpr std::int64_t kQueries = 8;
// Keys or value channels worked on together.
constexpr std::int64_t kPanel = 2 * kLanes;

std::int64_t whole_panels(std::int64_t keys) { return (keys + kPanel - 1) / kPanel * kPanel; }

// keys (m, d) -> panels of 32 keys, (panels, d, 32), zeros after the last.
void pack_keys(const float* keys, std::int64_t stride, std::int64_t m, std::int64_t d,
               float* packed) {
  for (std::int64_t first = 0; first < m; first += kPanel, packed += kPanel * d)
    for (std::int64_t c = 0; c < d; ++c)
      for (std::int64_t j = 0; j < kPanel; ++j)
        packed[c * kPanel + j] = first + j < m ? keys[(first + j) * stride + c] : 0.0f;
}

// q (8, d) times packed keys -> scores (8, whole panels)
CHATTERBOX_CLONES void multiply_keys(const float* q, const float* packed, std::int64_t panels,
                                     std::int64_t d, float* scores) {
  for (std::int64_t panel = 0; panel < panels; ++panel, packed += kPanel * d) {
    Floats a[kQueries] = {}, b[kQueries] = {};
    for (std::int64_t c = 0; c < d; ++c) {
      const Floats k0 = lanes::load(packed + c * kPanel);
      const Floats k1 = lanes::load(packed + c * kPanel + kLanes);
#pragma GCC unroll 8
      for (std::int64_t i = 0; i < kQueries; ++i) {
        a[i] += k0 * q[i * d + c];
        b[i] += k1 * q[i * d + c];
      }
    }
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < kQueries; ++i) {
      lanes::store(scores + (i * panels + panel) * kPanel, a[i]);
      lanes::store(scores + (i * panels + panel) * kPanel + kLanes, b[i]);
    }
  }
}

// Scores of one query to weights that sum to one; `size` is whole panels.
CHATTERBOX_CLONES void softmax(float* scores, std::int64_t size) {
  Floats peaks = lanes::load(scores);
  for (std::int64_t j = kLanes; j < size; j += kLanes)
    peaks = lanes::larger(peaks, lanes::load(scores + j));
  const float peak = lanes::largest(peaks);
  Floats sums = {};
  for (std::int64_t j = 0; j < size; j += kLanes) {
    const Floats weight = lanes::exp_negative(lanes::load(scores + j) - peak);
    lanes::store(scores + j, weight);
    sums += weight;
  }
  const float scale = 1.0f / lanes::sum(sums);
  for (std::int64_t j = 0; j < size; j += kLanes)
    lanes::store(scores + j, lanes::load(scores + j) * scale);
}

// weights (8, stride) times values (m, d) -> out (8, d)
CHATTERBOX_CLONES void gather_values(const float* weights, std::int64_t stride, const float* values,
                                     std::int64_t value_stride, std::int64_t m, std::int64_t d,
                                     float* out) {
  for (std::int64_t c = 0; c < d; c += kPanel) {
    Floats a[kQueries] = {}, b[kQueries] = {};
    for (std::int64_t j = 0; j < m; ++j) {
      const Floats v0 = lanes::load(values + j * value_stride + c);
      const Floats v1 = lanes::load(values + j * value_stride + c + kLanes);
#pragma GCC unroll 8
      for (std::int64_t i = 0; i < kQueries; ++i) {
        a[i] += v0 * weights[i * stride + j];
        b[i] += v1 * weights[i * stride + j];
      }
    }
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < kQueries; ++i) {
      lanes::store(out + i * d + c, a[i]);
      lanes::store(out + i * d + c + kLanes, b[i]);
    }
  }
}

// The blocks of eight queries of one thread.
class Worker {
 public:
  Worker(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias,
         at::Tensor& out)
      : q_(q),
        k_(k),
        v_(v),
        bias_(bias),
        out_(out),
        d_(q.size(2)),
        keys_(k.size(1)),
        padded_(whole_panels(keys_)),
        packed_(std::size_t(padded_ * d_)),
        scores_(std::size_t(padded_ * kQueries)),
        queries_(std::size_t(kQueries * d_)),
        results_(std::size_t(kQueries * d_)) {}

  void attend(std::int64_t row, std::int64_t first) {
    if (row != packed_row_)
      pack_keys(k_.data_ptr<float>() + row * k_.stride(0), k_.stride(1), keys_, d_, packed_.data());
    packed_row_ = row;
    const std::int64_t count = std::min(kQueries, q_.size(1) - first);
    for (std::int64_t i = 0; i < count; ++i)
      std::copy_n(q_.data_ptr<float>() + row * q_.stride(0) + (first + i) * q_.stride(1), d_,
                  queries_.data() + i * d_);
    multiply_keys(queries_.data(), packed_.data(), padded_ / kPanel, d_, scores_.data());
    for (std::int64_t i = 0; i < count; ++i) weigh(scores_.data() + i * padded_, first + i);
    gather_values(scores_.data(), padded_, v_.data_ptr<float>() + row * v_.stride(0), v_.stride(1),
                  keys_, d_, results_.data());
    std::copy_n(results_.data(), count * d_,
                out_.data_ptr<float>() + (row * q_.size(1) + first) * d_);
  }

 private:
  void weigh(float* scores, std::int64_t query) {
    if (bias_.defined()) {
      const float* bias = bias_.data_ptr<float>() + query * bias_.stride(0);
      for (std::int64_t j = 0; j < keys_; ++j) scores[j] += bias[j];
    }
    std::fill(scores + keys_, scores + padded_, -std::numeric_limits<float>::infinity());
    softmax(scores, padded_);
  }

  const at::Tensor &q_, &k_, &v_, &bias_;
  at::Tensor& out_;
  std::int64_t d_, keys_, padded_;
  std::vector<float> packed_, scores_, queries_, results_;
  std::int64_t packed_row_ = -1;
};

at::Tensor attend_on_processor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& bias) {
  const std::int64_t blocks = (q.size(1) + kQueries - 1) / kQueries;
  at::Tensor out = at::empty(q.sizes(), q.options());
  at::parallel_for(0, q.size(0) * blocks, blocks, [&](std::int64_t begin, std::int64_t end) {
    Worker worker(q, k, v, bias, out);
    for (std::int64_t i = begin; i < end; ++i) worker.attend(i / blocks, i % blocks * kQueries);
  });
  return out;
}

bool is_plain(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.stride(-1) == 1;
}

}  // namespace

at::Tensor dot_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& bias) {
  if (q.size(2) % kPanel == 0 && is_plain(q) && is_plain(k) && is_plain(v) &&
      (!bias.defined() || is_plain(bias)))
    return attend_on_processor(q, k, v, bias);
  const at::Tensor scores = bias.defined() ? at::baddbmm(bias.unsqueeze(0), q, k.transpose(1, 2))
                                           : at::bmm(q, k.transpose(1, 2));
  return at::bmm(at::softmax(scores, -1), v);
}

}  // namespace chatterbox
