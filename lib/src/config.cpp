// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "config.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "chatterbox/error.h"
#include "foreign_file.h"
#include "json_text.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;

// One JSON object being read: every key must be asked for once, so that keys
// nobody knows are found when the object ends.
class ConfigReader {
 public:
  ConfigReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) fail("an object", object);
  }

  void read(const char* key, int& value, int low = 1, int high = 1 << 20) {
    if (const Json* found = find(key)) {
      if (!found->is_number_integer()) fail(key, "an integer", *found);
      const auto wide = found->get<std::int64_t>();
      if (wide < low || wide > high)
        fail(key, "an integer from " + std::to_string(low) + " to " + std::to_string(high), *found);
      value = int(wide);
    }
  }

  void read(const char* key, bool& value) {
    if (const Json* found = find(key)) {
      if (!found->is_boolean()) fail(key, "true or false", *found);
      value = found->get<bool>();
    }
  }

  // Null empties it.
  template <typename Number, typename... Limits>
  void read(const char* key, std::optional<Number>& value, Limits... limits) {
    const Json* found = find(key);
    if (!found) return;
    Number number{};
    if (!found->is_null()) read(key, number, limits...);
    value = found->is_null() ? std::nullopt : std::optional<Number>(number);
  }

  void read(const char* key, double& value) {
    if (const Json* found = find(key)) {
      if (!found->is_number() || !std::isfinite(found->get<double>()))
        fail(key, "a number", *found);
      value = found->get<double>();
    }
  }

  void read(const char* key, std::string& value) {
    if (const Json* found = find(key)) {
      if (!found->is_string()) fail(key, "a string", *found);
      value = found->get<std::string>();
    }
  }

  void read(const char* key, std::vector<int>& value) {
    if (const Json* found = find(key)) {
      if (!found->is_array() || found->empty()) fail(key, "a list of integers", *found);
      value.clear();
      for (const Json& item : *found) {
        if (!item.is_number_integer() || item.get<std::int64_t>() < 1 ||
            item.get<std::int64_t>() > 1024)
          fail(key, "a list of integers from 1 to 1024", *found);
        value.push_back(item.get<int>());
      }
    }
  }

  // Every key of the object, whatever its name.
  void read_all(std::map<std::string, int>& values, int low, int high) {
    for (const auto& [key, value] : object_.items()) read(key.c_str(), values[key], low, high);
  }

  template <typename Enum>
  void read(
      const char* key, Enum& value,
      std::initializer_list<std::pair<const char*, Enum>> names) requires std::is_enum_v<Enum> {
    const Json* found = find(key);
    if (!found) return;
    std::string expected;
    for (const auto& [name, meaning] : names) {
      if (found->is_string() && found->get<std::string>() == name) {
        value = meaning;
        return;
      }
      expected += (expected.empty() ? "\"" : " or \"") + std::string(name) + "\"";
    }
    fail(key, expected, *found);
  }

  template <typename Fill>
  void object(const char* key, Fill fill) {
    if (const Json* found = find(key)) {
      ConfigReader inner(*found, where_ + "." + key);
      fill(inner);
      inner.finish();
    }
  }

  // Null is the same as an absent key.
  template <typename Fill>
  void optional_object(const char* key, Fill fill) {
    const Json* found = find(key);
    if (found && !found->is_null()) {
      ConfigReader inner(*found, where_ + "." + key);
      fill(inner);
      inner.finish();
    }
  }

  void finish() const {
    for (const auto& [key, value] : object_.items())
      if (!asked_.count(key))
        throw Error(ErrorCode::kBadFile, where_ + ": unknown key \"" + key + "\"");
  }

 private:
  const Json* find(const char* key) {
    asked_.insert(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }

  [[noreturn]] void fail(const std::string& expected, const Json& got) const {
    throw Error(ErrorCode::kBadFile,
                where_ + ": expected " + expected + ", got " + json_text(got).substr(0, 80));
  }
  [[noreturn]] void fail(const char* key, const std::string& expected, const Json& got) const {
    throw Error(ErrorCode::kBadFile, where_ + "." + key + ": expected " + expected + ", got " +
                                         json_text(got).substr(0, 80));
  }

  const Json& object_;
  std::string where_;
  std::set<std::string> asked_;
};

