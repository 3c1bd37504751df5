// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors

/**
 * SECTION:element-chatterboxclone
 * @title: chatterboxclone
 * @short_description: makes a voice of the speech that passes
 * @see_also: chatterboxtts, chatterboxvc
 *
 * Passes audio on unchanged, of any format and without delay, and collects speech
 * from it meanwhile. When there is enough, or at the end of the stream, a voice is
 * made and added to the user's library, from where other elements take it by name.
 *
 * ## Example pipelines
 * |[
 * gst-launch-1.0 filesrc location=me.wav ! decodebin ! audioconvert !
 * chatterboxclone voice-name=Me ! fakesink
 * ]| Makes the voice "Me" of a recording; `chatterboxtts voice=Me` then speaks with it.
 * |[
 * gst-launch-1.0 autoaudiosrc num-buffers=2000 ! chatterboxclone voice-name=Me ! fakesink
 * ]| Makes it of what somebody says into a microphone.
 *
 * Since: 0.1
 */
#include <gst/audio/audio.h>
#include <gst/base/gstbasetransform.h>

#include "clone_session.h"
#include "common.h"
#include "element_entries.h"
#include "elements.h"

#define GST_CAT_DEFAULT gst_chatterbox_clone_debug

using chatterbox::gst::add_action;
using chatterbox::gst::CloneSession;
using chatterbox::gst::guarded;

// C++ members would not be constructed here: all of them are in `session`.
struct _GstChatterboxClone {
  GstBaseTransform parent;
  CloneSession* session;
};

G_DEFINE_FINAL_TYPE(GstChatterboxClone, gst_chatterbox_clone, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(chatterboxclone, "chatterboxclone", GST_RANK_NONE,
                                      GST_TYPE_CHATTERBOX_CLONE,
                                      chatterbox::gst::init_debug_categories())

#define ANY_AUDIO                                       \
  GST_AUDIO_CAPS_MAKE(GST_AUDIO_FORMATS_ALL)            \
  ", layout = (string) { interleaved, non-interleaved " \
  "}"

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(ANY_AUDIO));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(ANY_AUDIO));

static CloneSession* session_of(gpointer element) { return GST_CHATTERBOX_CLONE(element)->session; }

using Entries = chatterbox::gst::ElementEntries<session_of>;

static gboolean gst_chatterbox_clone_set_caps(GstBaseTransform* base, GstCaps* in, GstCaps*) {
  return guarded(base, FALSE, [&]() -> gboolean {
    GstAudioInfo info;
    if (!gst_audio_info_from_caps(&info, in)) return FALSE;
    session_of(base)->set_format(info);
    return TRUE;
  });
}

static GstFlowReturn gst_chatterbox_clone_transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  return guarded(base, GST_FLOW_ERROR, [&] {
    session_of(base)->hear(buffer);
    return GST_FLOW_OK;
  });
}

static gboolean gst_chatterbox_clone_sink_event(GstBaseTransform* base, GstEvent* event) {
  guarded(base, [&] {
    CloneSession* session = session_of(base);
    const GstStructure* fields = gst_event_get_structure(event);
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_EOS:
        session->end();
        break;
      case GST_EVENT_FLUSH_START:
        session->flush_start();
        break;
      case GST_EVENT_FLUSH_STOP:
        session->flush_stop();
        break;
      case GST_EVENT_CUSTOM_DOWNSTREAM:
      case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
        if (fields && gst_structure_has_name(fields, "rstranscribe/speaker-change"))
          session->speaker_changed(gst_structure_get_string(fields, "speaker"));
        break;
      default:
        break;
    }
  });
  return GST_BASE_TRANSFORM_CLASS(gst_chatterbox_clone_parent_class)->sink_event(base, event);
}

static gboolean gst_chatterbox_clone_start(GstChatterboxClone* self) {
  return guarded(self, false, [&] { return self->session->start(); });
}

static gboolean gst_chatterbox_clone_finish(GstChatterboxClone* self) {
  return guarded(self, false, [&] { return self->session->finish(); });
}

static void gst_chatterbox_clone_cancel(GstChatterboxClone* self) {
  guarded(self, [&] { self->session->cancel(); });
}

static void gst_chatterbox_clone_init(GstChatterboxClone* self) {
  GstBaseTransform* base = GST_BASE_TRANSFORM(self);
  self->session = new CloneSession(GST_ELEMENT(self), GST_BASE_TRANSFORM_SRC_PAD(base));
  gst_base_transform_set_passthrough(base, TRUE);
  gst_base_transform_set_gap_aware(base, TRUE);
}

static void gst_chatterbox_clone_class_init(GstChatterboxCloneClass* klass) {
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  GstBaseTransformClass* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  Entries::install(klass, chatterbox::gst::clone_properties());
  base_class->set_caps = GST_DEBUG_FUNCPTR(gst_chatterbox_clone_set_caps);
  base_class->transform_ip = GST_DEBUG_FUNCPTR(gst_chatterbox_clone_transform_ip);
  base_class->sink_event = GST_DEBUG_FUNCPTR(gst_chatterbox_clone_sink_event);

  /**
   * GstChatterboxClone::start:
   *
   * Begins to collect speech afresh, for the voice that the properties name now.
   *
   * Returns: %FALSE when the name cannot be used, a voice is being saved, or the
   * element is not in PAUSED or PLAYING
   *
   * Since: 0.1
   */
  add_action(klass, "start", G_CALLBACK(gst_chatterbox_clone_start), G_TYPE_BOOLEAN);
  /**
   * GstChatterboxClone::finish:
   *
   * Makes the voice of what was collected so far, in the background.
   *
   * Returns: %FALSE when nothing is being collected
   *
   * Since: 0.1
   */
  add_action(klass, "finish", G_CALLBACK(gst_chatterbox_clone_finish), G_TYPE_BOOLEAN);
  /**
   * GstChatterboxClone::cancel:
   *
   * Forgets what was collected, and a voice that is not on disk yet.
   *
   * Since: 0.1
   */
  add_action(klass, "cancel", G_CALLBACK(gst_chatterbox_clone_cancel), G_TYPE_NONE);

  gst_element_class_set_static_metadata(
      element_class, "Chatterbox voice cloner", "Filter/Analyzer/Audio",
      "Makes a voice of the speech that passes", "the gst-chatterbox authors");
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
}
