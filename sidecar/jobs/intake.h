// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <json-glib/json-glib.h>

#include <string>
#include <string_view>
#include <vector>

#include "jobs/job.h"
#include "jobs/webhook_policy.h"

namespace chatterbox::sidecar {

// A request body as a job, or why it is none.
struct Intake {
  NewJob job;
  // Not empty: no job at all, status 400.
  std::string error, detail;
  // Not empty: a job, but one that cannot succeed.
  std::string job_error, job_detail;
};

// The "input" of a request that read_intake() took.
JsonObject* request_input(JsonNode* root);

// Sentences about fields beside "input" that a request has and nobody knows.
std::vector<std::string> envelope_warnings(JsonNode* root);

// Reads {"input": {...}, "webhook": ..., "policy": {...}} of an owner. Any thread; throws nothing.
Intake read_intake(std::string_view body, bool sync, const std::string& owner,
                   const WebhookPolicy& webhooks);

}  // namespace chatterbox::sidecar
