// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "chatterbox/engine.h"
#include "chatterbox/options.h"
#include "chatterbox/voice.h"

#pragma GCC visibility push(default)
namespace chatterbox {

// Options of a conversion while the speaker speaks.
struct ConversionOptions {
  // Same seed, model, device, options and speech: same audio, however it is cut
  // into pushes. Empty: a fresh one.
  std::optional<std::uint64_t> seed;
  // Speech tokens (40 ms each) converted at a time: fewer are sooner and cost
  // more.
  int chunk_size = 4;
  static constexpr Range kChunkSize{1, 100};
  // Speech heard after a chunk before it is converted, in milliseconds, in steps of 20: more is
  // closer to the whole recording's sound.
  int lookahead = 200;
  static constexpr Range kLookahead{60, 520};
  // Quieter speech, in dB of full scale, becomes silence without any work; -100:
  // digital silence alone does.
  double silence_threshold = -60;
  static constexpr Range kSilenceThreshold{-100, 0};
  // Steps of a guided flow, as in SynthesisOptions.
  int flow_steps = 0;
  // Marks the speech as synthetic (see watermark.h), 64 ms of latency more.
  // Needs the watermark's weights.
  bool watermark = true;
};

// Throws kInvalidArgument naming the field, its range and the value.
void check(const ConversionOptions& options);

// Work of a converter since it was made.
struct ConversionStats {
  double seconds_converted = 0;
  double seconds_silent = 0;  // skipped by the silence threshold, or muted
  double seconds_of_work = 0;
  // Longest work on one chunk.
  double seconds_of_slowest = 0;
  // Seconds of work per second of speech that was converted.
  double real_time_factor() const {
    return seconds_converted > 0 ? seconds_of_work / seconds_converted : 0;
  }
};

// The same words in another voice while they are spoken. Speech goes in in
// pieces of any size; converted speech comes out a chunk at a time, sample for
// sample at the place of the original: sample i of the output belongs to time
// i / kOutputRateHz of the input. See docs/design/live-conversion.md.
//
// Used by one thread at a time, except where noted. Converters and engines on
// one model share the cores, and take turns, a chunk at a time, when there are
// more of them than cores.
class Converter {
 public:
  // Rate of the input, Hz.
  static constexpr int kInputRateHz = 16000;

  // Throws kInvalidArgument for an option out of range, kNotFound without the
  // weights of a watermark that is wanted.
  Converter(std::shared_ptr<const Model> model, const Voice& voice,
            const ConversionOptions& options = {});
  ~Converter();
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // Samples at kInputRateHz that have to be pushed after a sample, itself
  // included, before pop() has converted it. Constant; needs no model.
  static std::int64_t latency(const ConversionOptions& options);

  // Takes mono speech in [-1, 1]. Cheap: nothing is converted here.
  void push(std::span<const float> samples);

  // Converts the next chunk and returns it, at kOutputRateHz; empty when more
  // speech is needed first. Throws kCancelled (soon after `stop` is asked to; at
  // once if it was before), kModelFailure, kOutOfMemory; then only abandon() and
  // reset() go on.
  std::vector<float> pop(std::stop_token stop = {});

  // The speech ends here: the rest, after which the output is as long as the
  // input, and the next push begins anew. Throws as pop().
  std::vector<float> drain(std::stop_token stop = {});

  // The speech ends here and is not worth converting: silence in place of the
  // rest, after what was made fades out. Quick; the output is as long as after
  // drain(), and the next push begins anew.
  std::vector<float> abandon();

  // Forgets everything pushed and not popped.
  void reset();

  // From the next chunk on. The voice is prepared in the calling thread, which
  // may be any, while a conversion goes on in another.
  void set_voice(const Voice& voice);
  // From the next chunk on; changes latency(). Throws kInvalidArgument.
  void set_chunk_size(int tokens);
  // Silence in place of speech, without work, from the next chunk on.
  void set_muted(bool muted);

  // Where the next chunk begins, in samples at kOutputRateHz since the speech
  // began: here the setters above take effect.
  std::int64_t next_chunk() const;

  // Runs every part once so that the first chunk is not the slow one. Throws kCancelled once
  // `stop` is asked for.
  void warm_up(std::stop_token stop = {});

  const ConversionStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chatterbox
#pragma GCC visibility pop
