// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cmath>
#include <limits>

#include "t3/decoder.h"

namespace chatterbox {
namespace {

class TensorDecoder : public Decoder {
 public:
  TensorDecoder(const Llama& llama, const Linear& head, const DecoderOptions& options)
      : llama_(llama),
        head_(head),
        options_(options),
        device_(head.weight.device()),
        type_(device_.is_cpu() ? at::kFloat : head.weight.scalar_type()),
        cache_(llama.config().layers, options.rows, llama.config().heads, options.capacity,
               llama.config().head_dim, at::TensorOptions().dtype(type_).device(device_)),
        rotary_(RotaryTable(options.capacity, llama.config().head_dim, llama.config().rope_theta,
                            llama.config().rope_scaling)
                    .to(device_)) {}

  void prefill(const at::Tensor& embeddings) override {
    llama_.prefill(embeddings.to(device_, type_), cache_, rotary_);
  }

  float* step(const float* embedding, bool want_logits) override {
    const T3Config& config = llama_.config();
    const at::Tensor one =
        at::from_blob(const_cast<float*>(embedding), {1, 1, config.hidden}, at::kFloat);
    at::Tensor x = one.to(device_, type_).expand({options_.rows, 1, config.hidden});
    for (std::size_t i = 0; i < llama_.layers().size(); ++i) {
      const LlamaLayer& layer = llama_.layers()[i];
      x = x + project(layer.o, attend(layer, int(i), layer.input_norm(x)));
      const at::Tensor inner = layer.mlp_norm(x);
      x = x +
          project(layer.down, at::silu(project(layer.gate, inner)).mul_(project(layer.up, inner)));
    }
    ++cache_.length;
    if (!want_logits) return nullptr;
    logits_ = project(head_, llama_.norm()(x)).to(at::kCPU, at::kFloat).squeeze(1).contiguous();
    return logits_.data_ptr<float>();
  }

 private:
  // normed (rows, 1, hidden) -> (rows, 1, heads * dim)
  at::Tensor attend(const LlamaLayer& layer, int index, const at::Tensor& normed) {
    const T3Config& config = llama_.config();
    const std::int64_t position = cache_.length;
    const auto heads = [&](const at::Tensor& x) {
      return x.view({options_.rows, 1, config.heads, config.head_dim}).transpose(1, 2);
    };
    const at::Tensor q = rotary_.rotate(heads(project(layer.q, normed)), position);
    const at::Tensor keys = cache_.k[index], values = cache_.v[index];
    keys.narrow(2, position, 1).copy_(rotary_.rotate(heads(project(layer.k, normed)), position));
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

  const Llama& llama_;
  const Linear& head_;
  DecoderOptions options_;
  at::Device device_;
  at::ScalarType type_;
  KvCache cache_;
  RotaryTable rotary_;
  at::Tensor logits_;
};

}  // namespace

std::unique_ptr<Decoder> make_tensor_decoder(const Llama& llama, const Linear& speech_head,
                                             const DecoderOptions& options) {
  return std::make_unique<TensorDecoder>(llama, speech_head, options);
}

}  // namespace chatterbox
