// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chatterbox {

// Sizes and switches of a model, as docs/design/model-files.md lists them. The
// defaults here describe the published English model.

enum class Family { kEnglish, kTurbo, kNano, kMultilingual };

// The files of a model, by their names in its directory.
struct FileNames {
  std::string t3 = "t3_cfg.safetensors";
  std::string s3gen = "s3gen.safetensors";
  std::string voice_encoder = "ve.safetensors";
};

enum class TextFrontend { kEnglishBpe, kFlitePhones, kGpt2Bpe, kMultilingualBpe };

struct TextConfig {
  TextFrontend frontend = TextFrontend::kEnglishBpe;
  // Longer text is spoken in pieces of at most this many characters: fewer in
  // scripts whose characters take longer to say.
  int max_characters = 280;
  std::map<std::string, int> max_characters_by_language;

  int most_characters(const std::string& language) const;
};

// Steering of decoding by the supervised attention head.
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

enum class Backbone { kLlama, kGpt2 };

// Order in which logits become a token, and the end of tokens; t3/sampler.h and t3/t3.cpp have
// both ways. The second is upstream's inference_turbo.
enum class Sampling { kPenaltyFirst, kPenaltyLast };

struct T3Config {
  int text_vocab = 704;
  std::optional<int> start_text = 255;
  std::optional<int> stop_text = 0;
  int max_text_tokens = 2048;
  int speech_vocab = 8194;
  int start_speech = 6561;
  int stop_speech = 6562;
  // Number of start tokens before the first token of speech.
  int start_tokens = 2;
  int max_speech_tokens = 4096;
  int hidden = 1024;
  int layers = 30;
  int heads = 16;
  int head_dim = 64;
  int intermediate = 4096;
  Backbone backbone = Backbone::kLlama;
  double norm_eps = 1e-5;
  // Llama: rotary positions.
  double rope_theta = 500000.0;
  RopeScaling rope_scaling;
  // GPT-2: rows of the learned table of positions, for everything T3 hears and says.
  int max_positions = 8196;
  int speech_prompt_tokens = 150;
  int speech_prompt_seconds = 6;
  int speaker_embedding = 256;
  // Vectors that summarise the speech prompt; 0: it is not summarised.
  int perceiver_queries = 32;
  int perceiver_heads = 4;
  // Whether exaggeration and classifier-free guidance are known to the model.
  bool emotion = true;
  bool guidance = true;
  Sampling sampling = Sampling::kPenaltyFirst;
  // Said behind the last token of a piece, so that its end is not cut short.
  int closing_silence_token = 4299;
  int closing_silence_count = 0;
  // The last token of a piece is made and not heard.
  bool cut_last_token = false;
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

// Guided: along the estimated velocity, in ten steps and with guidance. Mean flow: along
// the mean velocity of each step, which the estimator learned, in two and without.
enum class FlowKind { kGuided, kMeanFlow };

struct FlowConfig {
  FlowKind kind = FlowKind::kGuided;
  int steps = 10;
  double guidance = 0.7;
  double temperature = 1.0;
  // Strength of timbre correction: the flow's mean error per band on the prompt, times this, is
  // added to every generated frame; 0 is off.
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
  int top_k = 0;
};

// Requirements of a recording that becomes a voice.
struct VoiceConfig {
  double min_seconds = 1.0;
  // The loudness it is brought to first (ITU-R BS.1770); empty: as it is.
  std::optional<double> loudness_lufs;
};

struct ModelConfig {
  int format = 1;
  Family family = Family::kEnglish;
  std::string name = "chatterbox";
  FileNames files;
  TextConfig text;
  T3Config t3;
  VoiceEncoderConfig voice_encoder;
  S3TokenizerConfig s3tokenizer;
  XVectorConfig xvector;
  S3GenConfig s3gen;
  HiftConfig hift;
  VoiceConfig voice;
  SamplingDefaults defaults;
};

// A published model, as its files are on the hub.
ModelConfig preset(Family family);

const char* to_string(Family family);
// Empty for a name that is none.
std::optional<Family> parse_family(const std::string& name);
// "english, turbo, nano, multilingual"
std::string family_names();

// Reads config.json. Throws kNotFound, or kBadFile for malformed JSON, an unknown key, a wrong type
// or a size that cannot be. Missing keys take the values of the preset of its "family"; `family` is
// taken where it names none.
ModelConfig load_config(const std::string& path, Family family = Family::kEnglish);
ModelConfig parse_config(const std::string& json, const std::string& origin,
                         Family family = Family::kEnglish);

}  // namespace chatterbox
