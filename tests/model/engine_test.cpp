// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The whole library, from text to samples, on the model in the tree.

#include "chatterbox/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/watermark.h"

namespace chatterbox {
namespace {

constexpr char kSentence[] = "The quick brown fox jumps over the lazy dog.";

std::shared_ptr<const Model> shared_model() {
  static const std::shared_ptr<const Model> model = Model::load(MODEL_DIR);
  return model;
}

SynthesisOptions seeded(std::uint64_t seed) {
  SynthesisOptions options;
  options.seed = seed;
  return options;
}

double rms(const std::vector<float>& samples) {
  double sum = 0;
  for (float sample : samples) sum += double(sample) * sample;
  return std::sqrt(sum / double(std::max<std::size_t>(samples.size(), 1)));
}

class EngineTest : public testing::Test {
 protected:
  std::shared_ptr<const Model> model_ = shared_model();
  const Voice& voice_ = *model_->builtin_voice();
  Engine engine_{model_};
};

template <typename Call>
void expect_error(ErrorCode code, const std::string& part, Call call) {
  try {
    call();
    FAIL() << "nothing was thrown; expected " << to_string(code);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST_F(EngineTest, SpeaksForAPlausibleTimeAtAPlausibleLevel) {
  const Audio audio = engine_.synthesize(kSentence, voice_, seeded(1));
  EXPECT_EQ(audio.rate_hz, kOutputRateHz);
  EXPECT_GT(audio.seconds(), 1.5);
  EXPECT_LT(audio.seconds(), 6.0);
  EXPECT_GT(rms(audio.samples), 0.01);
  for (float sample : audio.samples) ASSERT_LE(std::abs(sample), 1.0f);
}

TEST_F(EngineTest, SameSeedSameAudioOtherSeedOtherAudio) {
  const Audio first = engine_.synthesize(kSentence, voice_, seeded(7));
  Engine other(model_);
  EXPECT_EQ(other.synthesize(kSentence, voice_, seeded(7)).samples, first.samples);
  EXPECT_NE(engine_.synthesize(kSentence, voice_, seeded(8)).samples, first.samples);
}

TEST_F(EngineTest, ChunksFollowEachOtherAndEndOnce) {
  std::int64_t next = 0, silence = 0;
  int ends = 0, pieces = 0;
  const SynthesisStats stats =
      engine_.synthesize(kSentence, voice_, seeded(3), [&](const SpeechChunk& chunk) {
        EXPECT_EQ(chunk.position, next);
        EXPECT_EQ(ends, 0) << "a chunk after the last";
        next += std::int64_t(chunk.samples.size());
        silence += chunk.silence_before + chunk.silence_after;
        ends += chunk.last;
        ++pieces;
        return true;
      });
  EXPECT_EQ(ends, 1);
  EXPECT_GT(pieces, 2);
  EXPECT_EQ(stats.samples, next);
  EXPECT_EQ(stats.samples + silence, stats.speech_tokens * kSamplesPerToken);
  EXPECT_EQ(stats.seed, 3u);
  EXPECT_GT(stats.seconds_to_first_audio, 0);
  EXPECT_LE(stats.seconds_to_first_audio, stats.seconds_total);
}

// What a caller hears of a sentence, and the words of it.
struct Heard {
  std::vector<float> samples;
  std::vector<WordTime> words;
  std::int64_t before = 0, after = 0;
};

Heard hear(Engine& engine, const SynthesisOptions& options) {
  Heard heard;
  engine.synthesize(
      kSentence, *engine.model()->builtin_voice(), options, [&](const SpeechChunk& chunk) {
        heard.samples.insert(heard.samples.end(), chunk.samples.begin(), chunk.samples.end());
        heard.words.insert(heard.words.end(), chunk.words.begin(), chunk.words.end());
        heard.before += chunk.silence_before;
        heard.after += chunk.silence_after;
        return true;
      });
  return heard;
}

TEST_F(EngineTest, SpeechBeginsAtOnceAndEndsSoon) {
  SynthesisOptions options = seeded(5);
  options.watermark = false;
  const Heard trimmed = hear(engine_, options);
  options.trim_silence = false;
  options.chunk_size = 25;
  options.first_chunk_size = 20;
  const Heard all = hear(engine_, options);
  EXPECT_EQ(all.before + all.after, 0);
  EXPECT_GT(trimmed.before, kOutputRateHz / 20);
  // 50 ms have something to hear in them.
  EXPECT_GT(rms({trimmed.samples.begin(), trimmed.samples.begin() + kOutputRateHz / 20}), 0.005);
  for (std::size_t i = 1; i < all.words.size(); ++i)
    EXPECT_EQ(trimmed.words[i].start, all.words[i].start - trimmed.before) << all.words[i].word;
}

TEST_F(EngineTest, TheFirstPieceIsAsLongAsItIsAskedFor) {
  SynthesisOptions options = seeded(7);
  options.watermark = options.trim_silence = false;
  const auto first_piece = [&](int tokens) {
    options.first_chunk_size = tokens;
    std::int64_t samples = 0;
    engine_.synthesize(kSentence, *engine_.model()->builtin_voice(), options,
                       [&](const SpeechChunk& chunk) {
                         if (chunk.position == 0) samples = std::int64_t(chunk.samples.size());
                         return true;
                       });
    return samples;
  };
  EXPECT_EQ(first_piece(40) - first_piece(20), 20 * kSamplesPerToken);
  // Models look 13 tokens ahead: a shorter first piece leaves as soon as there is one.
  EXPECT_EQ(first_piece(20) - first_piece(8), 4 * kSamplesPerToken);
}

// What a caller does with a piece is not work of the engine's.
TEST_F(EngineTest, TimeOfTheCallerDoesNotCount) {
  using Clock = std::chrono::steady_clock;
  Clock::duration held{};
  const auto begin = Clock::now();
  const SynthesisStats stats = engine_.synthesize(
      kSentence, *engine_.model()->builtin_voice(), seeded(8), [&](const SpeechChunk&) {
        const auto taken = Clock::now();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        held += Clock::now() - taken;
        return true;
      });
  const std::chrono::duration<double> rest = Clock::now() - begin - held;
  EXPECT_LE(stats.seconds_total, rest.count());
}

// Whoever gathers hears what whoever streams does.
TEST_F(EngineTest, SilenceIsTakenOffAStreamAsOffAWhole) {
  SynthesisOptions options = seeded(6);
  options.first_chunk_size = options.chunk_size = 1000;
  const Heard streamed = hear(engine_, options);
  options.streaming = false;
  const Heard whole = hear(engine_, options);
  EXPECT_EQ(streamed.samples, whole.samples);
  EXPECT_EQ(streamed.before, whole.before);
}

TEST_F(EngineTest, LongTextKeepsEverySentence) {
  std::string text;
  for (int i = 0; i < 6; ++i) text += "The boats came back before dawn, and nobody asked why. ";
  const Audio all = engine_.synthesize(text, voice_, seeded(5));
  const Audio one = engine_.synthesize("The boats came back before dawn, and nobody asked why.",
                                       voice_, seeded(5));
  EXPECT_GT(all.seconds(), 4.5 * one.seconds());
  EXPECT_LT(all.seconds(), 7.5 * one.seconds());
}

TEST_F(EngineTest, WordsBeginInOrderWithinTheSpeech) {
  std::vector<WordTime> words;
  const SynthesisStats stats =
      engine_.synthesize(kSentence, voice_, seeded(2), [&](const SpeechChunk& chunk) {
        for (const WordTime& word : chunk.words) {
          EXPECT_GE(word.start, chunk.position);
          words.push_back(word);
        }
        return true;
      });
  ASSERT_EQ(words.size(), 9u);
  EXPECT_EQ(words[0].word, "The");
  EXPECT_EQ(words[3].word, "fox");
  for (std::size_t i = 1; i < words.size(); ++i) EXPECT_GE(words[i].start, words[i - 1].start);
  EXPECT_LT(words.back().start, stats.samples);
}

TEST_F(EngineTest, ASinkThatHasEnoughStopsTheSpeech) {
  int pieces = 0;
  expect_error(ErrorCode::kCancelled, "stopped", [&] {
    engine_.synthesize(kSentence, voice_, seeded(1), [&](const SpeechChunk&) {
      ++pieces;
      return false;
    });
  });
  EXPECT_EQ(pieces, 1);
  EXPECT_NO_THROW(engine_.synthesize("Again.", voice_, seeded(1)));
}

TEST_F(EngineTest, AStopFromAnotherThreadEndsTheCallAndNotTheNext) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += kSentence + std::string(" ");
  std::atomic<bool> speaking{false};
  std::stop_source stop;
  std::thread speaker([&] {
    const auto sink = [&](const SpeechChunk&) {
      speaking = true;
      return true;
    };
    expect_error(ErrorCode::kCancelled, "stopped",
                 [&] { engine_.synthesize(text, voice_, seeded(1), sink, stop.get_token()); });
  });
  while (!speaking) std::this_thread::yield();
  stop.request_stop();
  speaker.join();
  EXPECT_NO_THROW(engine_.synthesize("Again.", voice_, seeded(1)));
}

TEST_F(EngineTest, AStopBeforeTheCallIsNotLost) {
  const Audio speech = engine_.synthesize(kSentence, voice_, seeded(1));
  std::stop_source stop;
  stop.request_stop();
  expect_error(ErrorCode::kCancelled, "stopped",
               [&] { engine_.synthesize(kSentence, voice_, seeded(1), stop.get_token()); });
  expect_error(ErrorCode::kCancelled, "stopped",
               [&] { engine_.convert(speech, voice_, {}, stop.get_token()); });
  expect_error(ErrorCode::kCancelled, "stopped",
               [&] { engine_.make_voice(speech, stop.get_token()); });
  EXPECT_EQ(engine_.synthesize(kSentence, voice_, seeded(1)).samples, speech.samples);
}

// Neither is one that comes while the caller has a piece, and others may have the model.
TEST_F(EngineTest, AStopWhileTheModelIsLentIsNotLost) {
  std::stop_source stop;
  const auto sink = [&](const SpeechChunk&) {
    stop.request_stop();
    return true;
  };
  expect_error(ErrorCode::kCancelled, "stopped",
               [&] { engine_.synthesize(kSentence, voice_, seeded(1), sink, stop.get_token()); });
  EXPECT_NO_THROW(engine_.synthesize("Again.", voice_, seeded(1)));
}

TEST_F(EngineTest, EnginesOnOneModelShareItFairly) {
  std::vector<std::thread> threads;
  std::vector<Audio> audio(3);
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      Engine engine(model_);
      audio[std::size_t(i)] = engine.synthesize(kSentence, voice_, seeded(11));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(audio[0].samples, audio[1].samples);
  EXPECT_EQ(audio[0].samples, audio[2].samples);
}

// Whatever others do meanwhile, on the same buffers, caches and threads.
TEST_F(EngineTest, EnginesAtWorkAtOnceDoNotDisturbEachOther) {
  const std::vector<std::string> texts{"The boats came back before dawn.", kSentence,
                                       "Turn left at the next corner, then go straight on."};
  const Audio speech = engine_.synthesize(kSentence, voice_, seeded(1));
  const auto say = [&](std::size_t i) {
    Engine engine(model_);
    if (i == texts.size()) return engine.convert(speech, voice_, {2}).samples;
    return engine.synthesize(texts[i], voice_, seeded(i)).samples;
  };
  std::vector<std::vector<float>> alone(texts.size() + 1), together(texts.size() + 1);
  for (std::size_t i = 0; i < alone.size(); ++i) alone[i] = say(i);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < together.size(); ++i)
    threads.emplace_back([&, i] { together[i] = say(i); });
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_EQ(alone[i], together[i]) << i;
}

TEST_F(EngineTest, ConversionKeepsTheLengthToOneSample) {
  const Audio speech = resample(engine_.synthesize(kSentence, voice_, seeded(4)), 44100);
  const Audio converted = engine_.convert(speech, voice_, {1});
  const double expected = double(speech.samples.size()) * kOutputRateHz / 44100;
  EXPECT_NEAR(double(converted.samples.size()), expected, 1.0);
  EXPECT_GT(rms(converted.samples), 0.005);
}

TEST_F(EngineTest, SpeechIsMarkedUnlessTheCallerDeclines) {
  const WatermarkDetector detector(WatermarkModel::load(find_watermark("", MODEL_DIR)));
  const std::string text = "The boats came back before dawn, and nobody asked why they had gone.";
  SynthesisOptions unmarked = seeded(21);
  unmarked.watermark = false;
  const Audio plain = engine_.synthesize(text, voice_, unmarked);
  const Audio marked = engine_.synthesize(text, voice_, seeded(21));
  ASSERT_EQ(marked.samples.size(), plain.samples.size());
  EXPECT_LT(detector.confidence(plain), 0.5);
  EXPECT_GT(detector.confidence(marked), 0.5);

  // The same speech, at the same place: what differs is the mark alone.
  std::vector<float> mark(plain.samples.size());
  for (std::size_t i = 0; i < mark.size(); ++i) mark[i] = marked.samples[i] - plain.samples[i];
  EXPECT_LT(rms(mark), 0.4 * rms(plain.samples));

  EXPECT_GT(detector.confidence(engine_.convert(plain, voice_, {1})), 0.5);
  EXPECT_LT(detector.confidence(engine_.convert(plain, voice_, {1, /*watermark=*/false})), 0.5);
}

// The mark comes after the speed, which would take it away; words and silence move with it.
TEST_F(EngineTest, AnotherSpeedChangesTheLengthAlone) {
  SynthesisOptions options = seeded(7);
  options.watermark = false;
  const Heard own = hear(engine_, options);
  options.speed = 1.6;
  const Heard fast = hear(engine_, options);
  const auto moved = [](std::int64_t sample) {
    return std::int64_t(std::llround(double(sample) / 1.6));
  };
  EXPECT_EQ(std::int64_t(fast.samples.size()), moved(std::int64_t(own.samples.size())));
  EXPECT_EQ(fast.before, moved(own.before));
  EXPECT_EQ(fast.after, moved(own.after));
  ASSERT_EQ(fast.words.size(), own.words.size());
  for (std::size_t i = 0; i < own.words.size(); ++i) {
    EXPECT_NEAR(double(fast.words[i].start), double(own.words[i].start) / 1.6, 1) << i;
    EXPECT_LE(fast.words[i].end, std::int64_t(fast.samples.size())) << i;
  }
  options.watermark = true;
  const WatermarkDetector detector(model_->watermark());
  const std::string text = "The boats came back before dawn, and nobody asked why they had gone.";
  EXPECT_GT(detector.confidence(engine_.synthesize(text, voice_, options)), 0.5);
  options.speed = 5;
  expect_error(ErrorCode::kInvalidArgument, "speed",
               [&] { engine_.synthesize(text, voice_, options); });
}

TEST_F(EngineTest, TheWatermarkIsFoundOnce) {
  EXPECT_EQ(model_->watermark(), model_->watermark());
  ModelOptions elsewhere;
  elsewhere.watermark_path = "/nonexistent/watermark";
  expect_error(ErrorCode::kNotFound, "/nonexistent/watermark",
               [&] { Model::load(MODEL_DIR, elsewhere)->watermark(); });
}

TEST_F(EngineTest, WatermarkWithoutWeightsIsAnErrorUnlessItIsOff) {
  ModelOptions model_options;
  model_options.watermark_path = "/nonexistent/watermark";
  const auto model = Model::load(MODEL_DIR, model_options);
  Engine engine(model);
  expect_error(ErrorCode::kNotFound, "/nonexistent/watermark",
               [&] { engine.synthesize("Hello.", *model->builtin_voice(), seeded(1)); });
  SynthesisOptions unmarked = seeded(1);
  unmarked.watermark = false;
  EXPECT_GT(engine.synthesize("Hello.", *model->builtin_voice(), unmarked).samples.size(), 0U);
}

TEST_F(EngineTest, AVoiceMadeFromSpeechIsSavedLoadedAndSpeaks) {
  Audio reference = engine_.synthesize(kSentence, voice_, seeded(9));
  const Voice voice = engine_.make_voice(reference);
  char name[] = "/tmp/chatterbox-voice-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string path = std::string(name) + "/me.safetensors";
  voice.save(path, *model_);
  const Voice loaded = Voice::load(path, *model_);
  EXPECT_EQ(engine_.synthesize("Hello.", loaded, seeded(1)).samples,
            engine_.synthesize("Hello.", voice, seeded(1)).samples);
  std::filesystem::remove_all(name);
}

TEST_F(EngineTest, BadInputSaysExpectedAndGot) {
  expect_error(ErrorCode::kInvalidArgument, "expected words",
               [&] { engine_.synthesize("   \n ", voice_, seeded(1)); });
  expect_error(ErrorCode::kInvalidArgument, "5001",
               [&] { engine_.synthesize(std::string(5001, 'a'), voice_, seeded(1)); });
  SynthesisOptions options;
  options.temperature = -1;
  expect_error(ErrorCode::kInvalidArgument, "temperature",
               [&] { engine_.synthesize(kSentence, voice_, options); });
  expect_error(ErrorCode::kInvalidArgument, "got none", [&] { engine_.convert({}, voice_); });
  expect_error(ErrorCode::kInvalidArgument, "rate", [&] {
    engine_.convert({std::vector<float>(1000), -8}, voice_);
  });
  expect_error(ErrorCode::kInvalidArgument, "1", [&] {
    engine_.make_voice({std::vector<float>(12000), kOutputRateHz});
  });
}

TEST_F(EngineTest, LeavesOutTagsThatTheModelWasNotTaught) {
  EXPECT_EQ(engine_.synthesize("Well, [laugh] yes.", voice_, seeded(3)).samples,
            engine_.synthesize("Well, yes.", voice_, seeded(3)).samples);
  int chunks = 0;
  const auto stats =
      engine_.synthesize("[laugh] [gasp]", voice_, seeded(3), [&](const SpeechChunk& chunk) {
        EXPECT_TRUE(chunk.last && chunk.samples.empty());
        return ++chunks > 0;
      });
  EXPECT_EQ(chunks, 1);
  EXPECT_EQ(stats.samples, 0);
}

TEST_F(EngineTest, SpeaksTheLanguagesOfTheModel) {
  SynthesisOptions options = seeded(3);
  options.max_tokens = 4;
  for (const char* language : {"", "en", "en-US", "EN_gb"}) {
    options.language = language;
    EXPECT_NO_THROW(engine_.synthesize("Hello.", voice_, options)) << language;
  }
  options.language = "fr-FR";
  expect_error(ErrorCode::kInvalidArgument,
               "language: expected one that the model speaks (en), got \"fr-FR\"",
               [&] { engine_.synthesize("Bonjour.", voice_, options); });
  options.language = "";
  options.text_language = "fr-FR";
  EXPECT_NO_THROW(engine_.synthesize("Bonjour.", voice_, options)) << "only the text says so";
  EXPECT_EQ(model_->languages(), std::vector<std::string>{"en"});
  EXPECT_TRUE(model_->tags().empty());
}

TEST(ModelTest, SaysWhatItIs) {
  const auto model = shared_model();
  EXPECT_EQ(model->id().size(), 16u);
  EXPECT_EQ(model->device(), "cpu");
  EXPECT_EQ(model->dtype(), "float32");
  EXPECT_TRUE(model->builtin_voice());
}

TEST(ModelTest, LoadingReportsProgressAndStops) {
  double last = -1;
  Model::load(MODEL_DIR, {}, [&](double fraction, std::string_view) {
    EXPECT_GE(fraction, last);
    last = fraction;
    return true;
  });
  EXPECT_EQ(last, 1.0);
  expect_error(ErrorCode::kCancelled, "cancelled", [] {
    Model::load(MODEL_DIR, {}, [](double fraction, std::string_view) { return fraction < 0.5; });
  });
}

TEST(ModelTest, RefusesWhatIsNotThere) {
  expect_error(ErrorCode::kNotFound, "/nowhere", [] { Model::load("/nowhere"); });
  ModelOptions options;
  options.device = "abacus";
  expect_error(ErrorCode::kInvalidArgument, "abacus", [&] { Model::load(MODEL_DIR, options); });
  options = {};
  options.dtype = "int3";
  expect_error(ErrorCode::kInvalidArgument, "int3", [&] { Model::load(MODEL_DIR, options); });
}

TEST(ModelTest, SpeaksInBfloat16Too) {
  ModelOptions options;
  options.dtype = "bfloat16";
  const auto model = Model::load(MODEL_DIR, options);
  Engine engine(model);
  const Audio audio = engine.synthesize("Hello there.", *model->builtin_voice(), seeded(1));
  EXPECT_GT(audio.seconds(), 0.3);
  EXPECT_GT(rms(audio.samples), 0.005);
}

}  // namespace
}  // namespace chatterbox
