// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include "chatterbox/options.h"
#include "glib_raii.h"

namespace chatterbox::gst {

// A structure that is never changed; may be none.
using SharedStructure = std::shared_ptr<const GstStructure>;

// When a property may be set.
inline constexpr auto kAlways = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
inline constexpr auto kInReady = GParamFlags(kAlways | GST_PARAM_MUTABLE_READY);
inline constexpr auto kInPlaying = GParamFlags(kAlways | GST_PARAM_MUTABLE_PLAYING);
inline constexpr auto kControlled = GParamFlags(kInPlaying | GST_PARAM_CONTROLLABLE);
inline constexpr auto kReadOnly = GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

// A property as a row: what GObject is told of it, and the member of the element's settings that
// it stands for.
struct PropertyRow {
  const char* name;
  const char* nick;
  const char* blurb;
  GParamFlags flags;
  Range range;
  GParamSpec* (*make)(const PropertyRow& row);
  // Null for a property that the element answers itself.
  void (*store)(void* settings, const GValue* value);
  void (*show)(const void* settings, GValue* value);
};

void store(const GValue* value, std::string& member);
void store(const GValue* value, guint& member);
void store(const GValue* value, gint& member);
void store(const GValue* value, double& member);
void store(const GValue* value, gint64& member);
void store(const GValue* value, bool& member);
void store(const GValue* value, SharedStructure& member);
void show(GValue* value, const std::string& member);
void show(GValue* value, guint member);
void show(GValue* value, gint member);
void show(GValue* value, double member);
void show(GValue* value, gint64 member);
void show(GValue* value, bool member);
void show(GValue* value, const SharedStructure& member);
GParamSpec* make_spec(const PropertyRow& row, const std::string& initial);
GParamSpec* make_spec(const PropertyRow& row, guint initial);
GParamSpec* make_spec(const PropertyRow& row, gint initial);
GParamSpec* make_spec(const PropertyRow& row, double initial);
GParamSpec* make_spec(const PropertyRow& row, gint64 initial);
GParamSpec* make_spec(const PropertyRow& row, bool initial);
GParamSpec* make_spec(const PropertyRow& row, const SharedStructure& initial);

// Enumerations have a function enum_type(Enum) that gives GObject's type.
template <class Enum>
requires std::is_enum_v<Enum>
void store(const GValue* value, Enum& member) { member = Enum(g_value_get_enum(value)); }
template <class Enum>
requires std::is_enum_v<Enum>
void show(GValue* value, Enum member) { g_value_set_enum(value, int(member)); }
template <class Enum>
requires std::is_enum_v<Enum> GParamSpec* make_spec(const PropertyRow& row, Enum initial) {
  return g_param_spec_enum(row.name, row.nick, row.blurb, enum_type(initial), int(initial),
                           row.flags);
}

// The row of a member of Settings; `range` is for numbers.
template <class Settings, auto Member>
constexpr PropertyRow property(const char* name, const char* nick, const char* blurb,
                               GParamFlags flags, Range range = {0, 0}) {
  return {name,
          nick,
          blurb,
          flags,
          range,
          [](const PropertyRow& row) { return make_spec(row, Settings().*Member); },
          [](void* settings, const GValue* value) {
            store(value, static_cast<Settings*>(settings)->*Member);
          },
          [](const void* settings, GValue* value) {
            show(value, static_cast<const Settings*>(settings)->*Member);
          }};
}

// The row of a property that the element answers itself.
constexpr PropertyRow read_only(const char* name, const char* nick, const char* blurb,
                                GParamSpec* (*make)(const PropertyRow& row)) {
  return {name, nick, blurb, kReadOnly, {0, 0}, make, nullptr, nullptr};
}

// Registers an enumeration, once.
GType register_enum(gsize& once, const char* name, const GEnumValue* values);

// Null-terminated arrays of strings.
GParamSpec* make_strings_spec(const PropertyRow& row);
void show_strings(GValue* value, std::span<const std::string> strings);
// The names of all voices there are.
void show_voices(GValue* value);

// Adds the properties to the class. Ids only differ: properties are told apart by name.
void install_properties(GObjectClass* object_class, std::span<const PropertyRow> rows);
// Null when there is none.
const PropertyRow* find_property(std::span<const PropertyRow> rows, const char* name);

// In PAUSED or above, or on the way there.
bool is_running(GstElement* element);
// Whether a property may be set now; where not, a warning has been posted.
bool may_set(GstElement* element, const PropertyRow& row);
// Whether there is such a voice, which the element may be told of while it runs; where not, a
// warning has been posted.
bool is_known_voice(GstElement* element, const char* voice);

// The settings of an element, guarded by GST_OBJECT_LOCK; streaming works on copies.
template <class Settings>
class ElementSettings {
 public:
  ElementSettings(GstElement* element, std::span<const PropertyRow> rows)
      : element_(element), rows_(rows) {}

  Settings get() const {
    const ObjectLock lock(element_);
    return settings_;
  }
  // One member.
  template <class Member>
  Member get(Member Settings::*member) const {
    const ObjectLock lock(element_);
    return settings_.*member;
  }
  // False when the value is refused: it comes at a wrong time, or there is no such voice.
  bool set(const char* name, const GValue* value) {
    const PropertyRow* row = find_property(rows_, name);
    if (!row || !row->store || !may_set(element_, *row)) return false;
    if (is_running(element_) && std::strcmp(name, "voice") == 0 &&
        !is_known_voice(element_, g_value_get_string(value)))
      return false;
    const ObjectLock lock(element_);
    row->store(&settings_, value);
    return true;
  }
  // False for what the element answers itself.
  bool show(const char* name, GValue* value) const {
    const PropertyRow* row = find_property(rows_, name);
    if (!row || !row->show) return false;
    const ObjectLock lock(element_);
    row->show(&settings_, value);
    return true;
  }

 private:
  GstElement* const element_;
  const std::span<const PropertyRow> rows_;
  Settings settings_;
};

}  // namespace chatterbox::gst
