// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "reference.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "audio/loudness.h"
#include "audio/resample.h"
#include "audio/sinc_resample.h"
#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr int kSpeakerRateHz = 16000;
constexpr std::int64_t kDecoderSeconds = 10;
constexpr std::int64_t kMelFramesPerToken = 2;

void check(const Audio& reference, double min_seconds) {
  if (reference.rate_hz <= 0)
    throw Error(ErrorCode::kInvalidArgument,
                "reference: expected a rate above 0 Hz, got " + std::to_string(reference.rate_hz));
  if (reference.seconds() <= min_seconds) {
    std::ostringstream message;
    message << "reference: expected more than " << min_seconds << " s, got " << reference.seconds()
            << " s";
    throw Error(ErrorCode::kInvalidArgument, message.str());
  }
  const auto finite = [](float sample) { return std::isfinite(sample); };
  if (!std::all_of(reference.samples.begin(), reference.samples.end(), finite))
    throw Error(ErrorCode::kInvalidArgument,
                "reference: expected finite samples, got infinity or NaN");
}

at::Tensor first_seconds(const at::Tensor& wave, std::int64_t seconds, int rate_hz) {
  return wave.slice(0, 0, seconds * rate_hz);
}

}  // namespace

ReferenceWaves prepare_reference(const Audio& reference, const ModelConfig& config) {
  check(reference, config.voice.min_seconds);
  Audio audio_24k = resample(reference, kOutputRateHz);
  if (const auto lufs = config.voice.loudness_lufs) {
    const float gain = loudness_gain(audio_24k.samples, kOutputRateHz, *lufs);
    for (float& sample : audio_24k.samples) sample *= gain;
  }
  const Audio audio_16k = resample(audio_24k, kSpeakerRateHz);
  ReferenceWaves waves;
  waves.decoder_24k = first_seconds(to_tensor(audio_24k), kDecoderSeconds, kOutputRateHz);
  waves.decoder_16k = resample_sinc(waves.decoder_24k, kOutputRateHz, kSpeakerRateHz);
  waves.speaker_16k = to_tensor(audio_16k);
  waves.prompt_16k =
      first_seconds(waves.speaker_16k, config.t3.speech_prompt_seconds, kSpeakerRateHz);
  return waves;
}

at::Tensor decoder_prompt_mel(const at::Tensor& wav24k) {
  static const Mel mel(prompt_mel());
  return mel(wav24k).transpose(0, 1).unsqueeze(0).contiguous();
}

Conditionals make_conditionals(const Audio& reference, const VoiceEncoder& voice_encoder,
                               const S3Tokenizer& tokenizer, const XVector& xvector,
                               const ModelConfig& config, const Checkpoint& checkpoint) {
  const auto look_up = [&] {
    if (checkpoint) checkpoint();
  };
  const ReferenceWaves waves = prepare_reference(reference, config);
  Conditionals result;
  result.speaker_embedding = voice_encoder.embed(waves.speaker_16k);
  look_up();
  result.speech_prompt = tokenizer.tokenize(waves.prompt_16k, config.t3.speech_prompt_tokens);
  result.exaggeration = config.defaults.exaggeration;

  look_up();
  result.xvector = xvector.embed(waves.decoder_16k);
  look_up();
  const at::Tensor mel = decoder_prompt_mel(waves.decoder_24k);
  const at::Tensor tokens = tokenizer.tokenize(waves.decoder_16k);
  // A token that is not followed by both its frames is dropped. A last single
  // frame stays, as upstream keeps it: the decoder then begins one frame late.
  const std::int64_t count = std::min(tokens.size(1), mel.size(1) / kMelFramesPerToken);
  result.prompt_tokens = tokens.slice(1, 0, count).contiguous();
  result.prompt_mel = mel;
  return result;
}

}  // namespace chatterbox
