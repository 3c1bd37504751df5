// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/job.h"

#include <glib.h>
#include <sys/random.h>

#include <cstdio>

#include "operations/json.h"

namespace chatterbox::sidecar {

const char* to_string(JobState state) {
  switch (state) {
    case JobState::kInQueue:
      return "IN_QUEUE";
    case JobState::kInProgress:
      return "IN_PROGRESS";
    case JobState::kCompleted:
      return "COMPLETED";
    case JobState::kFailed:
      return "FAILED";
    case JobState::kCancelled:
      return "CANCELLED";
    default:
      return "TIMED_OUT";
  }
}

StatusJson status_json(const Job& job, bool with_output) {
  StatusJson parts;
  JsonWriter json;
  json.begin_object().field("id", job.id).field("status", to_string(job.state));
  if (job.started_ms) {
    json.field("delayTime", job.started_ms - job.created_ms);
    if (job.finished_ms) json.field("executionTime", job.finished_ms - job.started_ms);
    json.field("workerId", "chatterbox-server");
  }
  if (job.retries) json.field("retries", job.retries);
  if (with_output) {
    json.key("output");
    parts.head = std::move(json.buffer());
    json = JsonWriter();
    json.continue_object();
  }
  if (!job.error.empty()) json.field("error", job.error).field("message", job.detail);
  parts.tail = json.end_object().take();
  return parts;
}

std::uint64_t secret_number() {
  std::uint64_t number = 0;
  // Few bytes are given whole, once the machine has any to give.
  while (getrandom(&number, sizeof number, 0) != sizeof number) {
  }
  return number;
}

std::string new_job_id(bool sync) {
  const std::uint64_t a = secret_number(), b = secret_number();
  char uuid[40];
  std::snprintf(uuid, sizeof uuid, "%08x-%04x-4%03x-%04x-%012llx", unsigned(a >> 32),
                unsigned(a >> 16) & 0xffff, unsigned(a) & 0xfff,
                0x8000 | (unsigned(b >> 48) & 0x3fff),
                static_cast<unsigned long long>(b & 0xffffffffffffULL));
  return (sync ? "sync-" : "") + std::string(uuid);
}

std::int64_t now_ms() {
  static const std::int64_t start_ms = (g_get_real_time() - g_get_monotonic_time()) / 1000;
  return start_ms + g_get_monotonic_time() / 1000;
}

}  // namespace chatterbox::sidecar
