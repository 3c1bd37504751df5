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

// A member takes a value, and gives it. Enumerations have a function enum_type(Enum) that gives
// GObject's type.
template <class Member>
void store(const GValue* value, Member& member) {
  if constexpr (std::is_enum_v<Member>) {
    member = Member(g_value_get_enum(value));
  } else if constexpr (std::is_same_v<Member, std::string>) {
    const char* text = g_value_get_string(value);
    member = text ? text : "";
  } else if constexpr (std::is_same_v<Member, SharedStructure>) {
    const GstStructure* structure = gst_value_get_structure(value);
    member = structure ? SharedStructure(gst_structure_copy(structure), Release()) : nullptr;
  } else {
    if constexpr (std::is_same_v<Member, bool>) member = g_value_get_boolean(value);
    if constexpr (std::is_same_v<Member, guint>) member = g_value_get_uint(value);
    if constexpr (std::is_same_v<Member, gint>) member = g_value_get_int(value);
    if constexpr (std::is_same_v<Member, gint64>) member = g_value_get_int64(value);
    if constexpr (std::is_same_v<Member, double>) member = g_value_get_double(value);
  }
}

template <class Member>
void show(GValue* value, const Member& member) {
  if constexpr (std::is_enum_v<Member>) g_value_set_enum(value, int(member));
  if constexpr (std::is_same_v<Member, std::string>) g_value_set_string(value, member.c_str());
  if constexpr (std::is_same_v<Member, SharedStructure>)
    gst_value_set_structure(value, member.get());
  if constexpr (std::is_same_v<Member, bool>) g_value_set_boolean(value, member);
  if constexpr (std::is_same_v<Member, guint>) g_value_set_uint(value, member);
  if constexpr (std::is_same_v<Member, gint>) g_value_set_int(value, member);
  if constexpr (std::is_same_v<Member, gint64>) g_value_set_int64(value, member);
  if constexpr (std::is_same_v<Member, double>) g_value_set_double(value, member);
}

template <class Member>
GParamSpec* make_spec(const PropertyRow& row, const Member& initial) {
  const auto& [name, nick, blurb, flags, range, make, store, show] = row;
  const auto [low, high] = range;
  if constexpr (std::is_enum_v<Member>)
    return g_param_spec_enum(name, nick, blurb, enum_type(initial), int(initial), flags);
  if constexpr (std::is_same_v<Member, std::string>)
    return g_param_spec_string(name, nick, blurb, initial.c_str(), flags);
  if constexpr (std::is_same_v<Member, SharedStructure>)
    return g_param_spec_boxed(name, nick, blurb, GST_TYPE_STRUCTURE, flags);
  if constexpr (std::is_same_v<Member, bool>)
    return g_param_spec_boolean(name, nick, blurb, initial, flags);
  if constexpr (std::is_same_v<Member, guint>)
    return g_param_spec_uint(name, nick, blurb, guint(low), guint(high), initial, flags);
  if constexpr (std::is_same_v<Member, gint>)
    return g_param_spec_int(name, nick, blurb, gint(low), gint(high), initial, flags);
  // Seeds are the numbers of this type; negative: a fresh one.
  if constexpr (std::is_same_v<Member, gint64>)
    return g_param_spec_int64(name, nick, blurb, -1, G_MAXINT64, initial, flags);
  if constexpr (std::is_same_v<Member, double>)
    return g_param_spec_double(name, nick, blurb, low, high, initial, flags);
}

// The spec of a property that the element answers itself.
template <class Value>
GParamSpec* make_empty_spec(const PropertyRow& row) {
  return make_spec(row, Value());
}

// Rows of a part of an element's settings, which is at `Path` in them; of all of them without one.
template <class Settings, auto... Path>
struct Rows {
  // The row of a member of the part; `range` is for numbers.
  template <auto Member>
  static constexpr PropertyRow row(const char* name, const char* nick, const char* blurb,
                                   GParamFlags flags, Range range = {0, 0}) {
    return {name,
            nick,
            blurb,
            flags,
            range,
            [](const PropertyRow& row) { return make_spec(row, part(Settings()).*Member); },
            [](void* settings, const GValue* value) {
              store(value, part(*static_cast<Settings*>(settings)).*Member);
            },
            [](const void* settings, GValue* value) {
              show(value, part(*static_cast<const Settings*>(settings)).*Member);
            }};
  }

 private:
  static constexpr auto& part(auto&& settings) { return (settings.*....*Path); }
};

// The row of a property that follows from the settings; without `show` the element answers itself.
constexpr PropertyRow read_only(const char* name, const char* nick, const char* blurb,
                                GParamSpec* (*make)(const PropertyRow& row),
                                void (*show)(const void* settings, GValue* value) = nullptr) {
  return {name, nick, blurb, kReadOnly, {0, 0}, make, nullptr, show};
}

// An enumeration's values in their order.
struct EnumRow {
  const char* nick;
  const char* name;
};
// Registers it; to be called once.
GType register_enum(const char* name, std::span<const EnumRow> rows);

// Null-terminated arrays of strings.
GParamSpec* make_strings_spec(const PropertyRow& row);
void show_strings(GValue* value, std::span<const std::string> strings);
// The names of all voices there are.
void show_voices(const void* settings, GValue* value);

// Adds the properties to the class. Ids only differ: properties are told apart by name.
void install_properties(GObjectClass* object_class, std::span<const PropertyRow> rows);
// Null when there is none.
const PropertyRow* find_property(std::span<const PropertyRow> rows, const char* name);

// The element is in PAUSED or above, or on the way there.
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
  // Not for what the element answers itself.
  void show(const char* name, GValue* value) const {
    const Settings settings = get();
    find_property(rows_, name)->show(&settings, value);
  }

 private:
  GstElement* const element_;
  const std::span<const PropertyRow> rows_;
  Settings settings_;
};

}  // namespace chatterbox::gst
