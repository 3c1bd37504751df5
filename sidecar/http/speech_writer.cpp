// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The bytes of /v1/audio/speech: a file, or events.
#include "audio/audio_encode.h"
#include "audio/base64.h"
#include "http/live_answer.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

class FileWriter : public SpeechWriter {
 public:
  FileWriter(const std::string& format, std::optional<std::int64_t> samples)
      : type_(sidecar::content_type(format)),
        encoder_(make_encoder(format, kOutputRateHz, samples)) {}

  std::string push(std::span<const WordTime>, std::span<const float> samples) override {
    return encoder_->push(samples);
  }
  std::string finish(const SynthesisStats&) override { return encoder_->finish(); }
  std::string failure(const std::string&) override { return ""; }
  std::string content_type() const override { return type_; }

 private:
  const std::string type_;
  const std::unique_ptr<AudioEncoder> encoder_;
};

// Server-sent events, each a line of JSON.
class EventWriter : public SpeechWriter {
 public:
  EventWriter(const Speech& speech, std::optional<std::int64_t> samples)
      : speech_(speech), encoder_(make_encoder(speech.format, kOutputRateHz, samples)) {}

  std::string push(std::span<const WordTime> words, std::span<const float> samples) override {
    return delta(encoder_->push(samples), words);
  }

  std::string finish(const SynthesisStats& stats) override {
    std::string events = delta(encoder_->finish(), {});
    // Tokens of text are counted as characters: the model's own are nobody's measure.
    const auto input = std::int64_t(
        g_utf8_strlen(speech_.request.text.c_str(), gssize(speech_.request.text.size())));
    JsonWriter json;
    json.begin_object().field("type", "speech.audio.done").key("usage").begin_object();
    json.field("input_tokens", input)
        .field("output_tokens", stats.speech_tokens)
        .field("total_tokens", input + stats.speech_tokens);
    return events + event(json.end_object().end_object().take());
  }

  std::string failure(const std::string& message) override {
    return event("{\"type\":\"error\"," +
                 openai_error(message, "server_error", "speech_failed").substr(1));
  }
  std::string content_type() const override { return "text/event-stream"; }

 private:
  static std::string event(const std::string& json) { return "data: " + json + "\n\n"; }

  std::string delta(const std::string& bytes, std::span<const WordTime> words) {
    const bool tells = speech_.word_times && !words.empty();
    if (bytes.empty() && !tells) return "";
    JsonWriter json;
    json.begin_object().field("type", "speech.audio.delta").key("audio").raw("\"");
    append_base64(json.buffer(), bytes);
    json.buffer() += '"';
    if (tells) {
      json.key("words").begin_array();
      for (const WordTime& word : words)
        json.begin_object()
            .field("word", word.word)
            .field("start", double(word.start) / kOutputRateHz)
            .field("end", double(word.end) / kOutputRateHz)
            .end_object();
      json.end_array();
    }
    return event(json.end_object().take());
  }

  const Speech& speech_;
  const std::unique_ptr<AudioEncoder> encoder_;
};

}  // namespace

std::unique_ptr<SpeechWriter> make_speech_writer(const Speech& speech,
                                                 std::optional<std::int64_t> samples) {
  if (speech.events) return std::make_unique<EventWriter>(speech, samples);
  return std::make_unique<FileWriter>(speech.format, samples);
}

}  // namespace chatterbox::sidecar
