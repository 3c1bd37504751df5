// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>

namespace chatterbox::sidecar {

enum class JobState { kInQueue, kInProgress, kCompleted, kFailed, kCancelled, kTimedOut };

// "IN_QUEUE", ...
const char* to_string(JobState state);
inline bool is_final(JobState state) { return state >= JobState::kCompleted; }

// A client's request, as it goes to disk.
struct NewJob {
  std::string id;
  // Only the owner sees the job, and jobs of different owners take turns.
  std::string owner;
  // Which model it is for; kept, so that it is the same however often the job begins.
  std::string model;
  // The whole request as the client wrote it: JSON with an "input".
  std::string request;
  // Not empty: the object that holds it in place of `request`, and its size.
  std::string request_object;
  std::int64_t object_bytes = 0;
  std::int64_t request_bytes() const {
    return request_object.empty() ? std::int64_t(request.size()) : object_bytes;
  }
  // It holds what nobody is to keep: it is gone as soon as the job has ended in any way.
  bool secret = false;
  std::string webhook;
  bool sync = false;
  bool low_priority = false;
  std::int64_t execution_timeout_ms = 600'000;
  std::int64_t ttl_ms = 86'400'000;
  std::uint32_t seed = 0;
};

// State of a job, without its input and output.
struct Job {
  std::string id;
  std::string owner;
  std::string model;
  JobState state = JobState::kInQueue;
  bool sync = false;
  // Milliseconds since 1970; 0: has not happened.
  std::int64_t created_ms = 0, started_ms = 0, finished_ms = 0;
  // Starts so far that nothing but the end of a process ended.
  int attempts = 0;
  // Names the current start. Never goes back, so that an earlier start cannot pass for it.
  std::int64_t epoch = 0;
  std::int64_t input_bytes = 0, output_bytes = 0;
  int retries = 0;
  std::uint32_t seed = 0;
  std::string webhook;
  int webhook_tries = 0;
  std::string error, detail;
};

// The answer to /status in two parts, between which the output stands if there is one.
struct StatusJson {
  std::string head, tail;
  std::string without_output() const { return head + tail; }
};
// `with_output`: an output follows the head.
StatusJson status_json(const Job& job, bool with_output);

// Bytes that nobody can foretell.
std::uint64_t secret_number();
// A new id that nobody can guess; those of /runsync begin with "sync-".
std::string new_job_id(bool sync);

// Milliseconds since 1970 when the process began, counted on by a steady clock: what sets the
// clock of the machine ends no job.
std::int64_t now_ms();

}  // namespace chatterbox::sidecar
