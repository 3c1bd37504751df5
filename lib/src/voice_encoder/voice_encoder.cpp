// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_encoder/voice_encoder.h"

#include <algorithm>
#include <string>

#include "audio/trim.h"

namespace chatterbox {
namespace {

constexpr double kTrimDb = 20;
constexpr std::int64_t kBatchWindows = 32;

std::vector<at::Tensor> take_lstm(const Weights& weights, const VoiceEncoderConfig& config) {
  const std::int64_t gates = 4 * config.hidden;
  std::vector<at::Tensor> tensors;
  for (int layer = 0; layer < config.layers; ++layer) {
    const std::string suffix = "_l" + std::to_string(layer);
    const std::int64_t inputs = layer == 0 ? config.mels : config.hidden;
    tensors.push_back(weights.take("weight_ih" + suffix, {gates, inputs}));
    tensors.push_back(weights.take("weight_hh" + suffix, {gates, config.hidden}));
    tensors.push_back(weights.take("bias_ih" + suffix, {gates}));
    tensors.push_back(weights.take("bias_hh" + suffix, {gates}));
  }
  return tensors;
}

// Small enough for the host in float32; cuDNN's recurrent networks would round it to
// TF32, and complain that the weights lie apart.
Weights on_host(const Weights& weights) {
  return weights.with_device(at::kCPU).with_dtype(at::kFloat);
}

at::Tensor unit_length(const at::Tensor& rows) {
  return rows / at::linalg_vector_norm(rows, 2, at::IntArrayRef{1}, /*keepdim=*/true);
}

}  // namespace

PartialWindows::PartialWindows(std::int64_t frames) {
  const std::int64_t steps = std::max<std::int64_t>(frames - kFrames + kStep, 0);
  count = steps / kStep;
  // One more window when at least 0.8 of it holds speech.
  const double coverage = double(steps % kStep + kFrames - kStep) / double(kFrames);
  if (count == 0 || coverage >= 0.8) ++count;
}

VoiceEncoder::VoiceEncoder(const Weights& weights, const VoiceEncoderConfig& config)
    : config_(config),
      mel_(voice_encoder_mel(config.mels)),
      lstm_(take_lstm(on_host(weights).scope("lstm"), config)),
      proj_(on_host(weights).scope("proj"), config.hidden, config.embedding) {
  // Scale and offset of the training loss.
  for (const char* name : {"similarity_weight", "similarity_bias"})
    if (weights.has(name)) weights.skip(name);
}

at::Tensor VoiceEncoder::features(const at::Tensor& wav16k) const {
  return mel_(trim_silence(wav16k, kTrimDb)).transpose(0, 1);
}

// (B, 160, mels) -> (B, E)
at::Tensor VoiceEncoder::embed_windows(const at::Tensor& windows) const {
  const at::Tensor start =
      at::zeros({config_.layers, windows.size(0), config_.hidden}, windows.options());
  const auto [outputs, hidden, cell] =
      at::lstm(windows, {start, start}, lstm_, /*has_biases=*/true, config_.layers,
               /*dropout=*/0.0, /*train=*/false, /*bidirectional=*/false, /*batch_first=*/true);
  return unit_length(at::relu(proj_(hidden[-1])));
}

at::Tensor VoiceEncoder::embed(const at::Tensor& wav16k) const {
  at::Tensor mels = features(wav16k);
  const PartialWindows windows(mels.size(0));
  const std::int64_t missing = windows.frames() - mels.size(0);
  if (missing > 0) mels = at::constant_pad_nd(mels, {0, 0, 0, missing});
  const at::Tensor partials = mels.slice(0, 0, windows.frames())
                                  .unfold(0, PartialWindows::kFrames, PartialWindows::kStep)
                                  .transpose(1, 2)
                                  .contiguous();  // (windows, 160, mels)
  std::vector<at::Tensor> embeddings;
  for (const at::Tensor& batch : partials.split(kBatchWindows))
    embeddings.push_back(embed_windows(batch));
  return unit_length(at::cat(embeddings).mean(0, /*keepdim=*/true));
}

}  // namespace chatterbox
