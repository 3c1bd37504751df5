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

// What a client asks for, as it goes to disk.
struct NewJob {
  std::string id;
  // Whose turn it is: jobs of different clients alternate.
  std::string client;
  // The whole request as the client wrote it: JSON with an "input".
  std::string request;
  std::string webhook;
  bool sync = false;
  bool low_priority = false;
  std::int64_t execution_timeout_ms = 600'000;
  std::int64_t ttl_ms = 86'400'000;
  std::uint32_t seed = 0;
};

// What is known of a job, its input and output aside.
struct Job {
  std::string id;
  JobState state = JobState::kInQueue;
  bool sync = false;
  // Milliseconds since 1970; 0: has not happened.
  std::int64_t created_ms = 0, started_ms = 0, finished_ms = 0;
  // Starts so far; also names the current one.
  int attempts = 0;
  int retries = 0;
  std::uint32_t seed = 0;
  std::string webhook;
  int webhook_tries = 0;
  std::string error, detail;
};

// The answer to /status: `output` is JSON, or empty.
std::string status_json(const Job& job, const std::string& output);

// A new id; those of /runsync begin with "sync-".
std::string new_job_id(bool sync);

// Wall clock, milliseconds since 1970: times of jobs outlive the process.
std::int64_t now_ms();

}  // namespace chatterbox::sidecar
