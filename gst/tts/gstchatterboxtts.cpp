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
#include "element_state.h"
#include "elements.h"
#include "glib_raii.h"
#include "src_caps.h"
#include "tts_metas.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

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

// Two text structures, because subparse gives
// plain text to those who name it first.
static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("text/x-raw, format = (string) utf8; "
                                            "text/x-raw, format = (string) pango-markup; "
                                            "application/ssml+xml"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CHATTERBOX_SPEECH_CAPS));

enum { SIGNAL_INTERRUPT, SIGNAL_DRAIN, SIGNAL_SAY, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

static TtsStream* stream_of(gpointer element) { return GST_CHATTERBOX_TTS(element)->stream; }

static void gst_chatterbox_tts_set_property(GObject* object, guint, const GValue* value,
                                            GParamSpec* spec) {
  guarded(object, [&] { stream_of(object)->set_property(spec->name, value); });
}

static void gst_chatterbox_tts_get_property(GObject* object, guint, GValue* value,
                                            GParamSpec* spec) {
  guarded(object, [&] { stream_of(object)->get_property(spec->name, value); });
}

static GstStateChangeReturn gst_chatterbox_tts_change_state(GstElement* element,
                                                            GstStateChange transition) {
  return guarded(element, GST_STATE_CHANGE_FAILURE, [&] {
    TtsStream& stream = *stream_of(element);
    const GstStateChangeReturn result =
        chatterbox::gst::change_state(stream, element, gst_chatterbox_tts_parent_class, transition);
    const bool to_paused = transition == GST_STATE_CHANGE_READY_TO_PAUSED ||
                           transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED;
    if (result == GST_STATE_CHANGE_SUCCESS && to_paused && stream.is_live_source())
      return GST_STATE_CHANGE_NO_PREROLL;
    return result;
  });
}

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

static GstFlowReturn gst_chatterbox_tts_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  OwnedBuffer owned(buffer);
  return guarded(parent, GST_FLOW_ERROR,
                 [&] { return stream_of(parent)->sink().chain(std::move(owned), false); });
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

static gboolean gst_chatterbox_tts_sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  OwnedEvent owned(event);
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->sink_event(std::move(owned)); });
}

static gboolean gst_chatterbox_tts_sink_query(GstPad*, GstObject* parent, GstQuery* query) {
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->sink().query(query); });
}

static gboolean gst_chatterbox_tts_src_event(GstPad*, GstObject* parent, GstEvent* event) {
  OwnedEvent owned(event);
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->src_event(std::move(owned)); });
}

static gboolean gst_chatterbox_tts_src_query(GstPad*, GstObject* parent, GstQuery* query) {
  return guarded(parent, FALSE, [&]() -> gboolean { return stream_of(parent)->src_query(query); });
}

static gboolean gst_chatterbox_tts_activate_src(GstPad*, GstObject* parent, GstPadMode mode,
                                                gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  return guarded(parent, FALSE,
                 [&]() -> gboolean { return stream_of(parent)->activate_src(active); });
}

static void gst_chatterbox_tts_interrupt(GstChatterboxTts* self, gboolean flush) {
  guarded(self, [&] { self->stream->interrupt(flush); });
}

static void gst_chatterbox_tts_drain(GstChatterboxTts* self) {
  guarded(self, [&] { self->stream->sink().drain(); });
}

static gboolean gst_chatterbox_tts_say(GstChatterboxTts* self, const gchar* text) {
  return guarded(self, FALSE, [&]() -> gboolean { return text && self->stream->sink().say(text); });
}

static void gst_chatterbox_tts_finalize(GObject* object) {
  delete GST_CHATTERBOX_TTS(object)->stream;
  G_OBJECT_CLASS(gst_chatterbox_tts_parent_class)->finalize(object);
}

static void gst_chatterbox_tts_init(GstChatterboxTts* self) {
  GstPad* sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_chain));
  gst_pad_set_chain_list_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_chain_list));
  gst_pad_set_event_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_sink_event));
  gst_pad_set_query_function(sink, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_sink_query));

  GstPad* src = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_activatemode_function(src, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_activate_src));
  gst_pad_set_event_function(src, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_src_event));
  gst_pad_set_query_function(src, GST_DEBUG_FUNCPTR(gst_chatterbox_tts_src_query));

  self->stream = new TtsStream(GST_ELEMENT(self), sink, src);
  gst_element_add_pad(GST_ELEMENT(self), sink);
  gst_element_add_pad(GST_ELEMENT(self), src);
}

static void gst_chatterbox_tts_class_init(GstChatterboxTtsClass* klass) {
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);

  object_class->set_property = gst_chatterbox_tts_set_property;
  object_class->get_property = gst_chatterbox_tts_get_property;
  object_class->finalize = gst_chatterbox_tts_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR(gst_chatterbox_tts_change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR(gst_chatterbox_tts_send_event);

  chatterbox::gst::register_metas();
  chatterbox::gst::install_properties(object_class, chatterbox::gst::tts_properties());

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
  signals[SIGNAL_INTERRUPT] = g_signal_new_class_handler(
      "interrupt", GST_TYPE_CHATTERBOX_TTS, GSignalFlags(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(gst_chatterbox_tts_interrupt), nullptr, nullptr, nullptr, G_TYPE_NONE, 1,
      G_TYPE_BOOLEAN);
  /**
   * GstChatterboxTts::drain:
   *
   * Speaks the text that has arrived although its sentence is not complete.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DRAIN] = g_signal_new_class_handler(
      "drain", GST_TYPE_CHATTERBOX_TTS, GSignalFlags(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(gst_chatterbox_tts_drain), nullptr, nullptr, nullptr, G_TYPE_NONE, 0);

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
  signals[SIGNAL_SAY] = g_signal_new_class_handler(
      "say", GST_TYPE_CHATTERBOX_TTS, GSignalFlags(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(gst_chatterbox_tts_say), nullptr, nullptr, nullptr, G_TYPE_BOOLEAN, 1,
      G_TYPE_STRING);

  gst_element_class_set_static_metadata(
      element_class, "Chatterbox text to speech", "Converter/Text/Audio",
      "Speaks text with a Chatterbox model", "the gst-chatterbox authors");
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
}
