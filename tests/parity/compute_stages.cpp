// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The library's side of the comparison: its own parts in the order in which
// Engine calls them, with given noise and the likeliest token each time.
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "audio/loudness.h"
#include "audio/resample.h"
#include "chatterbox/voice.h"
#include "conditionals.h"
#include "hift/hift.h"
#include "internals.h"
#include "model_parts.h"
#include "parity_case.h"
#include "reference.h"
#include "s3gen/s3gen.h"
#include "t3/t3.h"
#include "text/tokenizer.h"

namespace chatterbox::test {
namespace {

at::Tensor row(const std::vector<std::int64_t>& ids) {
  return at::tensor(ids, at::TensorOptions().dtype(at::kLong)).unsqueeze(0);
}

void keep_voice(const Conditionals& voice, const std::string& prefix, Stages& stages) {
  stages[prefix + "speaker_embedding"] = voice.speaker_embedding;
  stages[prefix + "t3_prompt_tokens"] = voice.speech_prompt;
  stages[prefix + "s3gen_prompt_tokens"] = voice.prompt_tokens;
  stages[prefix + "xvector"] = voice.xvector;
  stages[prefix + "prompt_mel"] = voice.prompt_mel;
}

std::string stage_of(const std::string& filter) {
  static const std::map<std::string, std::string> kNames = {{"guidance", "logits_guided"},
                                                            {"penalty", "logits_penalised"},
                                                            {"temperature", "logits_tempered"}};
  const auto known = kNames.find(filter);
  return known == kNames.end() ? "logits_" + filter : known->second;
}

// Greedy decoding: T3 at work, but for the draw. Returns the tokens.
std::vector<std::int64_t> run_t3(const ParityCase& parity, const Conditionals& voice,
                                 const std::vector<std::int64_t>& text_ids, const T3& t3,
                                 Stages& stages) {
  T3Request request;
  request.speaker_embedding = voice.speaker_embedding;
  request.speech_prompt = voice.speech_prompt;
  request.exaggeration = parity.exaggeration;
  request.text_ids = text_ids;
  request.sampling = parity.sampling;
  request.sampling.max_tokens = parity.greedy_tokens;

  std::map<std::string, std::vector<at::Tensor>> kept;
  const auto keep = [&](int step, const std::string& stage, const at::Tensor& logits) {
    if (step == 0 || step == parity.late_step) kept[stage].push_back(logits.clone());
  };
  T3Trace trace;
  trace.conditioning = [&](const at::Tensor& x) { stages["t3_conditioning"] = x.clone(); };
  trace.logits = [&](int step, const at::Tensor& x) { keep(step, "logits", x); };
  trace.filtered = [&](int step, const char* filter, const at::Tensor& x) {
    keep(step, stage_of(filter), x);
  };
  trace.choose = [](const at::Tensor& x) { return x.argmax().item<std::int64_t>(); };
  std::vector<std::int64_t> tokens = t3.generate(request, {}, trace);
  tokens.resize(std::min<std::size_t>(tokens.size(), std::size_t(parity.greedy_tokens)));
  stages["greedy_tokens"] = row(tokens);
  for (const auto& [name, steps] : kept) stages[name] = at::stack(steps);
  return tokens;
}

// The start of an utterance, silenced and faded in as upstream does.
at::Tensor fade_in(const at::Tensor& wave) {
  constexpr std::int64_t kTrim = 480;  // samples, 20 ms
  const at::Tensor ramp = at::linspace(std::numbers::pi, 0.0, kTrim).cos_().add_(1).mul_(0.5);
  at::Tensor faded = wave.clone();
  faded.narrow(1, 0, 2 * kTrim).mul_(at::cat({at::zeros({kTrim}), ramp}));
  return faded;
}

// Speech tokens (1, N) to a waveform, as Engine::synthesize without streaming.
void speak(const ParityCase& parity, const std::string& prefix, const at::Tensor& tokens,
           const Conditionals& voice, const ModelParts& parts, Stages& stages) {
  stages[prefix + (prefix.empty() ? "speech_tokens" : "tokens")] = tokens;
  const auto given = [&](const char* name) {
    return parity.given.at(prefix + name).to(parts.placement.device);
  };
  stages[prefix + "encoder_output"] =
      parts.s3gen->encode(at::cat({voice.prompt_tokens, tokens}, 1));
  const at::Tensor mel = parts.s3gen->mel(tokens, voice, given("flow_noise"));
  const at::Tensor f0 = parts.hift->f0(mel);
  const HarmonicSource& harmonics = parts.hift->source();
  const at::Tensor noise = given("source_noise")[0].t().contiguous();
  const auto excite = [&](const at::Tensor& pitch) {
    HarmonicSource::Phase phase = harmonics.start();
    return harmonics(pitch[0], given("phases").flatten(), noise, phase);
  };
  stages[prefix + "mel"] = mel;
  stages[prefix + "f0"] = f0;
  stages[prefix + "source"] = excite(given("pitch"));
  stages[prefix + "wave"] = fade_in(parts.hift->decode(mel, excite(f0)).to(at::kCPU));
}

// Ends of chunks of as many tokens, as upstream's mask has them.
Groups chunks(std::int64_t tokens, std::int64_t chunk) {
  Groups ends;
  for (std::int64_t end = chunk; end < tokens; end += chunk) ends.push_back(end);
  ends.push_back(tokens);
  return ends;
}

// The same tokens with attention limited to chunks, and in another number of steps.
void speak_otherwise(const ParityCase& parity, const at::Tensor& tokens, const Conditionals& voice,
                     const ModelParts& parts, Stages& stages) {
  const at::Tensor noise = parity.given.at("flow_noise").to(parts.placement.device);
  const at::Tensor all = at::cat({voice.prompt_tokens, tokens}, 1);
  if (parity.attention_chunk > 0) {
    const Groups groups = chunks(all.size(1), parity.attention_chunk);
    stages["chunk_encoder_output"] = parts.s3gen->encode(all, groups);
    stages["chunk_mel"] = parts.s3gen->mel(tokens, voice, noise, groups);
  }
  if (parity.flow_steps > 0)
    stages["steps_mel"] = parts.s3gen->mel(tokens, voice, noise, {}, {}, parity.flow_steps);
}

}  // namespace

Stages compute_stages(const ParityCase& parity, const Model& model) {
  const c10::InferenceMode inference;
  const ModelParts& parts = Internals::parts(model);
  Stages stages;

  const TextTokenizer& tokenizer = *parts.text_tokenizer;
  const auto text = tokenizer.encode(tokenizer.normalize(parity.text), parity.language).ids;
  const T3Config& t3 = parts.config.t3;
  std::vector<std::int64_t> framed = text;
  if (t3.start_text) framed.insert(framed.begin(), *t3.start_text);
  if (t3.stop_text) framed.push_back(*t3.stop_text);
  stages["text_tokens"] = row(framed);

  Conditionals voice = make_conditionals(parity.reference, *parts.voice_encoder, *parts.s3tokenizer,
                                         *parts.xvector, parts.config);
  voice.exaggeration = parity.exaggeration;
  keep_voice(voice, "", stages);
  if (const auto lufs = parts.config.voice.loudness_lufs)
    stages["loudness_gain"] = at::full(
        {1},
        loudness_gain(resample(parity.reference, kOutputRateHz).samples, kOutputRateHz, *lufs));
  if (model.builtin_voice()) {
    const Conditionals& stored = *Internals::conditionals(*model.builtin_voice());
    keep_voice(stored, "voice_", stages);
    stages["voice_exaggeration"] = at::full({1}, stored.exaggeration);
  }

  auto speech = run_t3(parity, voice, text, *parts.t3, stages);
  speech.resize(std::min<std::size_t>(speech.size(), parity.speech_tokens));
  // As Engine takes tokens and ends a piece.
  std::erase_if(speech, [&](std::int64_t token) { return token >= t3.start_speech; });
  speech.insert(speech.end(), std::size_t(t3.closing_silence_count), t3.closing_silence_token);
  speak(parity, "", row(speech), voice, parts, stages);
  speak_otherwise(parity, row(speech), voice, parts, stages);
  if (t3.cut_last_token) {
    at::Tensor& wave = stages["wave"];
    const auto heard = std::max<std::int64_t>(1, std::int64_t(speech.size()) - 1);
    wave = wave.slice(1, 0, heard * kSamplesPerToken);
  }
  if (!parity.source.samples.empty()) {
    const at::Tensor source = to_tensor(resample(parity.source, 16000));
    speak(parity, "vc_", parts.s3tokenizer->tokenize(source), voice, parts, stages);
  }
  return stages;
}

}  // namespace chatterbox::test
