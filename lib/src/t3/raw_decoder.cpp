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
#include "t3/cache_view.h"
#include "t3/decoder.h"
#include "t3/raw_layers.h"
#include "t3/raw_prefill.h"

namespace chatterbox {
namespace {

constexpr int kMaxRows = 2;
constexpr int kMaxVectors = Kernels::kMaxBatch;
static_assert(kMaxRows <= kMaxVectors);

// Layers and what follows them, as kernels read them.
struct Stack {
  Stack(const Transformer& transformer, const Linear& speech_head, int members)
      : head(speech_head), last_norm(transformer.norm()) {
    for (const TransformerLayer& layer : transformer.layers()) layers.emplace_back(layer, members);
    head.cut(members);
  }

  std::vector<RawLayer> layers;
  WeightMatrix head;
  NormWeights last_norm;
};

// Vectors of a step are those of its positions, and of each position those of the rows.
//
// Every member of the team walks the whole step; each phase is shared out in
// pieces, and the next, which reads its result, begins when all are done.
class RawDecoder : public DraftingDecoder {
 public:
  RawDecoder(const Transformer& transformer, const Linear& head, const DecoderOptions& options)
      : transformer_(transformer),
        config_(transformer.config()),
        options_(options),
        kernels_(kernels()),
        exact_(transformer, head, options.threads),
        cache_(transformer.make_raw_cache(options.rows, options.capacity)),
        view_(cache_),
        rotary_(transformer.make_rotary(options.capacity)),
        phases_(std::size_t(config_.layers) * 5 + 1) {
    if (options.draft)
      draft_.emplace(options.draft->transformer, options.draft->speech_head, options.threads);
    const auto vectors = std::size_t(options.rows * max_steps());
    x_.resize(vectors * std::size_t(config_.hidden));
    q_.resize(vectors * std::size_t(heads_width()));
    mixed_.resize(q_.size());
    inner_.resize(vectors * std::size_t(config_.intermediate));
    logits_.resize(vectors * std::size_t(exact_.head.rows()));
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

  void prefill(const at::Tensor& embeddings) override {
    raw_prefill(transformer_, embeddings, cache_, options_.threads);
  }

  float* step(const float* embedding, bool want_logits) override {
    take(exact_, embedding, /*count=*/1, want_logits);
    return want_logits ? logits_.data() : nullptr;
  }

  float* draft(const float* embedding) override {
    take(*draft_, embedding, /*count=*/1, /*want_logits=*/true);
    return logits_.data();
  }

  float* steps(const float* embeddings, int count) override {
    take(exact_, embeddings, count, /*want_logits=*/true);
    return logits_.data();
  }

  int max_steps() const override { return options_.draft ? kMaxVectors / int(options_.rows) : 1; }

  void rewind(std::int64_t positions) override { cache_.length = positions; }

 private:
  void take(const Stack& stack, const float* embeddings, int count, bool want_logits) {
    float* to = x_.data();
    for (int i = 0; i < count; ++i)
      for (std::int64_t row = 0; row < options_.rows; ++row, to += config_.hidden)
        std::copy_n(embeddings + i * config_.hidden, config_.hidden, to);
    position_ = cache_.length;
    stack_ = &stack;
    vectors_ = options_.rows * count;
    head_pieces_ = want_logits ? stack.head.pieces() : 0;
    const std::uint32_t run = run_.load(std::memory_order_relaxed) + 1;
    for (Phase& phase : phases_) phase.reset(run);
    run_.store(run, std::memory_order_release);
    team_->run();
    cache_.length += count;
  }

  // Values that each member computes for itself.
  struct Own {
    std::vector<float> normed, scores;
    Digits digits[kMaxRows];  // int8 takes one position at a time
  };

  std::int64_t widest() const {
    return std::max(
        {std::int64_t(config_.hidden), heads_width(), std::int64_t(config_.intermediate)});
  }
  std::int64_t heads_width() const { return std::int64_t(config_.heads) * config_.head_dim; }

  // Input of a phase's products, as one member takes it. Norms and digits are short work, so every
  // member that gets a piece makes its own and none waits. Not before it has a piece: their source
  // may be a later phase's by then.
  class Input {
   public:
    // values (vectors, width); without a norm they are taken as they are.
    Input(RawDecoder& decoder, int member, const std::vector<float>& values, std::int64_t width,
          const NormWeights* norm = nullptr)
        : decoder_(decoder),
          own_(decoder.own_[std::size_t(member)]),
          values_(values),
          width_(width),
          norm_(norm) {}

    const float* floats() {
      if (norm_ && !normed_) normalize();
      normed_ = true;
      return norm_ ? own_.normed.data() : values_.data();
    }

    const Digits* digits() {
      const float* x = floats();
      for (std::int64_t v = 0; !digits_made_ && v < decoder_.vectors_; ++v)
        own_.digits[v].set(x + v * width_, width_);
      digits_made_ = true;
      return own_.digits;
    }

   private:
    void normalize() {
      for (std::int64_t v = 0; v < decoder_.vectors_; ++v)
        (*norm_)(decoder_.kernels_, values_.data() + v * width_, own_.normed.data() + v * width_);
    }

    RawDecoder& decoder_;
    Own& own_;
    const std::vector<float>& values_;
    const std::int64_t width_;
    const NormWeights* norm_;
    bool normed_ = false, digits_made_ = false;
  };

  // y (vectors, y_stride) = x times `count` rows of the matrix, and their bias.
  void multiply(const WeightMatrix& matrix, std::int64_t first, std::int64_t count, Input& x,
                float* y, std::int64_t y_stride) const {
    const bool digits = matrix.takes_digits();
    matrix.multiply(kernels_, first, count, digits ? nullptr : x.floats(),
                    digits ? x.digits() : nullptr, int(vectors_), y, y_stride);
  }

  // The whole step, on every member that takes part.
  void run(int member) {
    if (member > 0 && options_.threads_now &&
        member >= options_.threads_now->load(std::memory_order_relaxed))
      return;
    const std::uint32_t run = run_.load(std::memory_order_acquire);
    const Stack& stack = *stack_.load(std::memory_order_relaxed);
    Phase* phase = phases_.data();
    for (std::size_t i = 0; i < stack.layers.size(); ++i) {
      const RawLayer& layer = stack.layers[i];
      Input heard(*this, member, x_, config_.hidden, &layer.input_norm);
      (phase++)->share(run, 3 * config_.heads,
                       [&](std::int64_t n) { project_head(layer, i, n, heard); });
      (phase++)->share(run, vectors_ * config_.heads, [&](std::int64_t n) {
        attend(i, n / config_.heads, n % config_.heads, member);
      });
      Input mixed(*this, member, mixed_, heads_width());
      (phase++)->share(run, layer.o.pieces(),
                       [&](std::int64_t n) { add_product(layer.o, n, mixed); });
      Input thought(*this, member, x_, config_.hidden, &layer.mlp_norm);
      (phase++)->share(run, layer.up.pieces(), [&](std::int64_t n) { expand(layer, n, thought); });
      Input inner(*this, member, inner_, config_.intermediate);
      (phase++)->share(run, layer.down.pieces(),
                       [&](std::int64_t n) { add_product(layer.down, n, inner); });
    }
    const WeightMatrix& head = stack.head;
    Input last(*this, member, x_, config_.hidden, &stack.last_norm);
    phase->share(run, head_pieces_, [&](std::int64_t n) {
      multiply(head, head.first(n), head.count(n), last, logits_.data() + head.first(n),
               head.rows());
    });
  }

  // One head of q, k or v; q and k are rotated where positions are; k and v go to the cache.
  void project_head(const RawLayer& layer, std::size_t index, std::int64_t n, Input& normed) {
    const std::int64_t dim = config_.head_dim, kind = n / config_.heads, head = n % config_.heads;
    float y[kMaxVectors * kMaxHeadDim];
    multiply(layer.qkv[kind], head * dim, dim, normed, y, dim);
    for (std::int64_t v = 0; v < vectors_; ++v) {
      float* values = y + v * dim;
      const std::int64_t position = position_of(v);
      if (kind < 2 && rotary_)
        rotate(values, dim / 2, rotary_->cos.data_ptr<float>() + position * (dim / 2),
               rotary_->sin.data_ptr<float>() + position * (dim / 2));
      if (kind == 0)
        std::copy_n(values, dim, q_.data() + v * heads_width() + head * dim);
      else
        view_.put(kind == 1 ? CacheView::Kind::kKeys : CacheView::Kind::kValues,
                  std::int64_t(index), row_of(v), head, position, values);
    }
  }

  std::int64_t row_of(std::int64_t v) const { return v % options_.rows; }
  std::int64_t position_of(std::int64_t v) const { return position_ + v / options_.rows; }

  void attend(std::size_t layer, std::int64_t v, std::int64_t head, int member) {
    const std::int64_t row = row_of(v);
    AlignmentTracker* tracker = options_.tracker;
    const bool supervised = tracker && row == 0 && int(layer) == tracker->config().layer &&
                            head == tracker->config().head;
    std::int64_t first = 0, count = position_of(v) + 1;
    if (supervised) {
      first = options_.text_begin + tracker->window().begin;
      count = tracker->window().end - tracker->window().begin;
    }
    const std::int64_t dim = config_.head_dim;
    float* scores = own_[std::size_t(member)].scores.data();
    const float* q = q_.data() + v * heads_width() + head * dim;
    const auto seen = [&](CacheView::Kind kind) {
      return view_.at(kind, std::int64_t(layer), row, head, first);
    };
    kernels_.dot_rows[int(view_.type())](seen(CacheView::Kind::kKeys), count, dim, q, dim,
                                         /*batch=*/1, scores, count);
    const float scale = 1.0f / std::sqrt(float(dim));
    for (std::int64_t i = 0; i < count; ++i) scores[i] *= scale;
    if (supervised)
      tracker->advance(tracker->window().begin +
                       int(std::max_element(scores, scores + count) - scores));
    kernels_.softmax(scores, count);
    kernels_.weighted_sum[int(view_.type())](seen(CacheView::Kind::kValues), count, dim, scores,
                                             mixed_.data() + v * heads_width() + head * dim);
  }

  // x += matrix * input, for one piece of rows.
  void add_product(const WeightMatrix& matrix, std::int64_t n, Input& input) {
    float y[kMaxVectors * kMaxPieceRows];
    const std::int64_t first = matrix.first(n), count = matrix.count(n);
    multiply(matrix, first, count, input, y, kMaxPieceRows);
    for (std::int64_t v = 0; v < vectors_; ++v)
      for (std::int64_t i = 0; i < count; ++i)
        x_[std::size_t(v * config_.hidden + first + i)] += y[v * kMaxPieceRows + i];
  }

  // The inside of the feed-forward, for one piece of its width.
  void expand(const RawLayer& layer, std::int64_t n, Input& normed) {
    const std::int64_t first = layer.up.first(n), count = layer.up.count(n);
    const std::int64_t width = config_.intermediate;
    float* out = inner_.data() + first;
    if (!layer.gate) {
      multiply(layer.up, first, count, normed, out, width);
      for (std::int64_t v = 0; v < vectors_; ++v) kernels_.gelu_tanh(out + v * width, count);
      return;
    }
    float up[kMaxVectors * kMaxPieceRows];
    multiply(*layer.gate, first, count, normed, out, width);
    multiply(layer.up, first, count, normed, up, kMaxPieceRows);
    for (std::int64_t v = 0; v < vectors_; ++v)
      kernels_.silu_multiply(out + v * width, up + v * kMaxPieceRows, count);
  }

  static constexpr int kMaxHeadDim = 1024;  // what config.json allows

  const Transformer& transformer_;
  const T3Config& config_;
  DecoderOptions options_;
  const Kernels& kernels_;
  Stack exact_;
  std::optional<Stack> draft_;
  KvCache cache_;
  CacheView view_;
  std::optional<RotaryTable> rotary_;

  // Written in one phase, read in the next; (vectors, ...).
  std::vector<float> x_, q_, mixed_, inner_, logits_;
  std::vector<Own> own_;  // by member
  // Of the step. Atomic, as members that come late read them in vain.
  std::atomic<const Stack*> stack_{nullptr};
  std::atomic<std::int64_t> vectors_{0}, head_pieces_{0};
  std::int64_t position_ = 0;  // its first

  std::atomic<std::uint32_t> run_{0};
  std::vector<Phase> phases_;   // of one step
  std::unique_ptr<Team> team_;  // last, as its threads use all of the above
};

}  // namespace

std::unique_ptr<DraftingDecoder> make_raw_decoder(const Transformer& transformer,
                                                  const Linear& speech_head,
                                                  const DecoderOptions& options) {
  return std::make_unique<RawDecoder>(transformer, speech_head, options);
}

}  // namespace chatterbox