// A directory may hold the configuration of another program, whose keys would be
// refused one by one.
void refuse_foreign(const Json& document, const std::string& origin) {
  for (const char* key : {"model_type", "architectures", "transformers_version", "auto_map"})
    if (document.is_object() && document.contains(key))
      throw Error(ErrorCode::kBadFile,
                  origin +
                      ": expected sizes as docs/design/model-files.md lists them, got the "
                      "configuration of another program (\"" +
                      key + "\"); move it away: published files need no config.json");
}

void read_t3(ConfigReader& json, T3Config& t3) {
  json.read("text_vocab", t3.text_vocab);
  json.read("start_text", t3.start_text, 0);
  json.read("stop_text", t3.stop_text, 0);
  json.read("backbone", t3.backbone, {{"llama", Backbone::kLlama}, {"gpt2", Backbone::kGpt2}});
  json.read("max_text_tokens", t3.max_text_tokens);
  json.read("speech_vocab", t3.speech_vocab);
  json.read("start_speech", t3.start_speech, 0);
  json.read("stop_speech", t3.stop_speech, 0);
  json.read("start_tokens", t3.start_tokens, 1, 10);
  json.read("max_speech_tokens", t3.max_speech_tokens);
  json.read("hidden", t3.hidden);
  json.read("layers", t3.layers, 1, 1000);
  json.read("heads", t3.heads, 1, 1000);
  json.read("head_dim", t3.head_dim, 2, 1024);
  json.read("intermediate", t3.intermediate);
  json.read("rms_eps", t3.norm_eps);  // what it was called before layer norms
  json.read("norm_eps", t3.norm_eps);
  json.read("rope_theta", t3.rope_theta);
  json.object("rope_scaling", [&](ConfigReader& rope) {
    rope.read("factor", t3.rope_scaling.factor);
    rope.read("low_freq_factor", t3.rope_scaling.low_freq_factor);
    rope.read("high_freq_factor", t3.rope_scaling.high_freq_factor);
    rope.read("original_positions", t3.rope_scaling.original_positions);
  });
  json.read("max_positions", t3.max_positions);
  json.read("speech_prompt_tokens", t3.speech_prompt_tokens, 0);
  json.read("speech_prompt_seconds", t3.speech_prompt_seconds, 1, 60);
  json.read("speaker_embedding", t3.speaker_embedding);
  json.read("perceiver_queries", t3.perceiver_queries, 0);
  json.read("perceiver_heads", t3.perceiver_heads, 1, 1000);
  json.read("emotion", t3.emotion);
  json.read("guidance", t3.guidance);
  json.read("sampling", t3.sampling,
            {{"penalty-first", Sampling::kPenaltyFirst}, {"penalty-last", Sampling::kPenaltyLast}});
  json.object("closing_silence", [&](ConfigReader& silence) {
    silence.read("token", t3.closing_silence_token, 0);
    silence.read("count", t3.closing_silence_count, 0, 100);
  });
  json.read("cut_last_token", t3.cut_last_token);
  json.optional_object("alignment", [&](ConfigReader& alignment) {
    AlignmentConfig config;
    alignment.read("layer", config.layer, 0, t3.layers - 1);
    alignment.read("head", config.head, 0, t3.heads - 1);
    alignment.read("back", config.back, 0, 100);
    alignment.read("ahead", config.ahead, 1, 100);
    alignment.read("max_stay", config.max_stay, 0, 1000);
    t3.alignment = config;
  });
}

