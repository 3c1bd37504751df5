// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace chatterbox {

// Sizes and switches of a model, as docs/design/model-files.md lists them. The
// defaults here describe the published English model.

enum class TextFrontend { kEnglishBpe, kFlitePhones };

struct TextConfig {
  TextFrontend frontend = TextFrontend::kEnglishBpe;
  // Longer text is spoken in pieces of at most this many characters.
  int max_characters = 280;
};

// How the supervised attention head steers decoding.
struct AlignmentConfig {
  int layer = 0;
  int head = 0;
  int back = 1;
  int ahead = 3;
  int max_stay = 0;  // speech tokens; 0: no limit
};

struct RopeScaling {
  double factor = 8.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  int original_positions = 8192;
};

struct T3Config {
  int text_vocab = 704;
  int start_text = 255;
  int stop_text = 0;
  int max_text_tokens = 2048;
  int speech_vocab = 8194;
  int start_speech = 6561;
  int stop_speech = 6562;
  int max_speech_tokens = 4096;
  int hidden = 1024;
  int layers = 30;
  int heads = 16;
  int head_dim = 64;
  int intermediate = 4096;
  double rms_eps = 1e-5;
  double rope_theta = 500000.0;
  RopeScaling rope_scaling;
  int speech_prompt_tokens = 150;
  int speaker_embedding = 256;
  int perceiver_queries = 32;
  int perceiver_heads = 4;
  std::optional<AlignmentConfig> alignment;
};

struct VoiceEncoderConfig {
  int mels = 40;
  int hidden = 256;
  int layers = 3;
  int embedding = 256;
};

struct S3TokenizerConfig {
  int mels = 128;
  int state = 1280;
  int heads = 20;
  int layers = 6;
  int codebook_dims = 8;

  // 3^codebook_dims
  int codebook_size() const;
};

struct XVectorConfig {
  int features = 80;
  int head_channels = 32;
  int channels = 128;
  int growth = 32;
  int bottleneck = 4;
  std::vector<int> layers{12, 24, 16};
  int embedding = 192;
};

struct TokenEncoderConfig {
  int size = 512;
  int heads = 8;
  int ffn = 2048;
  int blocks = 6;
  int up_blocks = 4;
};

struct EstimatorConfig {
  int channels = 256;
  int heads = 8;
  int head_dim = 64;
  int blocks = 4;
  int mid_blocks = 12;
};

struct FlowConfig {
  int steps = 10;
  double guidance = 0.7;
  double temperature = 1.0;
  // How much of what the flow makes wrong of a voice's prompt, in the mean over
  // time, is added to what it makes for that voice. 0: nothing.
  double colour = 0.0;
};

enum class FlowAttention { kFull, kChunk };

struct S3GenConfig {
  TokenEncoderConfig encoder;
  EstimatorConfig estimator;
  FlowConfig flow;
  FlowAttention attention = FlowAttention::kFull;
};

struct HiftConfig {
  int channels = 512;
  int f0_channels = 512;
  int harmonics = 8;
};

struct SamplingDefaults {
  double temperature = 0.8;
  double cfg_weight = 0.5;
  double exaggeration = 0.5;
  double repetition_penalty = 1.2;
  double min_p = 0.05;
  double top_p = 1.0;
};

struct ModelConfig {
  int format = 1;
  std::string name = "chatterbox";
  TextConfig text;
  T3Config t3;
  VoiceEncoderConfig voice_encoder;
  S3TokenizerConfig s3tokenizer;
  XVectorConfig xvector;
  S3GenConfig s3gen;
  HiftConfig hift;
  SamplingDefaults defaults;
};

// Reads config.json. Throws kNotFound, or kBadFile for malformed JSON, an
// unknown key, a wrong type or a size that cannot be.
ModelConfig load_config(const std::string& path);
ModelConfig parse_config(const std::string& json, const std::string& origin);

}  // namespace chatterbox
