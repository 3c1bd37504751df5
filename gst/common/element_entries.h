// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <span>
#include <utility>

#include "common.h"
#include "glib_raii.h"
#include "property_table.h"

namespace chatterbox::gst {

// Entries from GLib into an element: its virtual methods, each inside the barrier against
// exceptions. `kWorkOf` gives the C++ object that the instance structure owns.
template <auto kWorkOf>
struct ElementEntries {
  static void set_property(GObject* object, guint, const GValue* value, GParamSpec* spec) {
    guarded(object, [&] { kWorkOf(object)->set_property(spec->name, value); });
  }

  static void get_property(GObject* object, guint, GValue* value, GParamSpec* spec) {
    guarded(object, [&] { kWorkOf(object)->get_property(spec->name, value); });
  }

  static GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
    return guarded(element, GST_STATE_CHANGE_FAILURE,
                   [&] { return change(*kWorkOf(element), element, transition); });
  }

  static void finalize(GObject* object) {
    delete kWorkOf(object);
    G_OBJECT_CLASS(parent_class(object))->finalize(object);
  }

  static void install(gpointer klass, std::span<const PropertyRow> rows) {
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    GST_ELEMENT_CLASS(klass)->change_state = GST_DEBUG_FUNCPTR(change_state);
    install_properties(object_class, rows);
  }

 protected:
  // No class is derived from an element's.
  static gpointer parent_class(gpointer object) {
    return g_type_class_peek_parent(G_OBJECT_GET_CLASS(object));
  }

 private:
  // The parent class acts on the pads after the work has been told. A refused change to PAUSED,
  // by the work or the parent, fails and leaves nothing behind.
  template <class Work>
  static GstStateChangeReturn change(Work& work, GstElement* element, GstStateChange transition) {
    const bool starts = transition == GST_STATE_CHANGE_READY_TO_PAUSED;
    if (starts && !work.enter_paused()) {
      work.leave_paused();
      return GST_STATE_CHANGE_FAILURE;
    }
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) work.set_playing(true);
    if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) work.set_playing(false);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) work.leave_paused();

    const GstStateChangeReturn result =
        GST_ELEMENT_CLASS(parent_class(element))->change_state(element, transition);

    if (starts && result == GST_STATE_CHANGE_FAILURE) work.leave_paused();
    if constexpr (requires { work.enter_null(); })
      if (transition == GST_STATE_CHANGE_READY_TO_NULL) work.enter_null();
    if constexpr (requires { work.is_live_source(); })
      if (result == GST_STATE_CHANGE_SUCCESS &&
          (starts || transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) && work.is_live_source())
        return GST_STATE_CHANGE_NO_PREROLL;
    return result;
  }
};

// The same for an element whose speech is made by the task of its source pad, pads included.
template <auto kWorkOf>
struct SpeechEntries : ElementEntries<kWorkOf> {
  static GstFlowReturn chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
    OwnedBuffer owned(buffer);
    return guarded(parent, GST_FLOW_ERROR,
                   [&] { return kWorkOf(parent)->sink().chain(std::move(owned)); });
  }

  // Upstream takes a refusal for an error, which being told to stop is not.
  static GstFlowReturn sink_event(GstPad*, GstObject* parent, GstEvent* event) {
    const GstFlowReturn refused =
        GST_EVENT_TYPE(event) == GST_EVENT_CAPS ? GST_FLOW_NOT_NEGOTIATED : GST_FLOW_ERROR;
    OwnedEvent owned(event);
    if (guarded(parent, false, [&] { return kWorkOf(parent)->sink_event(std::move(owned)); }))
      return GST_FLOW_OK;
    return kWorkOf(parent)->must_stop() ? GST_FLOW_FLUSHING : refused;
  }

  static gboolean sink_query(GstPad*, GstObject* parent, GstQuery* query) {
    return guarded(parent, false, [&] { return kWorkOf(parent)->sink().query(query); });
  }

  static gboolean src_event(GstPad*, GstObject* parent, GstEvent* event) {
    OwnedEvent owned(event);
    return guarded(parent, false, [&] { return kWorkOf(parent)->src_event(std::move(owned)); });
  }

  static gboolean src_query(GstPad*, GstObject* parent, GstQuery* query) {
    return guarded(parent, false, [&] { return kWorkOf(parent)->src_query(query); });
  }

  static gboolean activate_src(GstPad*, GstObject* parent, GstPadMode mode, gboolean active) {
    if (mode != GST_PAD_MODE_PUSH) return FALSE;
    return guarded(parent, false, [&] { return kWorkOf(parent)->activate_src(active); });
  }

  // Adds the sink pad and the source pad of its class's templates to the element.
  static std::pair<GstPad*, GstPad*> add_pads(GstElement* element) {
    const auto make = [klass = GST_ELEMENT_GET_CLASS(element)](const char* name) {
      return gst_pad_new_from_template(gst_element_class_get_pad_template(klass, name), name);
    };
    GstPad* sink = make("sink");
    gst_pad_set_chain_function(sink, GST_DEBUG_FUNCPTR(chain));
    gst_pad_set_event_full_function(sink, GST_DEBUG_FUNCPTR(sink_event));
    gst_pad_set_query_function(sink, GST_DEBUG_FUNCPTR(sink_query));
    GstPad* src = make("src");
    gst_pad_set_activatemode_function(src, GST_DEBUG_FUNCPTR(activate_src));
    gst_pad_set_event_function(src, GST_DEBUG_FUNCPTR(src_event));
    gst_pad_set_query_function(src, GST_DEBUG_FUNCPTR(src_query));
    for (GstPad* pad : {sink, src}) gst_element_add_pad(element, pad);
    return {sink, src};
  }
};

// An action signal of the class.
template <class... Types>
void add_action(gpointer klass, const char* name, GCallback action, GType result,
                Types... parameters) {
  g_signal_new_class_handler(name, G_TYPE_FROM_CLASS(klass),
                             GSignalFlags(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), action, nullptr,
                             nullptr, nullptr, result, sizeof...(parameters), parameters...);
}

}  // namespace chatterbox::gst
