// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "reference.h"

#include <gtest/gtest.h>

#include <limits>

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
      make_conditionals(recording, voice_encoder, tokenizer, xvector, config.t3, 0.5);
  const auto& expected = synthetic::golden_case("reference");
  synthetic::expect_near(voice.speaker_embedding, expected.at("speaker_embedding"), "speaker");
  synthetic::expect_tokens(voice.speech_prompt, expected.at("speech_prompt"), "speech prompt");
  synthetic::expect_tokens(voice.prompt_tokens, expected.at("prompt_tokens"), "prompt tokens");
  synthetic::expect_near(voice.xvector, expected.at("xvector"), "x-vector");
  EXPECT_EQ(voice.exaggeration, 0.5);

  const ReferenceWaves waves = prepare_reference(recording);
  const at::Tensor mel = decoder_prompt_mel(waves.decoder_24k);
  synthetic::expect_columns(mel[0].transpose(0, 1), expected.at("prompt_mel"), "prompt mel");
  // Of an odd number of frames the last belongs to no token.
  EXPECT_EQ(mel.size(1), 2 * voice.prompt_tokens.size(1) + 1);
  EXPECT_TRUE(voice.prompt_mel.equal(mel));
}

TEST(Reference, UsesTenSecondsForTheDecoderAndSixForThePrompt) {
  const ReferenceWaves waves = prepare_reference({synthetic::signal(16000, 12.0), 16000});
  EXPECT_EQ(waves.decoder_24k.numel(), 240000);
  EXPECT_EQ(waves.decoder_16k.numel(), 160000);
  EXPECT_EQ(waves.speaker_16k.numel(), 192000);
  EXPECT_EQ(waves.prompt_16k.numel(), 96000);
}

TEST(Reference, RefusesWhatIsNoRecording) {
  std::vector<float> broken(24000, 0.1F);
  broken[777] = std::numeric_limits<float>::quiet_NaN();
  const Audio cases[] = {
      {std::vector<float>(23999, 0.1F), 24000},
      {std::vector<float>(24000, 0.1F), 0},
      {std::vector<float>(24000, 0.1F), -1},
      {{}, 24000},
      {broken, 24000},
  };
  for (const Audio& audio : cases) {
    try {
      prepare_reference(audio);
      ADD_FAILURE() << audio.samples.size() << " at " << audio.rate_hz;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace chatterbox
