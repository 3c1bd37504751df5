// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "attention_choice.h"
#include "chatterbox/voice.h"
#include "config.h"
#include "nn/weights.h"
#include "turns.h"
#include "unused_options.h"

namespace chatterbox {

class Hift;
class PromptCache;
class S3Gen;
class S3Tokenizer;
class T3;
class TextTokenizer;
class VoiceEncoder;
class WatermarkModel;
class VoiceCaches;
class XVector;

// Everything a loaded model consists of, in the order data passes through it.
// Immutable after loading, except for whose turn it is.
struct ModelParts {
  ModelParts();
  ~ModelParts();

  ModelConfig config;
  std::string path;
  std::string id;  // see model_id.h
  std::string device_name;
  std::string dtype_name;
  Placement placement;
  AttentionChoice attention;
  int flow_steps = 0;  // of those who ask for none; 0: as the flow is made for
  int threads = 0;

  std::unique_ptr<const TextTokenizer> text_tokenizer;
  std::unique_ptr<const VoiceEncoder> voice_encoder;
  std::unique_ptr<const S3Tokenizer> s3tokenizer;
  std::unique_ptr<const XVector> xvector;
  std::unique_ptr<const T3> t3;
  std::unique_ptr<const S3Gen> s3gen;
  std::unique_ptr<const Hift> hift;

  std::vector<Weights> files;  // whose mapped pages may leave memory

  std::string voice_path;  // conds.pt; empty: none
  std::optional<Voice> builtin_voice;

  // The watermark's weights, looked for when they are first wanted: speech without a mark needs
  // none. Throws kNotFound, kBadFile.
  std::shared_ptr<const WatermarkModel> watermark() const;

  // Prefixes and prompts of the voices used last; guards itself.
  std::unique_ptr<VoiceCaches> voice_caches;
  // Prompt of a voice's speech, made if it is not cached. `steps` 0: flow_steps.
  std::shared_ptr<const PromptCache> prompt(const Voice& voice, FlowAttention attention,
                                            int steps) const;

  // Warns of options that the model ignores; guards itself.
  mutable UnusedOptionsWarning unused_options;

  // Engines on one model take turns on the processor; made when `threads` is known.
  std::unique_ptr<Turns> turns;

  std::string watermark_path;  // as the caller set it

 private:
  mutable std::mutex watermark_mutex_;
  mutable std::shared_ptr<const WatermarkModel> watermark_;  // guarded by watermark_mutex_
};

}  // namespace chatterbox
