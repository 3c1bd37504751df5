// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/raw_prefill.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "nn/kernels.h"
#include "nn/large_pages.h"
#include "nn/team.h"
#include "nn/wide_product.h"
#include "t3/block_attention.h"
#include "t3/cache_view.h"
#include "t3/raw_layers.h"

namespace chatterbox {
namespace {

// Vectors that go through all layers together: enough to amortise reading the weights, few enough
// that activations stay in the caches.
constexpr std::int64_t kMostVectors = 256;
// Results that a member computes at once.
constexpr std::int64_t kPiece = 64;
// Vectors that a member makes operands of at once.
constexpr std::int64_t kFew = 4;
// Readable numbers behind a vector.
constexpr std::int64_t kSlack = 16;

std::int64_t pieces_of(std::int64_t size, std::int64_t piece) { return (size + piece - 1) / piece; }

// Pass of one block of positions through the layers. Every member of a team walks all phases, and
// each phase is shared out, as in decoding.
class PrefillBlock {
 public:
  // `count` positions of every row at most.
  PrefillBlock(const Transformer& transformer, KvCache& cache, std::int64_t count, int threads)
      : config_(transformer.config()),
        kernels_(kernels()),
        cache_(cache),
        view_(cache),
        rows_(cache.k.size(1)),
        inner_width_(std::int64_t(config_.heads) * config_.head_dim),
        rotary_(transformer.make_rotary(cache.capacity)),
        product_(best_wide_product(WeightMatrix(transformer.layers().front().o).type())),
        phases_(std::size_t(config_.layers) * kPhases) {
    for (const TransformerLayer& layer : transformer.layers()) layers_.emplace_back(layer, threads);
    const std::int64_t vectors = rows_ * count;
    const std::int64_t widest =
        std::max({std::int64_t(config_.hidden), inner_width_, std::int64_t(config_.intermediate)});
    x_.resize(std::size_t(vectors * config_.hidden + kSlack));
    q_.resize(std::size_t(vectors * inner_width_ + kSlack));
    mixed_.resize(q_.size());
    wide_.resize(std::size_t(vectors * config_.intermediate + kSlack));
    operands_ = lines_of(product_.operand_bytes(int(vectors), int(widest)));
    own_.resize(std::size_t(std::max(threads, 1)));
    for (Own& own : own_) {
      own.normed.resize(std::size_t(config_.hidden + kSlack));
      for (auto& y : own.y)
        y.resize(std::size_t(vectors * std::max<std::int64_t>(kPiece, config_.head_dim)));
      own.scratch = lines_of(product_.scratch_bytes(int(vectors), int(widest)));
      own.attention.emplace(kernels_, config_.head_dim, cache.capacity);
    }
    team_ = std::make_unique<Team>(int(own_.size()), [this](int member) { run(member); });
  }

  // x (rows, count, hidden), a row `stride` numbers after the one before.
  void run(const float* x, std::int64_t stride, std::int64_t count) {
    count_ = count;
    first_ = cache_.length;
    for (std::int64_t row = 0; row < rows_; ++row)
      std::copy_n(x + row * stride, count * config_.hidden,
                  x_.data() + row * count * config_.hidden);
    const std::uint32_t run = run_.load(std::memory_order_relaxed) + 1;
    for (Phase& phase : phases_) phase.reset(run);
    run_.store(run, std::memory_order_release);
    team_->run();
    cache_.length += count;
  }

 private:
  static constexpr std::size_t kPhases = 9;  // of a layer

  // Scratch memory of a member.
  struct Own {
    std::vector<float> normed, y[2];
    at::Tensor scratch;
    std::optional<BlockAttention> attention;
  };

  // Memory that begins with a line of the cache.
  static at::Tensor lines_of(std::size_t bytes) {
    return at::empty({std::int64_t(bytes)}, at::kByte);
  }

  std::int64_t vectors() const { return rows_ * count_; }

  void run(int member) {
    const std::uint32_t run = run_.load(std::memory_order_acquire);
    Own& own = own_[std::size_t(member)];
    Phase* phase = phases_.data();
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const RawLayer& layer = layers_[i];
      // The last layer's output is not needed: prefill wants keys and values only.
      const bool last = i + 1 == layers_.size();
      prepare(run, *phase++, x_, config_.hidden, &layer.input_norm, own);
      (phase++)->share(run, (last ? 2 : 3) * config_.heads, [&](std::int64_t n) {
        const std::int64_t kind = n / config_.heads;
        project_head(layer, i, last ? kind + 1 : kind, n % config_.heads, own);
      });
      if (last) return;
      (phase++)->share(run, rows_ * config_.heads, [&](std::int64_t n) {
        attend(i, n / config_.heads, n % config_.heads, own);
      });
      prepare(run, *phase++, mixed_, inner_width_, nullptr, own);
      add_product(run, *phase++, layer.o, own);
      prepare(run, *phase++, x_, config_.hidden, &layer.mlp_norm, own);
      (phase++)->share(run, pieces_of(config_.intermediate, kPiece),
                       [&](std::int64_t n) { expand(layer, n * kPiece, own); });
      prepare(run, *phase++, wide_, config_.intermediate, nullptr, own);
      add_product(run, *phase++, layer.down, own);
    }
  }

  // Operands of values (vectors, width), normalised before or as they are.
  void prepare(std::uint32_t run, Phase& phase, const std::vector<float>& values,
               std::int64_t width, const NormWeights* norm, Own& own) {
    const auto count = vectors();
    phase.share(run, pieces_of(count, kFew), [&](std::int64_t n) {
      for (std::int64_t v = n * kFew; v < std::min(count, (n + 1) * kFew); ++v) {
        const float* x = values.data() + v * width;
        if (norm) (*norm)(kernels_, x, own.normed.data());
        product_.prepare(norm ? own.normed.data() : x, int(width), int(v), int(count),
                         operands_.data_ptr());
      }
    });
  }

