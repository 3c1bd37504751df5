// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The library's side of the comparison: its own parts in the order in which
// Engine calls them, with given noise and the likeliest token each time.
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numbers>
#include <vector>

#include "audio/resample.h"
#include "chatterbox/voice.h"
#include "conditionals.h"
#include "hift/hift.h"
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

// The filters in turn, on the logits of one step and the tokens before it.
void keep_filters(const SamplingOptions& options, const T3Config& config, const at::Tensor& logits,
                  const std::vector<std::int64_t>& before,
                  std::map<std::string, std::vector<at::Tensor>>& kept) {
  Sampler sampler(options, config.speech_vocab);
  sampler.remember(config.start_speech);
  for (const std::int64_t token : before) sampler.remember(token);
  const at::Tensor step = logits[0].clone();
  const at::Tensor unconditional = logits[1].contiguous();
  float* values = step.data_ptr<float>();
  const auto keep = [&](const char* name) { kept[name].push_back(step.clone()); };
  sampler.guide(values, unconditional.data_ptr<float>());
  keep("logits_guided");
  sampler.penalize(values);
  keep("logits_penalised");
  sampler.apply_temperature(values);
  keep("logits_tempered");
  sampler.apply_min_p(values);
  keep("logits_min_p");
  sampler.apply_top_p(values);
  keep("logits_top_p");
}

// Greedy decoding; returns the tokens.
std::vector<std::int64_t> run_t3(const ParityCase& parity, const Conditionals& voice,
                                 const std::vector<std::int64_t>& text_ids, const T3& t3,
                                 Stages& stages) {
  T3Request request;
  request.speaker_embedding = voice.speaker_embedding;
  request.speech_prompt = voice.speech_prompt;
  request.exaggeration = parity.exaggeration;
  request.text_ids = text_ids;
  request.sampling = parity.sampling;
  request.sampling.temperature = 0;
  request.sampling.max_tokens = parity.greedy_tokens;

  std::map<int, at::Tensor> logits;
  T3Trace trace;
  trace.conditioning = [&](const at::Tensor& x) { stages["t3_conditioning"] = x.clone(); };
  trace.logits = [&](int step, const at::Tensor& x) {
    if (step == 0 || step == parity.late_step) logits[step] = x.clone();
  };
  const auto tokens = t3.generate(request, [](std::int64_t, int) { return true; }, trace);
  stages["greedy_tokens"] = row(tokens);
  if (tokens.size() <= std::size_t(parity.late_step)) return tokens;

  std::map<std::string, std::vector<at::Tensor>> kept;
  for (const auto& [step, rows] : logits) {
    kept["logits"].push_back(rows);
    keep_filters(parity.sampling, t3.config(), rows, {tokens.begin(), tokens.begin() + step}, kept);
  }
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

}  // namespace

Stages compute_stages(const ParityCase& parity, const Model& model) {
  const c10::InferenceMode inference;
  const ModelParts& parts = model.parts();
  Stages stages;

  const auto text = parts.text_tokenizer->encode(parts.text_tokenizer->normalize(parity.text)).ids;
  const T3Config& t3 = parts.config.t3;
  std::vector<std::int64_t> framed = text;
  if (t3.start_text) framed.insert(framed.begin(), *t3.start_text);
  if (t3.stop_text) framed.push_back(*t3.stop_text);
  stages["text_tokens"] = row(framed);

  Conditionals voice = make_conditionals(parity.reference, *parts.voice_encoder,
                                         *parts.s3tokenizer, *parts.xvector, parts.config);
  voice.exaggeration = parity.exaggeration;
  keep_voice(voice, "", stages);
  if (model.builtin_voice()) {
    const Conditionals& stored = *model.builtin_voice()->conditionals();
    keep_voice(stored, "voice_", stages);
    stages["voice_exaggeration"] = at::full({1}, stored.exaggeration);
  }

  auto speech = run_t3(parity, voice, text, *parts.t3, stages);
  speech.resize(std::min<std::size_t>(speech.size(), parity.speech_tokens));
  speak(parity, "", row(speech), voice, parts, stages);
  if (!parity.source.samples.empty()) {
    const at::Tensor source = to_tensor(resample(parity.source, 16000));
    speak(parity, "vc_", parts.s3tokenizer->tokenize(source), voice, parts, stages);
  }
  return stages;
}

}  // namespace chatterbox::test
