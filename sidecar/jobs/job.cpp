// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/job.h"

#include <glib.h>

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

std::string status_json(const Job& job, const std::string& output) {
  JsonWriter json;
  json.buffer().reserve(output.size() + 512);
  json.begin_object().field("id", job.id).field("status", to_string(job.state));
  if (job.started_ms) {
    json.field("delayTime", job.started_ms - job.created_ms);
    if (job.finished_ms) json.field("executionTime", job.finished_ms - job.started_ms);
    json.field("workerId", "chatterbox-server");
  }
  if (job.retries) json.field("retries", job.retries);
  if (!output.empty()) json.key("output").raw(output);
  if (!job.error.empty()) json.field("error", job.error).field("message", job.detail);
  return json.end_object().take();
}

std::string new_job_id(bool sync) {
  gchar* uuid = g_uuid_string_random();
  std::string id = (sync ? "sync-" : "") + std::string(uuid);
  g_free(uuid);
  return id;
}

std::int64_t now_ms() { return g_get_real_time() / 1000; }

}  // namespace chatterbox::sidecar
