// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "nn/kernels.h"
#include "nn/team.h"
#include "t3/decoder.h"
#include "t3/weight_matrix.h"

namespace chatterbox {
namespace {

struct NormWeights {
  explicit NormWeights(const Norm& norm)
      : weight(norm.weight.data_ptr<float>()),
        bias(norm.bias.defined() ? norm.bias.data_ptr<float>() : nullptr) {}

  const float* weight;
  const float* bias;  // null: RMS normalisation
};

struct Layer {
  Layer(const TransformerLayer& layer, int members)
      : input_norm(layer.input_norm),
        mlp_norm(layer.mlp_norm),
        qkv{WeightMatrix(layer.q), WeightMatrix(layer.k), WeightMatrix(layer.v)},
        o(layer.o),
        up(layer.up),
        down(layer.down) {
    if (layer.gate) gate.emplace(*layer.gate);
    for (WeightMatrix* matrix : {&o, &up, &down}) matrix->cut(members);
  }

  NormWeights input_norm, mlp_norm;
  WeightMatrix qkv[3];
  WeightMatrix o, up, down;
  std::optional<WeightMatrix> gate;  // cut as `up` is
};

constexpr int kMaxRows = 2;
// Every member of the team walks the whole step; each phase is shared out in
// pieces, and the next, which reads its result, begins when all are done.
class RawDecoder : public Decoder {
 public:
  RawDecoder(const Transformer& transformer, const Linear& head, const DecoderOptions& options)
      : transformer_(transformer),
        config_(transformer.config()),
        options_(options),
        kernels_(kernels()),
        head_(head),
        last_norm_(transformer.norm()),
        cache_(transformer.make_cache(options.rows, options.capacity)),
        rotary_(transformer.make_rotary(options.capacity)),
        phases_(std::size_t(config_.layers) * 5 + 1) {
    for (const TransformerLayer& layer : transformer.layers())
      layers_.emplace_back(layer, options.threads);
    head_.cut(options.threads);
    const auto rows = std::size_t(options.rows);
    x_.resize(rows * std::size_t(config_.hidden));
    q_.resize(rows * std::size_t(heads_width()));
    mixed_.resize(q_.size());
    inner_.resize(rows * std::size_t(config_.intermediate));
    logits_.resize(rows * std::size_t(head_.rows()));
    const int members = std::max(options.threads, 1);
    own_.resize(std::size_t(members));
    for (Own& own : own_) {
      own.normed.resize(x_.size());
      own.scores.resize(std::size_t(options.capacity));
      for (Digits& digits : own.digits) digits.resize(widest());
    }
    team_ = std::make_unique<Team>(members, [this](int member) { run(member); });
  }

  void begin_with(const KvCache& prefix) override { cache_.begin_with(prefix); }

  void prefill(const at::Tensor& embeddings) override { transformer_.prefill(embeddings, cache_); }

  float* step(const float* embedding, bool want_logits) override {
    for (std::int64_t row = 0; row < options_.rows; ++row)
      std::copy_n(embedding, config_.hidden, x_.data() + row * config_.hidden);
    position_ = cache_.length;
    head_pieces_ = want_logits ? head_.pieces() : 0;
    const std::uint32_t run = run_.load(std::memory_order_relaxed) + 1;
    for (Phase& phase : phases_) phase.reset(run);
    run_.store(run, std::memory_order_release);
    team_->run();
    ++cache_.length;
    return want_logits ? logits_.data() : nullptr;
  }

 private:
  // What each member computes for itself.
  struct Own {
    std::vector<float> normed, scores;
    Digits digits[kMaxRows];
  };

  std::int64_t widest() const {
    return std::max(
        {std::int64_t(config_.hidden), heads_width(), std::int64_t(config_.intermediate)});
  }
  std::int64_t heads_width() const { return std::int64_t(config_.heads) * config_.head_dim; }

  // What a phase multiplies, as one member takes it. Norms and digits are short work, so every
  // member that gets a piece does its own and none waits. Not before it has a piece: what they
  // are made of may be a later phase's by then.
  class Input {
   public:
    // values (rows, width); without a norm they are taken as they are.
    Input(RawDecoder& decoder, int member, const std::vector<float>& values,
          const NormWeights* norm = nullptr)
        : decoder_(decoder),
          own_(decoder.own_[std::size_t(member)]),
          values_(values),
          norm_(norm) {}

