// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gio/gio.h>

#include <optional>
#include <string>
#include <string_view>

#include "operations/json.h"

namespace chatterbox::sidecar {

// One message of the Wyoming protocol: a line of JSON that tells how many bytes of data (JSON as
// well) and of payload follow it.
struct WyomingEvent {
  std::string type;
  OwnedJson data;  // an object, or null
};

// Time limits of an event on a socket: to begin, and from then on.
struct EventPace {
  GSocket* socket = nullptr;
  int begin_seconds = 0, event_seconds = 0;
};

// Reads the next event; nothing at the end of the stream, or when none begins in time. A payload
// is skipped: clients of speech send none. Throws Error(kInvalidArgument) for a line that is no
// event, and for an event that takes too long.
std::optional<WyomingEvent> read_event(GDataInputStream* stream, const EventPace& pace = {});

// The bytes of an event; `data` is a JSON object.
std::string write_event(std::string_view type, std::string_view data,
                        std::string_view payload = {});

}  // namespace chatterbox::sidecar
