// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cmath>
#include <limits>

#include "t3/decoder.h"

namespace chatterbox {
namespace {

class TensorDecoder : public Decoder {
 public:
  TensorDecoder(const Transformer& transformer, const Linear& head, const DecoderOptions& options)
      : transformer_(transformer),
        head_(head),
        options_(options),
        cache_(transformer.make_cache(options.rows, options.capacity)),
        rotary_(transformer.make_rotary(options.capacity)) {}

  void begin_with(const KvCache& prefix) override { cache_.begin_with(prefix); }

  void prefill(const at::Tensor& embeddings) override { transformer_.prefill(embeddings, cache_); }

  float* step(const float* embedding, bool want_logits) override {
    const T3Config& config = transformer_.config();
    const at::Tensor one =
        at::from_blob(const_cast<float*>(embedding), {1, 1, config.hidden}, at::kFloat);
    at::Tensor x =
        one.to(cache_.k.device(), cache_.k.scalar_type()).expand({options_.rows, 1, config.hidden});
    for (std::size_t i = 0; i < transformer_.layers().size(); ++i) {
      const TransformerLayer& layer = transformer_.layers()[i];
      x = x + project(layer.o, attend(layer, int(i), layer.input_norm(x)));
      x = x + feed_forward(layer, layer.mlp_norm(x));
    }
    ++cache_.length;
    if (!want_logits) return nullptr;
    logits_ =
        project(head_, transformer_.norm()(x)).to(at::kCPU, at::kFloat).squeeze(1).contiguous();
    return logits_.data_ptr<float>();
  }

 private:
  // normed (rows, 1, hidden) -> (rows, 1, heads * dim)
  at::Tensor attend(const TransformerLayer& layer, int index, const at::Tensor& normed) {
    const T3Config& config = transformer_.config();
    const std::int64_t position = cache_.length;
    const auto heads = [&](const at::Tensor& x) {
      return x.view({options_.rows, 1, config.heads, config.head_dim}).transpose(1, 2);
    };
    const auto placed = [&](const at::Tensor& x) {
      return rotary_ ? rotary_->rotate(heads(x), position) : heads(x);
    };
    const at::Tensor q = placed(project(layer.q, normed));
    const at::Tensor keys = cache_.k[index], values = cache_.v[index];
    keys.narrow(2, position, 1).copy_(placed(project(layer.k, normed)));
    values.narrow(2, position, 1).copy_(heads(project(layer.v, normed)));
    at::Tensor scores = at::matmul(q, keys.narrow(2, 0, position + 1).transpose(-1, -2)) /
                        std::sqrt(double(config.head_dim));
    if (options_.tracker && options_.tracker->config().layer == index) look(scores);
    const at::Tensor mixed = at::matmul(at::softmax(scores, -1), values.narrow(2, 0, position + 1));
    return mixed.transpose(1, 2).reshape({options_.rows, 1, -1});
  }

  // Leaves the supervised head of row 0 its window alone, and follows its peak.
  void look(at::Tensor& scores) {
    AlignmentTracker& tracker = *options_.tracker;
    const AlignmentTracker::Window window = tracker.window();
    at::Tensor head = scores[0][tracker.config().head][0];
    const at::Tensor seen =
        head.narrow(0, options_.text_begin + window.begin, window.end - window.begin).clone();
    head.fill_(-std::numeric_limits<double>::infinity());
    head.narrow(0, options_.text_begin + window.begin, window.end - window.begin).copy_(seen);
    tracker.advance(window.begin + int(seen.argmax().item<std::int64_t>()));
  }

  const Transformer& transformer_;
  const Linear& head_;
  DecoderOptions options_;
  KvCache cache_;
  std::optional<RotaryTable> rotary_;
  at::Tensor logits_;
};

}  // namespace

std::unique_ptr<Decoder> make_tensor_decoder(const Transformer& transformer,
                                             const Linear& speech_head,
                                             const DecoderOptions& options) {
  return std::make_unique<TensorDecoder>(transformer, speech_head, options);
}

}  // namespace chatterbox