  // y (vectors, stride) = the operands times `count` rows of the matrix, and their bias.
  void multiply(const WeightMatrix& matrix, std::int64_t first, std::int64_t count, float* y,
                std::int64_t stride, Own& own) const {
    for (std::int64_t done = 0; done < count; done += product_.columns) {
      const std::int64_t some = std::min<std::int64_t>(product_.columns, count - done);
      const float* panel = product_.multiply(operands_.data_ptr(), int(vectors()), matrix.stored(),
                                             first + done, int(some), own.scratch.data_ptr());
      const float* bias = matrix.bias() ? matrix.bias() + first + done : nullptr;
      for (std::int64_t v = 0; v < vectors(); ++v) {
        float* to = y + v * stride + done;
        std::copy_n(panel + v * product_.columns, some, to);
        for (std::int64_t j = 0; bias && j < some; ++j) to[j] += bias[j];
      }
    }
  }

  // One head of q, k or v; q and k are rotated where positions are; k and v go to the cache.
  void project_head(const RawLayer& layer, std::size_t index, std::int64_t kind, std::int64_t head,
                    Own& own) {
    const std::int64_t dim = config_.head_dim, half = dim / 2;
    float* y = own.y[0].data();
    multiply(layer.qkv[kind], head * dim, dim, y, dim, own);
    const float scale = 1.0f / std::sqrt(float(dim));
    for (std::int64_t v = 0; v < vectors(); ++v) {
      const std::int64_t row = v / count_, position = first_ + v % count_;
      float* x = y + v * dim;
      if (kind < 2 && rotary_)
        rotate(x, half, rotary_->cos.data_ptr<float>() + position * half,
               rotary_->sin.data_ptr<float>() + position * half);
      if (kind == 0) {
        float* to = q_.data() + v * inner_width_ + head * dim;
        for (std::int64_t c = 0; c < dim; ++c) to[c] = x[c] * scale;
      } else {
        view_.put(kind == 1 ? CacheView::Kind::kKeys : CacheView::Kind::kValues,
                  std::int64_t(index), row, head, position, x);
      }
    }
  }

  void attend(std::size_t layer, std::int64_t row, std::int64_t head, Own& own) {
    const std::int64_t offset = row * count_ * inner_width_ + head * config_.head_dim;
    own.attention->attend(view_, {std::int64_t(layer), row, head, first_}, q_.data() + offset,
                          count_, inner_width_, mixed_.data() + offset);
  }

  // x += matrix times the operands.
  void add_product(std::uint32_t run, Phase& phase, const WeightMatrix& matrix, Own& own) {
    phase.share(run, pieces_of(config_.hidden, kPiece), [&](std::int64_t n) {
      const std::int64_t first = n * kPiece;
      const std::int64_t count = std::min<std::int64_t>(kPiece, config_.hidden - first);
      float* y = own.y[0].data();
      multiply(matrix, first, count, y, kPiece, own);
      for (std::int64_t v = 0; v < vectors(); ++v)
        for (std::int64_t j = 0; j < count; ++j)
          x_[std::size_t(v * config_.hidden + first + j)] += y[v * kPiece + j];
    });
  }

  // Hidden units of the feed-forward, for a piece of its width.
  void expand(const RawLayer& layer, std::int64_t first, Own& own) {
    const std::int64_t width = config_.intermediate;
    const std::int64_t count = std::min<std::int64_t>(kPiece, width - first);
    float* out = wide_.data() + first;
    multiply(layer.gate ? *layer.gate : layer.up, first, count, out, width, own);
    if (layer.gate) multiply(layer.up, first, count, own.y[1].data(), kPiece, own);
    for (std::int64_t v = 0; v < vectors(); ++v) {
      if (layer.gate)
        kernels_.silu_multiply(out + v * width, own.y[1].data() + v * kPiece, count);
      else
        kernels_.gelu_tanh(out + v * width, count);
    }
  }

  const T3Config& config_;
  const Kernels& kernels_;
  KvCache& cache_;
  const CacheView view_;
  const std::int64_t rows_, inner_width_;
  std::optional<RotaryTable> rotary_;
  const WideProduct& product_;
  std::vector<RawLayer> layers_;
  std::int64_t count_ = 0, first_ = 0;  // positions of the block, and where it begins

  // Written in one phase, read in the next; (vectors, ...).
  std::vector<float> x_, q_, mixed_, wide_;
  at::Tensor operands_;
  std::vector<Own> own_;  // by member

  std::atomic<std::uint32_t> run_{0};
  std::vector<Phase> phases_;
  std::unique_ptr<Team> team_;  // last, as its threads use all of the above
};

}  // namespace

void raw_prefill(const Transformer& transformer, const at::Tensor& embeddings, KvCache& cache,
                 int threads) {
  const std::int64_t rows = embeddings.size(0), count = embeddings.size(1);
  transformer.check_room(cache, count);
  const at::Tensor x = embeddings.contiguous();
  const std::int64_t hidden = x.size(2), most = std::max<std::int64_t>(kMostVectors / rows, 1);
  PrefillBlock block(transformer, cache, std::min(most, count), threads);
  for (std::int64_t first = 0; first < count; first += most)
    block.run(x.data_ptr<float>() + first * hidden, count * hidden, std::min(most, count - first));
}

}  // namespace chatterbox