    const float* floats() {
      if (norm_ && !normed_) normalize();
      normed_ = true;
      return norm_ ? own_.normed.data() : values_.data();
    }

    const Digits* digits() {
      const std::int64_t width = std::int64_t(values_.size()) / decoder_.options_.rows;
      const float* x = floats();
      for (std::int64_t row = 0; !digits_made_ && row < decoder_.options_.rows; ++row)
        own_.digits[row].set(x + row * width, width);
      digits_made_ = true;
      return own_.digits;
    }

   private:
    void normalize() {
      const std::int64_t size = decoder_.config_.hidden;
      const float eps = float(decoder_.config_.norm_eps);
      for (std::int64_t row = 0; row < decoder_.options_.rows; ++row) {
        const float* x = values_.data() + row * size;
        float* y = own_.normed.data() + row * size;
        if (norm_->bias)
          decoder_.kernels_.layer_norm(x, norm_->weight, norm_->bias, size, eps, y);
        else
          decoder_.kernels_.rms_norm(x, norm_->weight, size, eps, y);
      }
    }

    RawDecoder& decoder_;
    Own& own_;
    const std::vector<float>& values_;
    const NormWeights* norm_;
    bool normed_ = false, digits_made_ = false;
  };

  // y (rows, y_stride) = x times `count` rows of the matrix, and their bias.
  void multiply(const WeightMatrix& matrix, std::int64_t first, std::int64_t count, Input& x,
                float* y, std::int64_t y_stride) const {
    const bool digits = matrix.takes_digits();
    matrix.multiply(kernels_, first, count, digits ? nullptr : x.floats(),
                    digits ? x.digits() : nullptr, int(options_.rows), y, y_stride);
  }

  // The whole step, on every member.
  void run(int member) {
    const std::uint32_t run = run_.load(std::memory_order_acquire);
    Phase* phase = phases_.data();
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      Input heard(*this, member, x_, &layer.input_norm);
      (phase++)->share(run, 3 * config_.heads,
                       [&](std::int64_t n) { project_head(layer, i, n, heard); });
      (phase++)->share(run, options_.rows * config_.heads, [&](std::int64_t n) {
        attend(i, n / config_.heads, n % config_.heads, member);
      });
      Input mixed(*this, member, mixed_);
      (phase++)->share(run, layer.o.pieces(),
                       [&](std::int64_t n) { add_product(layer.o, n, mixed); });
      Input thought(*this, member, x_, &layer.mlp_norm);
      (phase++)->share(run, layer.up.pieces(), [&](std::int64_t n) { expand(layer, n, thought); });
      Input inner(*this, member, inner_);
      (phase++)->share(run, layer.down.pieces(),
                       [&](std::int64_t n) { add_product(layer.down, n, inner); });
    }
    Input last(*this, member, x_, &last_norm_);
    phase->share(run, head_pieces_, [&](std::int64_t n) {
      multiply(head_, head_.first(n), head_.count(n), last, logits_.data() + head_.first(n),
               head_.rows());
    });
  }

  float* cached(const at::Tensor& cache, std::size_t layer, std::int64_t row, std::int64_t head,
                std::int64_t position) const {
    const std::int64_t line = (std::int64_t(layer) * options_.rows + row) * config_.heads + head;
    return cache.data_ptr<float>() + (line * cache_.capacity + position) * config_.head_dim;
  }

  // One head of q, k or v; q and k are rotated where positions are; k and v go to the cache.
  void project_head(const Layer& layer, std::size_t index, std::int64_t n, Input& normed) {
    const std::int64_t dim = config_.head_dim, kind = n / config_.heads, head = n % config_.heads;
    float y[kMaxRows * kMaxHeadDim];
    multiply(layer.qkv[kind], head * dim, dim, normed, y, dim);
    for (std::int64_t row = 0; row < options_.rows; ++row) {
      float* values = y + row * dim;
      if (kind < 2 && rotary_) rotate(values);
      float* target = kind == 0
                          ? q_.data() + row * heads_width() + head * dim
                          : cached(kind == 1 ? cache_.k : cache_.v, index, row, head, position_);
      std::copy_n(values, dim, target);
    }
  }

