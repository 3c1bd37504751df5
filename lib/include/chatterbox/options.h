// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chatterbox/time_stretch.h"

#pragma GCC visibility push(default)
namespace chatterbox {

// Options of loading a model.
struct ModelOptions {
  // Which model, where the directory holds several: "english", "turbo", "nano" or
  // "multilingual". Empty: the one whose files are there, English first.
  std::string family;
  // "cpu", "cuda", "cuda:N", or "auto": CUDA where present, else the processor.
  std::string device = "auto";
  // "float32", "bfloat16", "float16", or "auto": what this device does fastest
  // without losing parity. "int8", on the processor: bfloat16, with T3's matrices and
  // the flow's linear layers in int8, which is faster again and a little less exact.
  std::string dtype = "auto";
  // Threads for inference on the processor; 0: one for a small model (below
  // 200 MB), else as many as libtorch uses.
  int threads = 0;
  // One name for what decides between sound and speed: "reference": float32, full attention and
  // all steps of the flow, as upstream computes it; "balanced", and empty: what this device does
  // fastest without losing parity, in all steps; "fast": int8 on the processor, attention in
  // chunks, and five steps of a guided flow. A `dtype` or `attention` other than "auto" goes before
  // it.
  std::string quality;
  // Attention mask of the decoder. "full": a token sees all of the speech, as upstream computes it;
  // while streaming, prompt and recent speech are computed again for each chunk. "chunk": a token
  // sees the prompt, earlier speech and its own chunk, as in upstream's mask of chunks, so that
  // nothing is computed twice. "auto": full for speech that is made at once and chunk for speech
  // that is heard while a processor makes it; a model that was trained with chunks has them always.
  std::string attention = "auto";
  // Largest cache of values that are computed once for a voice, in bytes over all voices. Those
  // used longest ago are dropped; a value that does not fit is computed for every utterance.
  std::int64_t voice_cache_bytes = kVoiceCacheBytes;
  static constexpr std::int64_t kVoiceCacheBytes = std::int64_t(1536) << 20;
  // Directory of the watermark's weights; empty: as find_watermark() in paths.h looks for them.
  // Looked at when the first watermark is wanted.
  std::string watermark_path;
};

// A range a host can show and check. Both ends belong to it.
struct Range {
  double low, high;
};

// Options of one synthesis. An empty optional means the model's own default (config.json
// "defaults").
struct SynthesisOptions {
  // Emotion: 0 flat, 0.5 neutral, 1 strong.
  std::optional<double> exaggeration;
  static constexpr Range kExaggeration{0.0, 2.0};
  // Classifier-free guidance of T3; 0 turns it off and halves the work.
  std::optional<double> cfg_weight;
  static constexpr Range kCfgWeight{0.0, 2.0};
  // Sampling temperature; 0 picks the likeliest token.
  std::optional<double> temperature;
  static constexpr Range kTemperature{0.0, 5.0};
  // Divides the logits of tokens already spoken; 1 is off.
  std::optional<double> repetition_penalty;
  static constexpr Range kRepetitionPenalty{1.0, 2.0};
  // Drops tokens less likely than min_p times the likeliest; 0 is off.
  std::optional<double> min_p;
  static constexpr Range kMinP{0.0, 1.0};
  // Keeps the smallest set of tokens of this total probability; 1 is off.
  std::optional<double> top_p;
  static constexpr Range kTopP{0.0, 1.0};
  // Keeps so many of the likeliest tokens; 0 is off. Turbo and Nano.
  std::optional<int> top_k;
  static constexpr Range kTopK{0, 10000};
  // Language of the text: a code such as "fr", or a tag such as "pt-BR" whose region is dropped. A
  // language that the model does not speak (Model::languages()) is refused. Empty: the model's only
  // language, or the one that the text's script tells (Hangul: "ko"), else English.
  std::string language;
  // Language that the text itself names (xml:lang, a stream's tag). It takes precedence over
  // `language` if the model speaks it, and is ignored with a warning if not.
  std::string text_language;
  // Same seed, model, device and options: same audio. Empty: a fresh one.
  std::optional<std::uint64_t> seed;
  // Speech tokens (40 ms each) between pieces of audio while streaming.
  int chunk_size = 25;
  static constexpr Range kChunkSize{1, 1000};
  // The same for the first piece, which a listener waits for; 0: chosen by the
  // library from chunk_size. Models look 13 tokens ahead, so that a first piece comes of 16 tokens
  // at the earliest. The piece after the first that is heard is short, too.
  int first_chunk_size = 0;
  // Steps of a guided flow (English, Multilingual): fewer are faster, and further from what the
  // model was made for. 0: as the model's quality says, which is 10 or, of "fast", 5. A mean flow
  // (Turbo, Nano) has its own.
  int flow_steps = 0;
  static constexpr Range kFlowSteps{0, 100};
  // False: audio is delivered once per sentence, computed in one go.
  bool streaming = true;
  // Speaks faster or slower at the same pitch (see time_stretch.h); 1: as the model speaks. At
  // another speed than that nothing is delivered before all of the text has been spoken.
  double speed = 1;
  static constexpr Range kSpeed{kMinSpeed, kMaxSpeed};
  // Cuts the model's silence to at most 20 ms in front of the speech and 150 ms after it; pauses
  // within the speech stay.
  bool trim_silence = true;
  // Text is taken for what language models, web pages and subtitle files write, and the signs of
  // these are not read (plain_text.h). False: every sign is.
  bool plain_text = true;
  // Marks the speech as synthetic (see watermark.h), at the cost of 64 ms that stay behind while
  // streaming. Needs the watermark's weights.
  bool watermark = true;
  // Most speech tokens for one piece of text; upstream's 1000 is 40 s. Text that takes longer is
  // spoken in more pieces.
  int max_tokens = 1000;
  static constexpr Range kMaxTokens{1, 4096};
};

// Throws kInvalidArgument naming the field, its range and the value.
void check(const SynthesisOptions& options);

// Options of the conversion of a whole recording.
struct ConvertOptions {
  // As in SynthesisOptions.
  std::optional<std::uint64_t> seed;
  bool watermark = true;
  int flow_steps = 0;
};

// Throws kInvalidArgument naming the field, its range and the value.
void check(const ConvertOptions& options);

}  // namespace chatterbox
#pragma GCC visibility pop
