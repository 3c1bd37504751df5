// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include "chatterbox/options.h"

namespace chatterbox::gst {

inline constexpr auto kAlways = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
inline constexpr auto kPlaying = GParamFlags(kAlways | GST_PARAM_MUTABLE_PLAYING);
inline constexpr auto kControlled = GParamFlags(kPlaying | GST_PARAM_CONTROLLABLE);
inline constexpr auto kReady = GParamFlags(kAlways | GST_PARAM_MUTABLE_READY);

// Ids only have to differ from each other: properties are told apart by name.
class Installer {
 public:
  explicit Installer(GObjectClass* object_class) : class_(object_class) {}

  void string(const char* name, const char* nick, const char* blurb, const char* initial,
              GParamFlags flags) {
    add(g_param_spec_string(name, nick, blurb, initial, flags));
  }
  void number(const char* name, const char* nick, const char* blurb, guint low, guint high,
              guint initial, GParamFlags flags) {
    add(g_param_spec_uint(name, nick, blurb, low, high, initial, flags));
  }
  // A sampling knob, -1 for the model's own default.
  void knob(const char* name, const char* nick, const char* blurb, const Range& range) {
    add(g_param_spec_double(name, nick, blurb, -1, range.high, -1, kControlled));
  }
  void flag(const char* name, const char* nick, const char* blurb, bool initial,
            GParamFlags flags) {
    add(g_param_spec_boolean(name, nick, blurb, initial, flags));
  }
  template <class Enum>
  void choice(const char* name, const char* nick, const char* blurb, GType type, Enum initial) {
    add(g_param_spec_enum(name, nick, blurb, type, int(initial), kPlaying));
  }
  void add(GParamSpec* spec) { g_object_class_install_property(class_, ++id_, spec); }

 private:
  GObjectClass* class_;
  guint id_ = 0;
};

}  // namespace chatterbox::gst
