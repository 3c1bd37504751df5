// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "property_table.h"

#include <algorithm>

#include "chatterbox/voice_library.h"
#include "common.h"

namespace chatterbox::gst {

GType register_enum(const char* name, std::span<const EnumRow> rows) {
  // GObject keeps the array.
  GEnumValue* values = g_new0(GEnumValue, rows.size() + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) values[i] = {int(i), rows[i].name, rows[i].nick};
  const GType type = g_enum_register_static(name, values);
  gst_type_mark_as_plugin_api(type, GstPluginAPIFlags(0));
  return type;
}

GParamSpec* make_strings_spec(const PropertyRow& row) {
  return g_param_spec_boxed(row.name, row.nick, row.blurb, G_TYPE_STRV, row.flags);
}

void show_strings(GValue* value, std::span<const std::string> strings) {
  auto** copies = static_cast<gchar**>(g_new0(gchar*, strings.size() + 1));
  for (std::size_t i = 0; i < strings.size(); ++i) copies[i] = g_strdup(strings[i].c_str());
  g_value_take_boxed(value, copies);
}

void show_voices(const void*, GValue* value) {
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