void read_s3gen(ConfigReader& json, S3GenConfig& s3gen) {
  json.object("encoder", [&](ConfigReader& encoder) {
    encoder.read("size", s3gen.encoder.size);
    encoder.read("heads", s3gen.encoder.heads, 1, 1000);
    encoder.read("ffn", s3gen.encoder.ffn);
    encoder.read("blocks", s3gen.encoder.blocks, 1, 1000);
    encoder.read("up_blocks", s3gen.encoder.up_blocks, 1, 1000);
  });
  json.object("estimator", [&](ConfigReader& estimator) {
    estimator.read("channels", s3gen.estimator.channels);
    estimator.read("heads", s3gen.estimator.heads, 1, 1000);
    estimator.read("head_dim", s3gen.estimator.head_dim, 1, 1024);
    estimator.read("blocks", s3gen.estimator.blocks, 0, 1000);
    estimator.read("mid_blocks", s3gen.estimator.mid_blocks, 0, 1000);
  });
  json.object("flow", [&](ConfigReader& flow) {
    flow.read("kind", s3gen.flow.kind,
              {{"guided", FlowKind::kGuided}, {"meanflow", FlowKind::kMeanFlow}});
    flow.read("steps", s3gen.flow.steps, 1, 1000);
    flow.read("guidance", s3gen.flow.guidance);
    flow.read("temperature", s3gen.flow.temperature);
    flow.read("colour", s3gen.flow.colour);
  });
  json.read("attention", s3gen.attention,
            {{"full", FlowAttention::kFull}, {"chunk", FlowAttention::kChunk}});
}

void require(bool ok, const std::string& origin, const std::string& what) {
  if (!ok) throw Error(ErrorCode::kBadFile, origin + ": expected " + what);
}

// Relations between sizes that would otherwise surface as a confusing shape error.
void check_relations(const ModelConfig& config, const std::string& origin) {
  const T3Config& t3 = config.t3;
  require(config.format == 1, origin, "format 1, got " + std::to_string(config.format));
  require(t3.start_text.value_or(0) < t3.text_vocab && t3.stop_text.value_or(0) < t3.text_vocab,
          origin, "t3.start_text and t3.stop_text below t3.text_vocab");
  require(t3.start_speech < t3.speech_vocab && t3.stop_speech < t3.speech_vocab, origin,
          "t3.start_speech and t3.stop_speech below t3.speech_vocab");
  require(t3.head_dim % 2 == 0, origin, "an even t3.head_dim");
  require(t3.hidden % t3.perceiver_heads == 0, origin, "t3.hidden divisible by t3.perceiver_heads");
  require(config.s3tokenizer.codebook_dims <= 12, origin,
          "s3tokenizer.codebook_dims of at most 12");
  require(t3.start_speech == config.s3tokenizer.codebook_size(), origin,
          "t3.start_speech equal to the codebook size " +
              std::to_string(config.s3tokenizer.codebook_size()));
  require(config.s3tokenizer.state % config.s3tokenizer.heads == 0, origin,
          "s3tokenizer.state divisible by s3tokenizer.heads");
  require(config.s3gen.encoder.size % config.s3gen.encoder.heads == 0, origin,
          "s3gen.encoder.size divisible by s3gen.encoder.heads");
  require(config.s3gen.flow.colour == 0 || config.s3gen.attention == FlowAttention::kChunk, origin,
          "s3gen.flow.colour 0 where s3gen.attention is not \"chunk\"");
  require(config.s3gen.flow.kind == FlowKind::kGuided || config.s3gen.flow.guidance == 0, origin,
          "s3gen.flow.guidance 0 where s3gen.flow.kind is \"meanflow\"");
  require(t3.closing_silence_count == 0 ||
              t3.closing_silence_token < config.s3tokenizer.codebook_size(),
          origin,
          "t3.closing_silence.token below the codebook size " +
              std::to_string(config.s3tokenizer.codebook_size()));
  require(!t3.alignment || t3.backbone == Backbone::kLlama, origin,
          "t3.alignment null where t3.backbone is \"gpt2\"");
  require(config.hift.channels % 8 == 0, origin, "hift.channels divisible by 8");
}

}  // namespace

int S3TokenizerConfig::codebook_size() const {
  int size = 1;
  for (int i = 0; i < codebook_dims; ++i) size *= 3;
  return size;
}

int TextConfig::most_characters(const std::string& language) const {
  const auto found = max_characters_by_language.find(language);
  return found == max_characters_by_language.end() ? max_characters : found->second;
}

