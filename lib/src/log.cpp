// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "log.h"

#include <memory>
#include <mutex>

namespace chatterbox {
namespace {

std::mutex sink_mutex;
// Shared so that a message in flight keeps its sink alive while another thread
// replaces it.
std::shared_ptr<const LogSink> current_sink;

}  // namespace

void set_log_sink(LogSink sink) {
  auto next = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  const std::lock_guard lock(sink_mutex);
  current_sink = std::move(next);
}

void log(LogLevel level, std::string_view message) {
  std::shared_ptr<const LogSink> sink;
  {
    const std::lock_guard lock(sink_mutex);
    sink = current_sink;
  }
  if (sink) (*sink)(level, message);
}

}  // namespace chatterbox
