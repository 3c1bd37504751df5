// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/options.h"

#include "check_range.h"

namespace chatterbox {
namespace {

template <typename Number>
void check_range(const char* name, const std::optional<Number>& value, const Range& range) {
  if (value) check_range(name, double(*value), range);
}

}  // namespace

void check(const SynthesisOptions& options) {
  using O = SynthesisOptions;
  check_range("exaggeration", options.exaggeration, O::kExaggeration);
  check_range("cfg_weight", options.cfg_weight, O::kCfgWeight);
  check_range("temperature", options.temperature, O::kTemperature);
  check_range("repetition_penalty", options.repetition_penalty, O::kRepetitionPenalty);
  check_range("min_p", options.min_p, O::kMinP);
  check_range("top_p", options.top_p, O::kTopP);
  check_range("top_k", options.top_k, O::kTopK);
  check_range("chunk_size", options.chunk_size, O::kChunkSize);
  if (options.first_chunk_size != 0)
    check_range("first_chunk_size", options.first_chunk_size, O::kChunkSize);
  check_range("flow_steps", options.flow_steps, O::kFlowSteps);
  check_range("speed", options.speed, O::kSpeed);
  check_range("max_tokens", options.max_tokens, O::kMaxTokens);
}

void check(const ConvertOptions& options) {
  check_range("flow_steps", options.flow_steps, SynthesisOptions::kFlowSteps);
}

}  // namespace chatterbox
