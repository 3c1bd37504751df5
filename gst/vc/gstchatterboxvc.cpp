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
#include "element_entries.h"
#include "elements.h"
#include "speech_pad.h"
#include "vc_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

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
                    ", channels = (int) [ 1, max ]"
                    ", layout = (string) { interleaved, non-interleaved }"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CHATTERBOX_SPEECH_CAPS));

static VcStream* stream_of(gpointer element) { return GST_CHATTERBOX_VC(element)->stream; }

using Entries = chatterbox::gst::SpeechEntries<stream_of>;

static void gst_chatterbox_vc_init(GstChatterboxVc* self) {
  const auto [sink, src] = Entries::add_pads(GST_ELEMENT(self));
  self->stream = new VcStream(GST_ELEMENT(self), sink, src);
}

static void gst_chatterbox_vc_class_init(GstChatterboxVcClass* klass) {
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  Entries::install(klass, chatterbox::gst::vc_properties());
  gst_element_class_set_static_metadata(
      element_class, "Chatterbox voice conversion", "Filter/Effect/Converter/Audio",
      "Says the same in another voice, live", "the gst-chatterbox authors");
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
}
