// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "clone_reports.h"

#define GST_CAT_DEFAULT gst_chatterbox_clone_debug

namespace chatterbox::gst {

namespace {

// Least step between two progress messages, percent.
constexpr int kProgressStep = 10;

void add_quality(GstStructure* fields, const RecordingQuality& quality) {
  gst_structure_set(fields, "duration", G_TYPE_UINT64, guint64(quality.seconds * GST_SECOND),
                    "voiced-duration", G_TYPE_UINT64, guint64(quality.voiced_seconds * GST_SECOND),
                    "level-rms", G_TYPE_DOUBLE, quality.level_db, "peak", G_TYPE_DOUBLE,
                    quality.peak_db, "clipping", G_TYPE_DOUBLE, quality.clipped, "snr",
                    G_TYPE_DOUBLE, quality.snr_db, nullptr);
}

void add_warnings(GstStructure* fields, const std::vector<std::string>& warnings) {
  GValue list = G_VALUE_INIT;
  g_value_init(&list, GST_TYPE_ARRAY);
  for (const std::string& warning : warnings) {
    GValue text = G_VALUE_INIT;
    g_value_init(&text, G_TYPE_STRING);
    g_value_set_string(&text, warning.c_str());
    gst_value_array_append_and_take_value(&list, &text);
  }
  gst_structure_take_value(fields, "warnings", &list);
}

}  // namespace

CloneReports::CloneReports(GstElement* element, GstPad* src_pad)
    : element_(element), src_pad_(src_pad), progress_(element, "clone", kProgressStep) {}

void CloneReports::collected(int percent) {
  progress_.begin("Collecting speech");
  progress_.advance(percent, "Collecting speech");
}

void CloneReports::cancelled() { progress_.end(GST_PROGRESS_TYPE_CANCELED, "No voice was made"); }

void CloneReports::created(const CloneJob::Request& request, const CloneJob::Result& result) {
  const CloneSettings& settings = request.settings;
  // A value for the property `voice` of another element.
  const std::string voice = !settings.voice_name.empty() && settings.voice_library.empty()
                                ? result.voice.name
                                : result.voice.path;
  GST_INFO_OBJECT(element_, "made the voice '%s', %s", voice.c_str(), result.voice.path.c_str());
  GstStructure* fields = gst_structure_new(
      "chatterbox/voice-created", "voice", G_TYPE_STRING, voice.c_str(), "voice-id", G_TYPE_STRING,
      result.voice.id.c_str(), "location", G_TYPE_STRING, result.voice.path.c_str(), "sample-rate",
      G_TYPE_INT, request.recording.rate_hz, "model", G_TYPE_STRING, result.model_id.c_str(),
      nullptr);
  add_quality(fields, request.quality);
  add_warnings(fields, recording_warnings(request.quality));
  post_fields(element_, fields);
  g_object_notify(G_OBJECT(element_), "voice-id");
  progress_.end(GST_PROGRESS_TYPE_COMPLETE, "The voice is saved");

  GstStructure* news = gst_structure_new(
      "chatterbox/speaker-voice", "voice", G_TYPE_STRING, voice.c_str(), "voice-id", G_TYPE_STRING,
      result.voice.id.c_str(), "location", G_TYPE_STRING, result.voice.path.c_str(), nullptr);
  if (!settings.speaker.empty())
    gst_structure_set(news, "speaker", G_TYPE_STRING, settings.speaker.c_str(), nullptr);
  gst_pad_push_event(src_pad_, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB, news));
}

void CloneReports::failed(const CloneSettings& settings, const CloneFailure& failure,
                          const RecordingQuality& quality, bool error) {
  const auto describe = [&](const char* name) {
    GstStructure* fields =
        gst_structure_new(name, "voice", G_TYPE_STRING, settings.voice_name.c_str(), "reason",
                          G_TYPE_STRING, to_string(failure.reason), "message", G_TYPE_STRING,
                          failure.failure.message.c_str(), nullptr);
    add_quality(fields, quality);
    return fields;
  };
  const ElementErrorCode code = element_error_code(failure);
  post_fields(element_, describe("chatterbox/voice-failed"));
  gst_element_message_full_with_details(element_, error ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING,
                                        code.domain, code.code, g_strdup(code.text),
                                        g_strdup(failure.failure.message.c_str()), __FILE__,
                                        GST_FUNCTION, __LINE__, describe("details"));
  progress_.end(GST_PROGRESS_TYPE_ERROR, failure.failure.message);
}

}  // namespace chatterbox::gst
