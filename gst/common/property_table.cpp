// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "property_table.h"

#include <algorithm>

#include "chatterbox/voice_library.h"
#include "common.h"
#include "paths.h"

namespace chatterbox::gst {

void store(const GValue* value, std::string& member) {
  const char* text = g_value_get_string(value);
  member = text ? text : "";
}
void store(const GValue* value, guint& member) { member = g_value_get_uint(value); }
void store(const GValue* value, gint& member) { member = g_value_get_int(value); }
void store(const GValue* value, double& member) { member = g_value_get_double(value); }
void store(const GValue* value, gint64& member) { member = g_value_get_int64(value); }
void store(const GValue* value, bool& member) { member = g_value_get_boolean(value); }
void store(const GValue* value, SharedStructure& member) {
  const GstStructure* structure = gst_value_get_structure(value);
  member.reset();
  if (structure)
    member = {gst_structure_copy(structure), [](const GstStructure* owned) {
                gst_structure_free(const_cast<GstStructure*>(owned));
              }};
}

void show(GValue* value, const std::string& member) { g_value_set_string(value, member.c_str()); }
void show(GValue* value, guint member) { g_value_set_uint(value, member); }
void show(GValue* value, gint member) { g_value_set_int(value, member); }
void show(GValue* value, double member) { g_value_set_double(value, member); }
void show(GValue* value, gint64 member) { g_value_set_int64(value, member); }
void show(GValue* value, bool member) { g_value_set_boolean(value, member); }
void show(GValue* value, const SharedStructure& member) {
  gst_value_set_structure(value, member.get());
}

GParamSpec* make_spec(const PropertyRow& row, const std::string& initial) {
  return g_param_spec_string(row.name, row.nick, row.blurb, initial.c_str(), row.flags);
}
GParamSpec* make_spec(const PropertyRow& row, guint initial) {
  return g_param_spec_uint(row.name, row.nick, row.blurb, guint(row.range.low),
                           guint(row.range.high), initial, row.flags);
}
GParamSpec* make_spec(const PropertyRow& row, gint initial) {
  return g_param_spec_int(row.name, row.nick, row.blurb, gint(row.range.low), gint(row.range.high),
                          initial, row.flags);
}
GParamSpec* make_spec(const PropertyRow& row, double initial) {
  return g_param_spec_double(row.name, row.nick, row.blurb, row.range.low, row.range.high, initial,
                             row.flags);
}
// Seeds are the numbers of this type; negative: a fresh one.
GParamSpec* make_spec(const PropertyRow& row, gint64 initial) {
  return g_param_spec_int64(row.name, row.nick, row.blurb, -1, G_MAXINT64, initial, row.flags);
}
GParamSpec* make_spec(const PropertyRow& row, bool initial) {
  return g_param_spec_boolean(row.name, row.nick, row.blurb, initial, row.flags);
}
GParamSpec* make_spec(const PropertyRow& row, const SharedStructure&) {
  return g_param_spec_boxed(row.name, row.nick, row.blurb, GST_TYPE_STRUCTURE, row.flags);
}

GType register_enum(gsize& once, const char* name, const GEnumValue* values) {
  if (g_once_init_enter(&once)) {
    const GType made = g_enum_register_static(name, values);
    gst_type_mark_as_plugin_api(made, GstPluginAPIFlags(0));
    g_once_init_leave(&once, made);
  }
  return once;
}

GParamSpec* make_strings_spec(const PropertyRow& row) {
  return g_param_spec_boxed(row.name, row.nick, row.blurb, G_TYPE_STRV, row.flags);
}

void show_strings(GValue* value, std::span<const std::string> strings) {
  auto** copies = static_cast<gchar**>(g_new0(gchar*, strings.size() + 1));
  for (std::size_t i = 0; i < strings.size(); ++i) copies[i] = g_strdup(strings[i].c_str());
  g_value_take_boxed(value, copies);
}

void show_voices(GValue* value) {
  std::vector<std::string> names;
  for (const VoiceEntry& voice : VoiceLibrary().list()) names.push_back(voice.name);
  show_strings(value, names);
}

void install_properties(GObjectClass* object_class, std::span<const PropertyRow> rows) {
  guint id = 0;
  for (const PropertyRow& row : rows)
    g_object_class_install_property(object_class, ++id, row.make(row));
}

const PropertyRow* find_property(std::span<const PropertyRow> rows, const char* name) {
  const auto row = std::find_if(rows.begin(), rows.end(), [name](const PropertyRow& candidate) {
    return std::strcmp(candidate.name, name) == 0;
  });
  return row == rows.end() ? nullptr : &*row;
}

bool is_running(GstElement* element) {
  const ObjectLock lock(element);
  return std::max(GST_STATE(element), GST_STATE_NEXT(element)) > GST_STATE_READY;
}

bool may_set(GstElement* element, const PropertyRow& row) {
  if ((row.flags & GST_PARAM_MUTABLE_PLAYING) || !is_running(element)) return true;
  GST_ELEMENT_WARNING(
      element, RESOURCE, SETTINGS, ("A setting cannot change now."),
      ("Expected '%s' to be set in READY or NULL, got it in a running element.", row.name));
  return false;
}

bool is_known_voice(GstElement* element, const char* voice) {
  try {
    find_voice(voice ? voice : "");
    return true;
  } catch (...) {
    Failure failure = current_failure();
    failure.about_voice = true;
    post_warning(element, failure);
    return false;
  }
}

}  // namespace chatterbox::gst
