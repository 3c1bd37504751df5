// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The published models. Their differences stand here and nowhere else: once a model is made,
// nothing asks which one it is.
#include <array>

#include "config.h"

namespace chatterbox {
namespace {

struct Name {
  Family family;
  const char* name;
};
constexpr std::array<Name, 4> kNames{{{Family::kEnglish, "english"},
                                      {Family::kTurbo, "turbo"},
                                      {Family::kNano, "nano"},
                                      {Family::kMultilingual, "multilingual"}}};

// Turbo, and with other sizes Nano.
ModelConfig turbo() {
  ModelConfig config;
  config.family = Family::kTurbo;
  config.name = "chatterbox-turbo";
  config.files.t3 = "t3_turbo_v1.safetensors";
  config.files.s3gen = "s3gen_meanflow.safetensors";
  config.text.frontend = TextFrontend::kGpt2Bpe;

  T3Config& t3 = config.t3;
  t3.text_vocab = 50276;
  t3.start_text = t3.stop_text = std::nullopt;
  t3.speech_vocab = 6563;
  t3.start_tokens = 1;
  t3.backbone = Backbone::kGpt2;
  t3.layers = 24;
  t3.speech_prompt_tokens = 375;
  t3.speech_prompt_seconds = 15;
  t3.perceiver_queries = 0;
  t3.emotion = t3.guidance = false;
  t3.sampling = Sampling::kPenaltyLast;
  t3.closing_silence_count = 3;

  config.s3gen.flow.kind = FlowKind::kMeanFlow;
  config.s3gen.flow.steps = 2;
  config.s3gen.flow.guidance = 0.0;
  config.voice.min_seconds = 5.0;
  config.voice.loudness_lufs = -27.0;
  config.defaults.cfg_weight = 0.0;
  config.defaults.min_p = 0.0;
  config.defaults.top_p = 0.95;
  config.defaults.top_k = 1000;
  return config;
}

ModelConfig nano() {
  ModelConfig config = turbo();
  config.family = Family::kNano;
  config.name = "chatterbox-nano";
  config.files.t3 = "t3_nano_v1.safetensors";
  config.t3.hidden = 768;
  config.t3.layers = 12;
  config.t3.heads = 12;
  config.t3.intermediate = 3072;
  return config;
}

ModelConfig multilingual() {
  ModelConfig config;
  config.family = Family::kMultilingual;
  config.name = "chatterbox-multilingual";
  config.files.t3 = "t3_mtl23ls_v3.safetensors";
  config.text.frontend = TextFrontend::kMultilingualBpe;
  // A Chinese character is up to six text tokens, and a quarter of a second of speech.
  config.text.max_characters_by_language = {{"zh", 110}, {"ja", 110}, {"ko", 140}};
  config.t3.text_vocab = 2454;
  config.t3.cut_last_token = true;
  return config;
}

}  // namespace

ModelConfig preset(Family family) {
  switch (family) {
    case Family::kTurbo:
      return turbo();
    case Family::kNano:
      return nano();
    case Family::kMultilingual:
      return multilingual();
    case Family::kEnglish:
      break;
  }
  return {};
}

const char* to_string(Family family) {
  for (const Name& each : kNames)
    if (each.family == family) return each.name;
  return "";
}

std::optional<Family> parse_family(const std::string& name) {
  for (const Name& each : kNames)
    if (name == each.name) return each.family;
  return std::nullopt;
}

std::string family_names() {
  std::string names;
  for (const Name& each : kNames) names += (names.empty() ? "" : ", ") + std::string(each.name);
  return names;
}

}  // namespace chatterbox
