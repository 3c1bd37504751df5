// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "chatterbox/audio.h"
#include "chatterbox/options.h"
#include "chatterbox/voice.h"

#pragma GCC visibility push(default)
namespace chatterbox {

class WatermarkModel;
struct Internals;
struct ModelParts;

// Weights and tokenizer, immutable once loaded and shared by any number of
// engines and threads.
class Model {
 public:
  // Called while loading with a fraction in [0, 1]; returning false stops the
  // load with kCancelled.
  using Progress = std::function<bool(double fraction, std::string_view what)>;

  // Loads the directory `path` (see docs/design/model-files.md). Slow: seconds
  // for the published model. Throws kNotFound, kBadFile, kInvalidArgument,
  // kOutOfMemory, kCancelled.
  static std::shared_ptr<const Model> load(const std::string& path,
                                           const ModelOptions& options = {},
                                           const Progress& progress = {});
  ~Model();

  const std::string& name() const;
  // "english", "turbo", "nano" or "multilingual"; the small model in the tree is of English's.
  std::string family() const;
  // 16 hexadecimal digits that name the files of weights and text: those of another training or
  // conversion have others. A part of every megabyte is looked at, so a single byte may change
  // unnoticed.
  const std::string& id() const;
  const std::string& path() const;
  // "cpu", "cuda:0", ...; "float32", "bfloat16", "float16", "int8".
  const std::string& device() const;
  const std::string& dtype() const;
  // A voice needs a recording longer than this, seconds.
  double min_reference_seconds() const;
  // Memory that what is kept of voices takes now, see ModelOptions::voice_cache_bytes.
  std::int64_t voice_cache_bytes() const;
  // Codes of the languages that the model speaks, in order: {"en"}, or 23 of them.
  std::vector<std::string> languages() const;
  // Tags that a text may hold besides words: "[laugh]", "[whispering]". Empty for a model that was
  // taught none. Tags that only other models know are left out of texts; a text of nothing else is
  // spoken as nothing.
  std::vector<std::string> tags() const;
  // The voice in the model's directory; empty when it has none.
  const std::optional<Voice>& builtin_voice() const;

  // The watermark's weights, found as ModelOptions::watermark_path says when they are first wanted,
  // and the same for everybody from then on. Throws kNotFound, kBadFile.
  std::shared_ptr<const WatermarkModel> watermark() const;

 private:
  friend struct Internals;
  explicit Model(std::unique_ptr<ModelParts> parts);
  std::unique_ptr<ModelParts> parts_;
};

// One word of the text and where its speech begins and ends, in samples of
// kOutputRateHz from the start of the utterance. The end of a word that is
// still being spoken is where the speech made so far ends.
struct WordTime {
  std::string word;
  std::int64_t start = 0;
  std::int64_t end = 0;
};

// One piece of speech while it is being made.
struct SpeechChunk {
  // Valid during the callback only.
  std::span<const float> samples;
  // Index of samples[0] in the whole utterance.
  std::int64_t position = 0;
  // No more follows; samples may then be empty.
  bool last = false;
  // Words that begin in this chunk; empty when the model has no alignment head.
  std::span<const WordTime> words;
  // Samples of silence that were taken off in front of the first chunk, and after the last
  // (SynthesisOptions::trim_silence), for callers that join utterances and want their pauses back.
  std::int64_t silence_before = 0;
  std::int64_t silence_after = 0;
};

// Work of one synthesis.
struct SynthesisStats {
  std::int64_t samples = 0;
  std::int64_t speech_tokens = 0;
  std::uint64_t seed = 0;
  // Until the caller was given the first audible sample.
  double seconds_to_first_audio = 0;
  double seconds_total = 0;
  // Seconds of work per second of speech.
  double real_time_factor() const {
    return samples > 0 ? seconds_total * kOutputRateHz / double(samples) : 0;
  }
};

// Speaks, converts speech and makes voices. An engine is used by one thread at a time; different
// engines on the same model may run at once. As many engines work as fill the cores (cores /
// ModelOptions::threads), and the others take turns.
//
// Calls that take long end with kCancelled soon after their stop token is asked
// to (within one token or one decoder step), at once if it was before the call.
class Engine {
 public:
  // Takes each piece of speech, on the caller's thread; returning false stops
  // with kCancelled. May block: other engines on the model work meanwhile.
  using Sink = std::function<bool(const SpeechChunk& chunk)>;

  explicit Engine(std::shared_ptr<const Model> model);
  ~Engine();

  // Speaks UTF-8 text of 1 to kMaxTextLength characters. Long text is split at
  // sentences, clauses and words. Throws kInvalidArgument (empty or too long
  // text, bad option), kNotFound (no weights for the watermark that the options
  // ask for), kCancelled, kModelFailure, kOutOfMemory.
  SynthesisStats synthesize(std::string_view text, const Voice& voice,
                            const SynthesisOptions& options, const Sink& sink,
                            std::stop_token stop = {});

  // The same, gathered.
  Audio synthesize(std::string_view text, const Voice& voice, const SynthesisOptions& options = {},
                   std::stop_token stop = {});

  // The same words in another voice, whole recording at once. Output has
  // exactly the input's duration at kOutputRateHz.
  Audio convert(const Audio& speech, const Voice& voice, const ConvertOptions& options = {},
                std::stop_token stop = {});

  // A voice from more than Model::min_reference_seconds() of one speaker; as upstream, 10 s are
  // used for the decoder, and 6 s for T3 or, by Turbo and Nano, 15 s. Throws kInvalidArgument for
  // less.
  Voice make_voice(const Audio& reference, std::stop_token stop = {});

  const std::shared_ptr<const Model>& model() const { return model_; }

  // Runs every part once so that the first utterance is not the slow one. Throws kCancelled once
  // `stop` is asked for.
  void warm_up(std::stop_token stop = {});

  static constexpr std::size_t kMaxTextLength = 5000;

 private:
  std::shared_ptr<const Model> model_;
};

// Normalised text in pieces the English model speaks well (below about 300 characters),
// cut at sentence, clause and word boundaries; short sentences are joined. A tag such as
// "[clear throat]" stays whole and counts as one character.
std::vector<std::string> split_text(std::string_view text, std::size_t max_characters = 280);

}  // namespace chatterbox
#pragma GCC visibility pop
