// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Operation "tts": text becomes a WAV file, in one go or with pieces on the way.
#include <algorithm>
#include <chrono>

#include "audio/audio_encode.h"
#include "audio/base64.h"
#include "audio/loudness.h"
#include "audio/stream_resampler.h"
#include "audio/wav.h"
#include "operations/operations.h"
#include "seconds_since.h"

namespace chatterbox::sidecar {
namespace {

using Clock = std::chrono::steady_clock;

// Clients of /stream take at most 1 MB at once; base64 makes four bytes of three.
constexpr std::size_t kMostChunkSamples = 350'000;

struct ChunkDetail {
  double rtf;
  std::size_t samples;
};

// Gathers speech and passes its pieces on as they come.
class Collector {
 public:
  Collector(const SpeechRequest& request, const JobContext& context)
      : request_(request), context_(context), resampler_(kOutputRateHz, request.sample_rate) {}

  bool take(const SpeechChunk& chunk) {
    std::vector<float> piece = resampler_.push(chunk.samples);
    if (chunk.last) {
      const std::vector<float> rest = resampler_.finish();
      piece.insert(piece.end(), rest.begin(), rest.end());
    }
    if (piece.empty()) return true;
    if (samples_.empty()) first_seconds_ = seconds_since(start_);
    const double seconds = double(piece.size()) / request_.sample_rate;
    details_.push_back({seconds_since(last_) / seconds, piece.size()});
    last_ = Clock::now();
    samples_.insert(samples_.end(), piece.begin(), piece.end());
    if (request_.streams()) send(piece);
    return true;
  }

  std::vector<float>& samples() { return samples_; }
  double first_seconds() const { return first_seconds_; }
  double total_seconds() const { return seconds_since(start_); }
  const std::vector<ChunkDetail>& details() const { return details_; }

 private:
  void send(std::span<const float> piece) {
    while (!piece.empty()) {
      const auto part = piece.first(std::min(piece.size(), kMostChunkSamples));
      piece = piece.subspan(part.size());
      JsonWriter json;
      json.begin_object();
      if (request_.pcm_chunks) {
        std::string pcm;
        append_pcm16(pcm, part);
        json.key("audio").raw("\"");
        append_base64(json.buffer(), pcm);
        json.buffer() += '"';
      } else {
        write_audio(json, "audio", part, request_.sample_rate);
      }
      json.field("sample_rate", request_.sample_rate)
          .field("format", request_.pcm_chunks ? "pcm" : "wav")
          .field("chunk", sent_)
          .field("position", double(position_) / request_.sample_rate)
          .field("duration", double(part.size()) / request_.sample_rate)
          .end_object();
      position_ += part.size();
      ++sent_;
      context_.chunk(json.take());
    }
  }

  const SpeechRequest& request_;
  const JobContext& context_;
  StreamResampler resampler_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
  double first_seconds_ = 0;
  std::vector<float> samples_;
  std::vector<ChunkDetail> details_;
  std::size_t position_ = 0;
  int sent_ = 0;
};

// The file as an address that holds it: nothing has to be fetched, or kept here.
void write_url(JsonWriter& json, std::span<const float> samples, int rate_hz,
               const std::string& format) {
  const std::string encoding = format == "ogg" ? "opus" : format;
  const auto encoder = make_encoder(encoding, rate_hz, std::int64_t(samples.size()));
  std::string file = encoder->push(samples);
  file += encoder->finish();
  json.key("audio_url").raw("\"data:" + content_type(encoding) + ";base64,");
  append_base64(json.buffer(), file);
  json.buffer() += '"';
}

// Writes an option of the request; null: the model's own.
void write_choice(JsonWriter& json, const char* name, const std::optional<double>& value) {
  json.key(name);
  value ? json.number(*value) : json.null();
}

void write_parameters(JsonWriter& json, const SpeechRequest& request, const ChosenVoice& chosen,
                      std::uint64_t seed) {
  json.key("parameters").begin_object();
  if (request.streams()) json.field("chunk_size", request.options.chunk_size);
  write_choice(json, "exaggeration", request.options.exaggeration);
  write_choice(json, "cfg_weight", request.options.cfg_weight);
  write_choice(json, "temperature", request.options.temperature);
  json.field("voice_cloning", chosen.source != "built_in")
      .field("voice_id", chosen.id)
      .field("voice_name", chosen.name)
      .field("optimization", "none")
      .field("seed", std::int64_t(seed))
      .end_object();
}

void write_metrics(JsonWriter& json, const Collector& speech, double rtf, double duration) {
  json.key("streaming_metrics").begin_object();
  json.field("total_chunks", int(speech.details().size()))
      .field("first_chunk_latency", speech.first_seconds())
      .field("total_generation_time", speech.total_seconds())
      .field("audio_duration", duration)
      .field("rtf", rtf);
  json.key("chunk_details").begin_array();
  int number = 0;
  for (const ChunkDetail& detail : speech.details()) {
    json.begin_object().field("chunk_count", ++number).field("rtf", detail.rtf);
    json.key("chunk_shape").begin_array().integer(1).integer(std::int64_t(detail.samples));
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::string speak(const SpeechRequest& request, const std::vector<std::string>& warnings,
                  const JobContext& context) {
  const ChosenVoice chosen = context.voices.choose(context.owner, request.voice, context.model,
                                                   context.engine, context.stop);
  SynthesisOptions options = request.options;
  if (!options.seed) options.seed = context.seed;

  Collector speech(request, context);
  const SynthesisStats stats = context.engine.synthesize(
      request.text, chosen.voice, options,
      [&](const SpeechChunk& chunk) { return speech.take(chunk); }, context.stop);
  context.metrics.observe_first_audio(stats.seconds_to_first_audio);
  context.metrics.observe_real_time_factor(stats.real_time_factor());
  normalize(speech.samples(), request.normalization);

  const double duration = double(speech.samples().size()) / request.sample_rate;
  JsonWriter json;
  json.buffer().reserve(speech.samples().size() * 8 / 3 + 4096);
  json.begin_object();
  write_audio(json, "audio", speech.samples(), request.sample_rate);
  if (!request.url_format.empty())
    write_url(json, speech.samples(), request.sample_rate, request.url_format);
  json.field("sample_rate", request.sample_rate)
      .field("duration", duration)
      .field("format", "wav")
      .field("text", request.text)
      .field("mode", to_string(request.mode))
      .field("operation", "tts")
      .field("watermark_applied", options.watermark);
  write_info(json, duration, context.model);
  write_parameters(json, request, chosen, *options.seed);
  if (request.streams() && request.print_metrics)
    write_metrics(json, speech, stats.real_time_factor(), duration);
  write_warnings(json, warnings);
  return json.end_object().take();
}

}  // namespace chatterbox::sidecar
