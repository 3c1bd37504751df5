// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice/voice_file.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "foreign_file.h"
#include "json_text.h"
#include "nn/weights.h"
#include "voice/torch_conditionals.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "chatterbox-voice-1";
constexpr std::size_t kLengthBytes = 8;

struct NamedTensor {
  const char* name;
  at::Tensor Conditionals::*member;
  at::ScalarType type;
};
constexpr NamedTensor kTensors[] = {
    {"speaker_embedding", &Conditionals::speaker_embedding, at::kFloat},
    {"speech_prompt", &Conditionals::speech_prompt, at::kLong},
    {"prompt_tokens", &Conditionals::prompt_tokens, at::kLong},
    {"prompt_mel", &Conditionals::prompt_mel, at::kFloat},
    {"xvector", &Conditionals::xvector, at::kFloat},
};
constexpr const char* kExaggeration = "exaggeration";

const char* stored_type(at::ScalarType type) {
  return type == at::kFloat ? "F32" : type == at::kLong ? "I64" : "F64";
}

class Writer {
 public:
  void add(const char* name, const at::Tensor& tensor) {
    const at::Tensor plain = tensor.to(at::kCPU).contiguous();
    const std::size_t begin = data_.size();
    data_.append(static_cast<const char*>(plain.data_ptr()), plain.nbytes());
    header_[name] = {{"dtype", stored_type(plain.scalar_type())},
                     {"shape", plain.sizes().vec()},
                     {"data_offsets", {begin, data_.size()}}};
  }

  std::string finish(const std::string& model_id, const std::string& model_name) {
    header_["__metadata__"] = {{"format", kFormat}, {"model", model_id}};
    if (!model_name.empty()) header_["__metadata__"]["model_name"] = model_name;
    std::string header = json_text(header_);
    // Tensors start where their types may be read in place.
    while (header.size() % 8 != 0) header += ' ';
    std::string bytes;
    for (std::size_t i = 0; i < kLengthBytes; ++i)
      bytes += char(std::uint64_t(header.size()) >> (8 * i) & 0xff);
    return bytes + header + data_;
  }

 private:
  Json header_;
  std::string data_;
};

// The file has already been found well-formed, so that its header can be cut out
// without looking again.
Json metadata(std::string_view bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i > 0; --i) length = length << 8 | std::uint8_t(bytes[i - 1]);
  const Json header = parse_json_or_discard(bytes.substr(kLengthBytes, length));
  return header.value("__metadata__", Json::object());
}

std::string in_brackets(const std::string& name) { return name.empty() ? "" : " (" + name + ")"; }

void check_metadata(const Json& metadata, const std::string& origin, const std::string& model_id,
                    const std::string& model_name) {
  const auto text = [&](const char* key) -> std::string {
    const bool found = metadata.is_object() && metadata.contains(key) && metadata[key].is_string();
    return found ? metadata[key].get<std::string>().substr(0, 80) : std::string();
  };
  if (text("format") != kFormat)
    throw Error(ErrorCode::kBadFile, origin + ": expected a voice of format \"" + kFormat +
                                         "\", got \"" + text("format") + "\"");
  if (text("model") != model_id)
    throw Error(ErrorCode::kInvalidArgument,
                origin + ": expected a voice of model " + model_id + in_brackets(model_name) +
                    ", got one of model " + text("model") + in_brackets(text("model_name")) +
                    "; each model needs a voice of its own, made from the recording");
}

Conditionals decode_safetensors(std::string_view bytes, const std::string& origin,
                                const std::string& model_id, const std::string& model_name) {
  const auto file = TensorFile::from_memory(bytes.data(), bytes.size(), origin);
  check_metadata(metadata(bytes), origin, model_id, model_name);
  const auto take = [&](const char* name, at::ScalarType type) {
    const at::Tensor tensor = file->tensor(name);
    if (tensor.scalar_type() != type)
      throw Error(ErrorCode::kBadFile, origin + ": " + name + ": expected " + c10::toString(type) +
                                           ", got " + c10::toString(tensor.scalar_type()));
    return tensor.clone();
  };
  Conditionals voice;
  for (const NamedTensor& known : kTensors) voice.*known.member = take(known.name, known.type);
  const at::Tensor exaggeration = take(kExaggeration, at::kDouble);
  if (exaggeration.numel() != 1)
    throw Error(ErrorCode::kBadFile, origin + ": exaggeration: expected one value, got " +
                                         std::to_string(exaggeration.numel()));
  voice.exaggeration = exaggeration.item<double>();
  const std::size_t expected = std::size(kTensors) + 1;
  if (file->names().size() != expected)
    throw Error(ErrorCode::kBadFile, origin + ": expected " + std::to_string(expected) +
                                         " tensors, got " + std::to_string(file->names().size()));
  return voice;
}

// A conds.pt fits all published models: they analyse a recording in the same way, and a T3 with a
// shorter prompt gets its beginning.
Conditionals decode_torch(std::string_view bytes, const std::string& origin, const T3Config& t3) {
  Conditionals voice = decode_torch_conditionals(bytes, origin);
  if (voice.speech_prompt.dim() == 2)
    voice.speech_prompt = voice.speech_prompt.slice(1, 0, t3.speech_prompt_tokens).contiguous();
  return voice;
}

bool is_zip(std::string_view bytes) { return bytes.substr(0, 4) == "PK\x03\x04"; }

}  // namespace

std::string encode_voice(const Conditionals& voice, const std::string& model_id,
                         const std::string& model_name) {
  Writer writer;
  for (const NamedTensor& known : kTensors)
    writer.add(known.name, (voice.*known.member).to(known.type));
  writer.add(kExaggeration, at::full({1}, voice.exaggeration, at::kDouble));
  return writer.finish(model_id, model_name);
}

Conditionals decode_voice(std::string_view bytes, const std::string& origin,
                          const std::string& model_id, const ModelConfig& config) {
  const std::string foreign = is_zip(bytes) ? "" : describe_foreign_file(bytes);
  if (!foreign.empty())
    throw Error(ErrorCode::kBadFile,
                origin + ": expected a voice (.safetensors, or conds.pt), got " + foreign);
  const Conditionals voice = is_zip(bytes)
                                 ? decode_torch(bytes, origin, config.t3)
                                 : decode_safetensors(bytes, origin, model_id, config.name);
  check_conditionals(voice, config, origin);
  return voice;
}

}  // namespace chatterbox