  void rotate(float* x) const {
    const std::int64_t half = config_.head_dim / 2;
    const float* cos = rotary_->cos.data_ptr<float>() + position_ * half;
    const float* sin = rotary_->sin.data_ptr<float>() + position_ * half;
    for (std::int64_t i = 0; i < half; ++i) {
      const float a = x[i], b = x[half + i];
      x[i] = a * cos[i] - b * sin[i];
      x[half + i] = b * cos[i] + a * sin[i];
    }
  }

  void attend(std::size_t layer, std::int64_t row, std::int64_t head, int member) {
    AlignmentTracker* tracker = options_.tracker;
    const bool supervised = tracker && row == 0 && int(layer) == tracker->config().layer &&
                            head == tracker->config().head;
    std::int64_t first = 0, count = position_ + 1;
    if (supervised) {
      first = options_.text_begin + tracker->window().begin;
      count = tracker->window().end - tracker->window().begin;
    }
    const std::int64_t dim = config_.head_dim;
    float* scores = own_[std::size_t(member)].scores.data();
    const float* q = q_.data() + row * heads_width() + head * dim;
    kernels_.dot_rows[int(Storage::kFloat)](cached(cache_.k, layer, row, head, first), count, dim,
                                            q, dim, /*batch=*/1, scores, count);
    const float scale = 1.0f / std::sqrt(float(dim));
    for (std::int64_t i = 0; i < count; ++i) scores[i] *= scale;
    if (supervised)
      tracker->advance(tracker->window().begin +
                       int(std::max_element(scores, scores + count) - scores));
    kernels_.softmax(scores, count);
    kernels_.weighted_sum(cached(cache_.v, layer, row, head, first), count, dim, scores,
                          mixed_.data() + row * heads_width() + head * dim);
  }

  // x += matrix * input, for one piece of rows.
  void add_product(const WeightMatrix& matrix, std::int64_t n, Input& input) {
    float y[kMaxRows * kMaxPieceRows];
    const std::int64_t first = matrix.first(n), count = matrix.count(n);
    multiply(matrix, first, count, input, y, kMaxPieceRows);
    for (std::int64_t row = 0; row < options_.rows; ++row)
      for (std::int64_t i = 0; i < count; ++i)
        x_[std::size_t(row * config_.hidden + first + i)] += y[row * kMaxPieceRows + i];
  }

  // The inside of the feed-forward, for one piece of its width.
  void expand(const Layer& layer, std::int64_t n, Input& normed) {
    const std::int64_t first = layer.up.first(n), count = layer.up.count(n);
    const std::int64_t width = config_.intermediate;
    float* out = inner_.data() + first;
    if (!layer.gate) {
      multiply(layer.up, first, count, normed, out, width);
      for (std::int64_t row = 0; row < options_.rows; ++row)
        kernels_.gelu_tanh(out + row * width, count);
      return;
    }
    float up[kMaxRows * kMaxPieceRows];
    multiply(*layer.gate, first, count, normed, out, width);
    multiply(layer.up, first, count, normed, up, kMaxPieceRows);
    for (std::int64_t row = 0; row < options_.rows; ++row)
      kernels_.silu_multiply(out + row * width, up + row * kMaxPieceRows, count);
  }

  static constexpr int kMaxHeadDim = 1024;  // what config.json allows

  const Transformer& transformer_;
  const T3Config& config_;
  DecoderOptions options_;
  const Kernels& kernels_;
  std::vector<Layer> layers_;
  WeightMatrix head_;
  NormWeights last_norm_;
  KvCache cache_;
  std::optional<RotaryTable> rotary_;

  // Written in one phase, read in the next; (rows, ...).
  std::vector<float> x_, q_, mixed_, inner_, logits_;
  std::vector<Own> own_;  // by member
  std::int64_t position_ = 0;
  std::atomic<std::int64_t> head_pieces_{0};

  std::atomic<std::uint32_t> run_{0};
  std::vector<Phase> phases_;   // of one step
  std::unique_ptr<Team> team_;  // last, as its threads use all of the above
};

}  // namespace

std::unique_ptr<Decoder> make_raw_decoder(const Transformer& transformer, const Linear& speech_head,
                                          const DecoderOptions& options) {
  return std::make_unique<RawDecoder>(transformer, speech_head, options);
}

}  // namespace chatterbox
