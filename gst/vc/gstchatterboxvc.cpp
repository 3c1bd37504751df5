// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors

/**
 * SECTION:element-chatterboxvc
 * @title: chatterboxvc
 * @short_description: says the same in another voice, live
 *
 * Converts speech to another voice while it is spoken, with a constant latency
 * (#GstChatterboxVc:latency). Timestamps stay those of the input, and so does
 * the length, to a sample.
 *
 * ## Example pipelines
 * |[
 * gst-launch-1.0 filesrc location=speech.wav ! wavparse ! audioconvert ! chatterboxvc ! wavenc !
 * filesink location=converted.wav
 * ]| Converts a file.
 * |[
 * gst-launch-1.0 autoaudiosrc ! chatterboxvc ! audioconvert ! audioresample ! autoaudiosink
 * ]| Converts what the microphone hears.
 *
 * Since: 0.1
 */
#include "common.h"
#include "element_state.h"
#include "elements.h"
#include "glib_raii.h"
#include "src_caps.h"
#include "vc_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

using chatterbox::gst::guarded;
using chatterbox::gst::OwnedBuffer;
using chatterbox::gst::OwnedEvent;
using chatterbox::gst::VcStream;

// C++ members would not be constructed here: all of them are in `stream`.
struct _GstChatterboxVc {
  GstElement parent;
  VcStream* stream;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstChatterboxVc, gst_chatterbox_vc, GST_TYPE_ELEMENT,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(chatterboxvc, "chatterboxvc", GST_RANK_NONE,
                                      GST_TYPE_CHATTERBOX_VC,
                                      chatterbox::gst::init_debug_categories())

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format = (string) " GST_AUDIO_FORMATS_ALL
                    ", rate = (int) [ 4000, 768000 ]"
                    ", channels = (int) [ 1, 64 ]"
                    ", layout = (string) { interleaved, non-interleaved }"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CHATTERBOX_SPEECH_CAPS));

static VcStream* stream_of(gpointer element) { return GST_CHATTERBOX_VC(element)->stream; }

static void gst_chatterbox_vc_set_property(GObject* object, guint, const GValue* value,
                                           GParamSpec* spec) {
  guarded(object, [&] { stream_of(object)->set_property(spec->name, value); });
}

static void gst_chatterbox_vc_get_property(GObject* object, guint, GValue* value,
                                           GParamSpec* spec) {
  guarded(object, [&] { stream_of(object)->get_property(spec->name, value); });
}

static GstStateChangeReturn gst_chatterbox_vc_change_state(GstElement* element,
                                                           GstStateChange transition) {
  return guarded(element, GST_STATE_CHANGE_FAILURE, [&] {
    return chatterbox::gst::change_state(*stream_of(element), element,
                                         gst_chatterbox_vc_parent_class, transition);
  });
}

static GstFlowReturn gst_chatterbox_vc_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  OwnedBuffer owned(buffer);
  return guarded(parent, GST_FLOW_ERROR,
                 [&] { return stream_of(parent)->sink().chain(std::move(owned)); });
}

static gboolean gst_chatterbox_vc_sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  OwnedEvent owned(event);
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->sink_event(std::move(owned)); });
}

static gboolean gst_chatterbox_vc_sink_query(GstPad*, GstObject* parent, GstQuery* query) {
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->sink().query(query); });
}

static gboolean gst_chatterbox_vc_src_event(GstPad*, GstObject* parent, GstEvent* event) {
  OwnedEvent owned(event);
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->src_event(std::move(owned)); });
}

static gboolean gst_chatterbox_vc_src_query(GstPad*, GstObject* parent, GstQuery* query) {
  return guarded(parent, FALSE, [&]() -> gboolean { return stream_of(parent)->src_query(query); });
}

static gboolean gst_chatterbox_vc_activate_src(GstPad*, GstObject* parent, GstPadMode mode,
                                               gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->activate_src(active); });
}

static void gst_chatterbox_vc_finalize(GObject* object) {
  delete GST_CHATTERBOX_VC(object)->stream;
  G_OBJECT_CLASS(gst_chatterbox_vc_parent_class)->finalize(object);
}

static void gst_chatterbox_vc_init(GstChatterboxVc* self) {
  GstPad* sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_vc_chain));
  gst_pad_set_event_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_vc_sink_event));
  gst_pad_set_query_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_vc_sink_query));

  GstPad* src = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_activatemode_function(src, GST_DEBUG_FUNCPTR(gst_chatterbox_vc_activate_src));
  gst_pad_set_event_function(src, GST_DEBUG_FUNCPTR(gst_chatterbox_vc_src_event));
  gst_pad_set_query_function(src, GST_DEBUG_FUNCPTR(gst_chatterbox_vc_src_query));

  self->stream = new VcStream(GST_ELEMENT(self), sink, src);
  gst_element_add_pad(GST_ELEMENT(self), sink);
  gst_element_add_pad(GST_ELEMENT(self), src);
}

static void gst_chatterbox_vc_class_init(GstChatterboxVcClass* klass) {
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);

  object_class->set_property = gst_chatterbox_vc_set_property;
  object_class->get_property = gst_chatterbox_vc_get_property;
  object_class->finalize = gst_chatterbox_vc_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR(gst_chatterbox_vc_change_state);

  chatterbox::gst::install_properties(object_class, chatterbox::gst::vc_properties());

  gst_element_class_set_static_metadata(
      element_class, "Chatterbox voice conversion", "Filter/Effect/Converter/Audio",
      "Says the same in another voice, live", "the gst-chatterbox authors");
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
}
