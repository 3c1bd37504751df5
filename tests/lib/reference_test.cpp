// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "audio/loudness.h"
#include "chatterbox/error.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

TEST(Reference, MatchesUpstream) {
  const ModelConfig config = synthetic::config();
  const Weights weights = synthetic::weights();
  const VoiceEncoder voice_encoder(weights, config.voice_encoder);
  const S3Tokenizer tokenizer(weights.scope("tokenizer"), config.s3tokenizer);
  const XVector xvector(weights.scope("speaker_encoder"), config.xvector);
  weights.check_all_claimed();

  const Audio recording{synthetic::signal(22050, 7.317), 22050};
  const Conditionals voice =
      make_conditionals(recording, voice_encoder, tokenizer, xvector, config);
  const auto& expected = synthetic::golden_case("reference");
  synthetic::expect_near(voice.speaker_embedding, expected.at("speaker_embedding"), "speaker");
  synthetic::expect_tokens(voice.speech_prompt, expected.at("speech_prompt"), "speech prompt");
  synthetic::expect_tokens(voice.prompt_tokens, expected.at("prompt_tokens"), "prompt tokens");
  synthetic::expect_near(voice.xvector, expected.at("xvector"), "x-vector");
  EXPECT_EQ(voice.exaggeration, 0.5);

  const ReferenceWaves waves = prepare_reference(recording, config);
  const at::Tensor mel = decoder_prompt_mel(waves.decoder_24k);
  synthetic::expect_columns(mel[0].transpose(0, 1), expected.at("prompt_mel"), "prompt mel");
  // Of an odd number of frames the last belongs to no token.
  EXPECT_EQ(mel.size(1), 2 * voice.prompt_tokens.size(1) + 1);
  EXPECT_TRUE(voice.prompt_mel.equal(mel));
}

TEST(Reference, UsesTenSecondsForTheDecoderAndSixForThePrompt) {
  const ReferenceWaves waves =
      prepare_reference({synthetic::signal(16000, 12.0), 16000}, preset(Family::kEnglish));
  EXPECT_EQ(waves.decoder_24k.numel(), 240000);
  EXPECT_EQ(waves.decoder_16k.numel(), 160000);
  EXPECT_EQ(waves.speaker_16k.numel(), 192000);
  EXPECT_EQ(waves.prompt_16k.numel(), 96000);
}

TEST(Reference, UsesFifteenSecondsForThePromptOfTurbo) {
  const ReferenceWaves waves =
      prepare_reference({synthetic::signal(16000, 16.0), 16000}, preset(Family::kTurbo));
  EXPECT_EQ(waves.decoder_24k.numel(), 240000);
  EXPECT_EQ(waves.speaker_16k.numel(), 256000);
  EXPECT_EQ(waves.prompt_16k.numel(), 240000);
}

// All of them hear the same: what is levelled is the whole recording.
TEST(Reference, LevelsWhatTurboHears) {
  const Audio recording{synthetic::signal(24000, 12.0), 24000};
  ModelConfig config = preset(Family::kTurbo);
  const ReferenceWaves levelled = prepare_reference(recording, config);
  config.voice.loudness_lufs.reset();
  const ReferenceWaves plain = prepare_reference(recording, config);
  const float gain = loudness_gain(recording.samples, 24000, -27);
  EXPECT_GT(std::abs(gain - 1), 0.1);
  EXPECT_TRUE(levelled.decoder_24k.equal(plain.decoder_24k * gain));
  EXPECT_LT((levelled.speaker_16k - plain.speaker_16k * gain).abs().max().item<float>(), 1e-5);
  const Audio silence{std::vector<float>(24000 * 6, 0.0F), 24000};
  EXPECT_EQ(prepare_reference(silence, preset(Family::kNano)).decoder_24k.abs().max().item<float>(),
            0);
}

// As upstream's assertion: five seconds are too few, one sample more is enough.
TEST(Reference, WantsMoreThanTheLeast) {
  const ModelConfig turbo = preset(Family::kTurbo);
  std::vector<float> samples(120000, 0.1F);
  try {
    prepare_reference({samples, 24000}, turbo);
    ADD_FAILURE() << "5 s were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "reference: expected more than 5 s, got 5 s");
  }
  samples.push_back(0.1F);
  EXPECT_NO_THROW(prepare_reference({samples, 24000}, turbo));
  EXPECT_NO_THROW(prepare_reference({samples, 24000}, preset(Family::kEnglish)));
}

TEST(Reference, RefusesWhatIsNoRecording) {
  std::vector<float> broken(48000, 0.1F);
  broken[777] = std::numeric_limits<float>::quiet_NaN();
  const Audio cases[] = {
      {std::vector<float>(24000, 0.1F), 24000},
      {std::vector<float>(24000, 0.1F), 0},
      {std::vector<float>(24000, 0.1F), -1},
      {{}, 24000},
      {broken, 24000},
  };
  for (const Audio& audio : cases) {
    try {
      prepare_reference(audio, ModelConfig());
      ADD_FAILURE() << audio.samples.size() << " at " << audio.rate_hz;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace chatterbox
