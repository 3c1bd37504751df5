// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/audio_encode.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <cstring>

#include "audio/wav.h"
#include "chatterbox/error.h"
#include "operations/fields.h"

namespace chatterbox::sidecar {
namespace {

struct Recipe {
  SpeechFormat format;
  // Elements between our samples and the bytes; pages are kept short, so that
  // a listener need not wait for a full one.
  const char* elements;
  // Their factories, which must exist.
  std::vector<const char*> factories;
};

const std::vector<Recipe>& recipes() {
  static const std::vector<Recipe> all{
      {{"opus", "audio/ogg"},
       "opusenc bitrate=32000 ! oggmux max-delay=0 max-page-delay=40000000",
       {"opusenc", "oggmux"}},
      {{"mp3", "audio/mpeg"}, "lamemp3enc target=bitrate bitrate=64 mono=true", {"lamemp3enc"}},
      {{"flac", "audio/flac"}, "flacenc blocksize=1152", {"flacenc"}},
      // Whichever is installed; the first is the best.
      {{"aac", "audio/aac"},
       "fdkaacenc bitrate=64000 ! audio/mpeg,stream-format=adts",
       {"fdkaacenc"}},
      {{"aac", "audio/aac"},
       "avenc_aac bitrate=64000 ! aacparse ! audio/mpeg,stream-format=adts",
       {"avenc_aac", "aacparse"}},
      {{"aac", "audio/aac"},
       "voaacenc bitrate=64000 ! audio/mpeg,stream-format=adts",
       {"voaacenc"}},
  };
  return all;
}

bool available(const Recipe& recipe) {
  for (const char* name : recipe.factories) {
    GstElementFactory* factory = gst_element_factory_find(name);
    if (!factory) return false;
    gst_object_unref(factory);
  }
  return true;
}

// 16-bit samples, with the header of a WAV file or without.
class PlainEncoder : public AudioEncoder {
 public:
  PlainEncoder(bool header, int rate_hz, std::optional<std::int64_t> samples) {
    if (header) start_ = wav_header(rate_hz, samples.value_or(-1));
  }
  std::string push(std::span<const float> samples) override {
    std::string bytes = std::move(start_);
    start_.clear();
    append_pcm16(bytes, samples);
    return bytes;
  }
  std::string finish() override { return push({}); }

 private:
  std::string start_;
};

class GstEncoder : public AudioEncoder {
 public:
  GstEncoder(const Recipe& recipe, int rate_hz) {
    const std::string launch =
        "appsrc name=in format=time caps=audio/x-raw,format=F32LE,layout=interleaved,channels=1,"
        "rate=" +
        std::to_string(rate_hz) + " ! audioconvert ! audioresample ! " + recipe.elements +
        " ! appsink name=out sync=false";
    GError* error = nullptr;
    pipeline_ = gst_parse_launch(launch.c_str(), &error);
    if (error) {
      const std::string message = error->message;
      g_clear_error(&error);
      if (pipeline_) gst_object_unref(pipeline_);
      throw Error(ErrorCode::kModelFailure, "encoder: " + message);
    }
    in_ = gst_bin_get_by_name(GST_BIN(pipeline_), "in");
    out_ = gst_bin_get_by_name(GST_BIN(pipeline_), "out");
    rate_hz_ = rate_hz;
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
  }
  ~GstEncoder() override {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(in_);
    gst_object_unref(out_);
    gst_object_unref(pipeline_);
  }

  std::string push(std::span<const float> samples) override {
    if (samples.empty()) return {};
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, samples.size_bytes(), nullptr);
    gst_buffer_fill(buffer, 0, samples.data(), samples.size_bytes());
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(pushed_, GST_SECOND, guint64(rate_hz_));
    pushed_ += samples.size();
    GST_BUFFER_DURATION(buffer) =
        gst_util_uint64_scale(pushed_, GST_SECOND, guint64(rate_hz_)) - GST_BUFFER_PTS(buffer);
    gst_app_src_push_buffer(GST_APP_SRC(in_), buffer);
    std::string bytes;
    // Bytes that the encoder gives in the time of one page; later ones come with the next call.
    while (take(10 * GST_MSECOND, bytes)) {
    }
    return bytes;
  }

  std::string finish() override {
    gst_app_src_end_of_stream(GST_APP_SRC(in_));
    std::string bytes;
    while (!gst_app_sink_is_eos(GST_APP_SINK(out_)))
      if (!take(100 * GST_MSECOND, bytes)) check_bus();
    return bytes;
  }

 private:
  bool take(GstClockTime wait, std::string& bytes) {
    GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(out_), wait);
    if (!sample) return false;
    // Muxers repeat their headers as a list of buffers only in caps; the bytes
    // that belong into the file all arrive as buffers.
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    const std::size_t at = bytes.size(), size = gst_buffer_get_size(buffer);
    bytes.resize(at + size);
    gst_buffer_extract(buffer, 0, bytes.data() + at, size);
    gst_sample_unref(sample);
    return true;
  }

  void check_bus() {
    GstBus* bus = gst_element_get_bus(pipeline_);
    GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    gst_object_unref(bus);
    if (!message) return;
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    const std::string text = error->message;
    g_clear_error(&error);
    gst_message_unref(message);
    throw Error(ErrorCode::kModelFailure, "encoder: " + text);
  }

  GstElement* pipeline_ = nullptr;
  GstElement* in_ = nullptr;
  GstElement* out_ = nullptr;
  int rate_hz_ = 0;
  guint64 pushed_ = 0;
};

}  // namespace

std::vector<SpeechFormat> speech_formats() {
  std::vector<SpeechFormat> formats{{"wav", "audio/wav"}, {"pcm", "audio/pcm"}};
  for (const Recipe& recipe : recipes())
    if (available(recipe) && std::strcmp(formats.back().name, recipe.format.name) != 0)
      formats.push_back(recipe.format);
  return formats;
}

std::string content_type(const std::string& format) {
  for (const SpeechFormat& known : speech_formats())
    if (format == known.name) return known.content_type;
  return "application/octet-stream";
}

std::unique_ptr<AudioEncoder> make_encoder(const std::string& format, int rate_hz,
                                           std::optional<std::int64_t> samples) {
  if (format == "wav" || format == "pcm")
    return std::make_unique<PlainEncoder>(format == "wav", rate_hz, samples);
  for (const Recipe& recipe : recipes())
    if (format == recipe.format.name && available(recipe))
      return std::make_unique<GstEncoder>(recipe, rate_hz);
  std::string names;
  for (const SpeechFormat& known : speech_formats())
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  throw RequestError("Unknown response_format: " + format,
                     "response_format: expected one of " + names + ", got '" + format + "'");
}

}  // namespace chatterbox::sidecar
