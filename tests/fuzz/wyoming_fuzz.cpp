// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "chatterbox/error.h"
#include "wyoming/wyoming_event.h"

// What a client of the Wyoming protocol sends: events, or a reason to hang up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatterbox;
  using namespace chatterbox::sidecar;
  GInputStream* bytes = g_memory_input_stream_new_from_data(data, gssize(size), nullptr);
  GDataInputStream* stream = g_data_input_stream_new(bytes);
  std::size_t events = 0;
  try {
    while (const auto event = read_event(stream)) {
      if (event->data && !JSON_NODE_HOLDS_OBJECT(event->data.get())) std::abort();
      // Each takes a line at least.
      if (++events > size) std::abort();
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidArgument || !*error.what()) std::abort();
  }
  g_object_unref(stream);
  g_object_unref(bytes);
  return 0;
}