ModelConfig parse_config(const std::string& text, const std::string& origin, Family family) {
  Json document;
  try {
    document = parse_json(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kBadFile, origin + ": expected JSON, got " + error.what());
  }
  refuse_foreign(document, origin);
  ConfigReader json(document, origin);
  json.read("family", family,
            {{"english", Family::kEnglish},
             {"turbo", Family::kTurbo},
             {"nano", Family::kNano},
             {"multilingual", Family::kMultilingual}});
  ModelConfig config = preset(family);
  json.read("format", config.format);
  json.read("name", config.name);
  json.object("text", [&](ConfigReader& text_json) {
    text_json.read("frontend", config.text.frontend,
                   {{"english-bpe", TextFrontend::kEnglishBpe},
                    {"flite-phones", TextFrontend::kFlitePhones},
                    {"gpt2-bpe", TextFrontend::kGpt2Bpe},
                    {"multilingual-bpe", TextFrontend::kMultilingualBpe}});
    text_json.read("max_characters", config.text.max_characters, 20, 5000);
    text_json.object("max_characters_by_language", [&](ConfigReader& by_language) {
      by_language.read_all(config.text.max_characters_by_language, 20, 5000);
    });
  });
  json.object("files", [&](ConfigReader& files) {
    files.read("t3", config.files.t3);
    files.read("s3gen", config.files.s3gen);
    files.read("voice_encoder", config.files.voice_encoder);
  });
  json.object("t3", [&](ConfigReader& t3) { read_t3(t3, config.t3); });
  json.object("voice_encoder", [&](ConfigReader& encoder) {
    encoder.read("mels", config.voice_encoder.mels);
    encoder.read("hidden", config.voice_encoder.hidden);
    encoder.read("layers", config.voice_encoder.layers, 1, 100);
    encoder.read("embedding", config.voice_encoder.embedding);
  });
  json.object("s3tokenizer", [&](ConfigReader& tokenizer) {
    tokenizer.read("mels", config.s3tokenizer.mels);
    tokenizer.read("state", config.s3tokenizer.state);
    tokenizer.read("heads", config.s3tokenizer.heads, 1, 1000);
    tokenizer.read("layers", config.s3tokenizer.layers, 1, 1000);
    tokenizer.read("codebook_dims", config.s3tokenizer.codebook_dims, 1, 12);
  });
  json.object("xvector", [&](ConfigReader& xvector) {
    xvector.read("features", config.xvector.features);
    xvector.read("head_channels", config.xvector.head_channels);
    xvector.read("channels", config.xvector.channels);
    xvector.read("growth", config.xvector.growth);
    xvector.read("bottleneck", config.xvector.bottleneck);
    xvector.read("layers", config.xvector.layers);
    xvector.read("embedding", config.xvector.embedding);
  });
  json.object("s3gen", [&](ConfigReader& s3gen) { read_s3gen(s3gen, config.s3gen); });
  json.object("hift", [&](ConfigReader& hift) {
    hift.read("channels", config.hift.channels);
    hift.read("f0_channels", config.hift.f0_channels);
    hift.read("harmonics", config.hift.harmonics, 0, 100);
  });
  json.object("voice", [&](ConfigReader& voice) {
    voice.read("min_seconds", config.voice.min_seconds);
    voice.read("loudness_lufs", config.voice.loudness_lufs);
  });
  json.object("defaults", [&](ConfigReader& defaults) {
    defaults.read("temperature", config.defaults.temperature);
    defaults.read("cfg_weight", config.defaults.cfg_weight);
    defaults.read("exaggeration", config.defaults.exaggeration);
    defaults.read("repetition_penalty", config.defaults.repetition_penalty);
    defaults.read("min_p", config.defaults.min_p);
    defaults.read("top_p", config.defaults.top_p);
    defaults.read("top_k", config.defaults.top_k, 0);
  });
  json.finish();
  check_relations(config, origin);
  return config;
}

ModelConfig load_config(const std::string& path, Family family) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  return parse_config(read_text_file(path, kMaxBytes, "the configuration of a model"), path,
                      family);
}

}  // namespace chatterbox
