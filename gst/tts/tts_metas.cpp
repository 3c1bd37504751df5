// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_metas.h"

namespace chatterbox::gst {

namespace {

gboolean copy_meta(GstBuffer* text, GstMeta** meta, gpointer audio) {
  const GstMetaInfo* info = (*meta)->info;
  const gchar* const* tags = gst_meta_api_type_get_tags(info->api);
  const bool tagged = tags && tags[0];
  const bool ours = info == gst_meta_get_info(kSpeechMeta);
  if (tagged || ours || !info->transform_func) return TRUE;
  GstMetaTransformCopy whole = {FALSE, 0, gsize(-1)};
  info->transform_func(GST_BUFFER(audio), *meta, text, _gst_meta_transform_copy, &whole);
  return TRUE;
}

}  // namespace

void register_metas() {
  // No tags: a meta goes wherever its buffer goes, through converters too.
  const gchar* no_tags[] = {nullptr};
  for (const char* name : {kSpeechMeta, kWordMeta})
    if (!gst_meta_get_info(name))
      gst_meta_register_custom(name, no_tags, nullptr, nullptr, nullptr);
}

const GstStructure* speech_meta_of(GstBuffer* buffer) {
  GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, kSpeechMeta);
  return meta ? gst_custom_meta_get_structure(meta) : nullptr;
}

OwnedStructure word_fields(const char* name, guint64 utterance, const SpokenWord& word,
                           const GstSegment& segment) {
  return OwnedStructure(gst_structure_new(
      name, "utterance", G_TYPE_UINT64, utterance, "text", G_TYPE_STRING, word.text.c_str(),
      "timestamp", G_TYPE_UINT64, word.timestamp, "stream-time", G_TYPE_UINT64,
      gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, word.timestamp), "running-time",
      G_TYPE_UINT64, gst_segment_to_running_time(&segment, GST_FORMAT_TIME, word.timestamp),
      "duration", G_TYPE_UINT64, word.duration, nullptr));
}

void add_word_meta(GstBuffer* buffer, const GstStructure* fields) {
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, kWordMeta);
  if (!meta) return;
  GstStructure* target = gst_custom_meta_get_structure(meta);
  const auto copy = [](GQuark field, const GValue* value, gpointer to) -> gboolean {
    gst_structure_id_set_value(static_cast<GstStructure*>(to), field, value);
    return TRUE;
  };
  gst_structure_foreach(fields, copy, target);
}

void copy_untagged_metas(GstBuffer* text, GstBuffer* audio) {
  gst_buffer_foreach_meta(text, copy_meta, audio);
}

}  // namespace chatterbox::gst
