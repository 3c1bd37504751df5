// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "chatterbox/audio.h"
#include "chatterbox/engine.h"
#include "t3/sampler.h"

namespace chatterbox::test {

// Arrays by the names in README.md.
using Stages = std::map<std::string, at::Tensor>;

// What both sides are given; see README.md for the files.
struct ParityCase {
  std::string text;
  std::string language;     // of the text; empty for models of one
  Audio reference, source;  // source is empty where nothing is converted
  double exaggeration = 0.5;
  SamplingOptions sampling;
  int greedy_tokens = 0;    // how many to decode
  int speech_tokens = 0;    // how many of them are spoken
  int attention_chunk = 0;  // tokens of a chunk where attention is limited to chunks; 0: nowhere
  int flow_steps = 0;       // of the flow where it takes others than its own; 0: nowhere
  int late_step = 0;        // the second step whose logits are kept
  Stages given;             // noise and pitch, float32
};

ParityCase read_case(const std::string& directory);

// Every stage of `parity`, computed by the library from start to end. `model`
// must be float32.
Stages compute_stages(const ParityCase& parity, const Model& model);

}  // namespace chatterbox::test
