// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors

/**
 * SECTION:element-chatterboxtts
 * @title: chatterboxtts
 * @short_description: speaks text
 *
 * Turns text into speech with a Chatterbox model. Text comes from files, from
 * subtitle parsers (each cue at its time), from programs through appsrc, or
 * from the #GstChatterboxTts:text property when nothing is linked.
 *
 * ## Example pipelines
 * |[
 * gst-launch-1.0 chatterboxtts text="Good morning." ! autoaudiosink
 * ]| Speaks a sentence.
 * |[
 * gst-launch-1.0 filesrc location=story.txt ! chatterboxtts ! wavenc ! filesink location=story.wav
 * ]| Reads a text file into a WAV file.
 * |[
 * gst-launch-1.0 filesrc location=film.srt ! subparse ! chatterboxtts fill-gaps=true ! wavenc !
 * filesink location=film.wav
 * ]| Speaks subtitles at their times.
 *
 * Since: 0.1
 */
#include "common.h"
#include "element_entries.h"
#include "elements.h"
#include "speech_pad.h"
#include "tts_metas.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

using chatterbox::gst::add_action;
using chatterbox::gst::guarded;
using chatterbox::gst::OwnedBuffer;
using chatterbox::gst::OwnedEvent;
using chatterbox::gst::TtsStream;

// C++ members would not be constructed here: all of them are in `stream`.
struct _GstChatterboxTts {
  GstElement parent;
  TtsStream* stream;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstChatterboxTts, gst_chatterbox_tts, GST_TYPE_ELEMENT,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(chatterboxtts, "chatterboxtts", GST_RANK_NONE,
                                      GST_TYPE_CHATTERBOX_TTS,
                                      chatterbox::gst::init_debug_categories())

// Two text structures: subparse gives plain text to those who name it first.
static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("text/x-raw, format = (string) utf8; "
                                            "text/x-raw, format = (string) pango-markup; "
                                            "application/ssml+xml"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CHATTERBOX_SPEECH_CAPS));

static TtsStream* stream_of(gpointer element) { return GST_CHATTERBOX_TTS(element)->stream; }

using Entries = chatterbox::gst::SpeechEntries<stream_of>;

static gboolean gst_chatterbox_tts_send_event(GstElement* element, GstEvent* event) {
  return guarded(element, FALSE, [&]() -> gboolean {
    const GstStructure* fields = gst_event_get_structure(event);
    if (GST_EVENT_TYPE(event) >= GST_EVENT_CUSTOM_DOWNSTREAM && fields &&
        g_str_has_prefix(gst_structure_get_name(fields), "chatterbox/")) {
      const OwnedEvent owned(event);
      return stream_of(element)->sink().command(owned.get());
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && stream_of(element)->end_text()) {
      gst_event_unref(event);
      return TRUE;
    }
    return GST_ELEMENT_CLASS(gst_chatterbox_tts_parent_class)->send_event(element, event);
  });
}

// Lists are text in parts: joined, they are one utterance.
static GstFlowReturn gst_chatterbox_tts_chain_list(GstPad*, GstObject* parent,
                                                   GstBufferList* list) {
  GstBuffer* whole = nullptr;
  for (guint i = 0; i < gst_buffer_list_length(list); ++i) {
    GstBuffer* part = gst_buffer_ref(gst_buffer_list_get(list, i));
    if (whole && GST_BUFFER_DURATION_IS_VALID(whole) && GST_BUFFER_PTS_IS_VALID(whole) &&
        GST_BUFFER_PTS_IS_VALID(part) && GST_BUFFER_DURATION_IS_VALID(part))
      GST_BUFFER_DURATION(whole) =
          GST_BUFFER_PTS(part) + GST_BUFFER_DURATION(part) - GST_BUFFER_PTS(whole);
    whole = whole ? gst_buffer_append(whole, part) : gst_buffer_make_writable(part);
  }
  gst_buffer_list_unref(list);
  if (!whole) return GST_FLOW_OK;
  OwnedBuffer owned(whole);
  return guarded(parent, GST_FLOW_ERROR,
                 [&] { return stream_of(parent)->sink().chain(std::move(owned), true); });
}

static void gst_chatterbox_tts_interrupt(GstChatterboxTts* self, gboolean flush) {
  guarded(self, [&] { self->stream->interrupt(flush); });
}

static void gst_chatterbox_tts_drain(GstChatterboxTts* self) {
  guarded(self, [&] { self->stream->sink().drain(); });
}

static gboolean gst_chatterbox_tts_say(GstChatterboxTts* self, const gchar* text) {
  return guarded(self, false, [&] { return text && self->stream->sink().say(text); });
}

static void gst_chatterbox_tts_init(GstChatterboxTts* self) {
  const auto [sink, src] = Entries::add_pads(GST_ELEMENT(self));
  gst_pad_set_chain_list_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_chain_list));
  self->stream = new TtsStream(GST_ELEMENT(self), sink, src);
}

static void gst_chatterbox_tts_class_init(GstChatterboxTtsClass* klass) {
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  Entries::install(klass, chatterbox::gst::tts_properties());
  element_class->send_event = GST_DEBUG_FUNCPTR(gst_chatterbox_tts_send_event);
  chatterbox::gst::register_metas();

  /**
   * GstChatterboxTts::interrupt:
   * @flush: also drop audio that is on its way downstream
   *
   * Stops speaking and forgets text that has not been spoken. Running time
   * goes on, and so does the stream: text that comes afterwards is spoken. Use
   * @flush FALSE in front of a mixer, which a flush would restart.
   *
   * Since: 0.1
   */
  add_action(klass, "interrupt", G_CALLBACK(gst_chatterbox_tts_interrupt), G_TYPE_NONE,
             G_TYPE_BOOLEAN);
  /**
   * GstChatterboxTts::drain:
   *
   * Speaks the text that has arrived although its sentence is not complete.
   *
   * Since: 0.1
   */
  add_action(klass, "drain", G_CALLBACK(gst_chatterbox_tts_drain), G_TYPE_NONE);

  /**
   * GstChatterboxTts::say:
   * @text: what is to be said
   *
   * Speaks the text after what has come before it. An application needs no appsrc: with nothing
   * linked to the sink pad and #GstChatterboxTts:force-live the element waits for this signal, and
   * EOS sent to it ends the stream.
   *
   * Returns: %FALSE when it will not be spoken: the element is not in PAUSED or PLAYING, the stream
   * has ended, or a thousand utterances wait
   *
   * Since: 0.1
   */
  add_action(klass, "say", G_CALLBACK(gst_chatterbox_tts_say), G_TYPE_BOOLEAN, G_TYPE_STRING);

  gst_element_class_set_static_metadata(
      element_class, "Chatterbox text to speech", "Converter/Text/Audio",
      "Speaks text with a Chatterbox model", "the gst-chatterbox authors");
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
}
