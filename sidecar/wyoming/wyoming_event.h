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

// Reads the next event; nothing at the end of the stream. A payload is skipped: clients of speech
// send none. Throws Error(kInvalidArgument) for a line that is no event.
std::optional<WyomingEvent> read_event(GDataInputStream* stream);

// The bytes of an event; `data` is a JSON object.
std::string write_event(std::string_view type, std::string_view data,
                        std::string_view payload = {});

}  // namespace chatterbox::sidecar
