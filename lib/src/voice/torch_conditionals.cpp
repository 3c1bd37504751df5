// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice/torch_conditionals.h"

#include "chatterbox/error.h"
#include "voice/torch_pickle.h"
#include "voice/torch_zip.h"

namespace chatterbox {
namespace {

using Object = TorchPickle::Object;

// Token ids are int64 with us, and in some files int32.
at::Tensor as_tokens(const at::Tensor& stored) {
  return stored.scalar_type() == at::kInt ? stored.to(at::kLong) : stored;
}

Conditionals read(const TorchPickle& pickle) {
  const Object& t3 = pickle.at(pickle.root(), "t3");
  const Object& gen = pickle.at(pickle.root(), "gen");
  const auto tensor = [&](const Object& dict, const char* name) {
    return to_tensor(pickle.at(dict, name), name);
  };
  Conditionals voice;
  voice.speaker_embedding = tensor(t3, "speaker_emb").to(at::kFloat);
  voice.speech_prompt = as_tokens(tensor(t3, "cond_prompt_speech_tokens"));
  // One value, (1, 1, 1), or a bare number.
  const Object& emotion = pickle.at(t3, "emotion_adv");
  voice.exaggeration =
      emotion.kind == TorchPickle::Kind::kNumber
          ? emotion.number
          : to_tensor(emotion, "emotion_adv").view(-1)[0].to(at::kDouble).item<double>();

  voice.prompt_tokens = as_tokens(tensor(gen, "prompt_token"));
  voice.prompt_mel = tensor(gen, "prompt_feat").to(at::kFloat);
  voice.xvector = tensor(gen, "embedding").to(at::kFloat);
  return voice;
}

}  // namespace

Conditionals decode_torch_conditionals(std::string_view bytes, const std::string& origin) {
  try {
    const TorchRecords records = read_torch_zip(bytes);
    return read(TorchPickle(records));
  } catch (const Error& error) {
    throw Error(error.code(), origin + ": " + error.what());
  }
}

}  // namespace chatterbox
