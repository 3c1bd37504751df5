// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/intake.h"

#include <glib.h>

#include "chatterbox/error.h"
#include "jobs/result_upload.h"
#include "operations/fields.h"
#include "operations/json.h"
#include "operations/request.h"

namespace chatterbox::sidecar {
namespace {

constexpr std::int64_t kWeekMs = 7 * 24 * 3600 * 1000LL;

void read_policy(Fields& policy, NewJob& job) {
  job.execution_timeout_ms =
      policy.integer("executionTimeout", 5000, kWeekMs).value_or(job.execution_timeout_ms);
  job.ttl_ms = policy.integer("ttl", 10'000, kWeekMs).value_or(job.ttl_ms);
  job.low_priority = policy.boolean("lowPriority").value_or(false);
}

JsonObject* object_member(JsonObject* object, const char* name) {
  JsonNode* node = json_object_get_member(object, name);
  if (!node || JSON_NODE_HOLDS_NULL(node)) return nullptr;
  if (!JSON_NODE_HOLDS_OBJECT(node))
    throw RequestError(std::string("Invalid value for ") + name,
                       std::string(name) + ": expected an object, got " + describe(node));
  return json_node_get_object(node);
}

void read_envelope(JsonNode* root, const WebhookPolicy& webhooks, NewJob& job) {
  if (!JSON_NODE_HOLDS_OBJECT(root))
    throw RequestError("Bad request", "body: expected an object, got " + describe(root));
  JsonObject* body = json_node_get_object(root);
  Fields envelope(body);
  job.webhook = envelope.text("webhook").value_or("");
  if (!job.webhook.empty() && !webhooks.allows(job.webhook))
    throw RequestError("Invalid value for webhook",
                       "webhook: expected an http or https address that the server may call, got " +
                           (job.webhook.size() < 100 ? "'" + job.webhook + "'" : "another"));
  if (JsonObject* object = object_member(body, "policy")) {
    Fields policy(object);
    read_policy(policy, job);
  }
  job.secret = read_upload_target(root, webhooks).has_value();
  if (!object_member(body, "input"))
    throw RequestError("Bad request", "input: expected an object, got nothing");
}

}  // namespace

JsonObject* request_input(JsonNode* root) {
  return json_object_get_object_member(json_node_get_object(root), "input");
}

std::vector<std::string> envelope_warnings(JsonNode* root) {
  std::vector<std::string> warnings;
  JsonObject* body = json_node_get_object(root);
  NewJob job;
  Fields envelope(body);
  for (const char* name : {"input", "webhook", "policy", "s3Config"}) envelope.ignore(name);
  for (const std::string& name : envelope.unknown()) warnings.push_back(unknown_field(name));
  if (JsonObject* object = object_member(body, "policy")) {
    Fields policy(object);
    read_policy(policy, job);
    for (const std::string& name : policy.unknown())
      warnings.push_back(unknown_field("policy." + name));
  }
  return warnings;
}

Intake read_intake(std::string_view body, bool sync, const std::string& owner,
                   const WebhookPolicy& webhooks) {
  Intake intake;
  NewJob& job = intake.job;
  job.id = new_job_id(sync);
  job.owner = owner;
  job.sync = sync;
  job.seed = std::uint32_t(secret_number());
  try {
    const OwnedJson root = parse_json(body);
    read_envelope(root.get(), webhooks, job);
    // Kept as it came: json-glib writes some numbers in ways that it does not read.
    job.request = body;
    try {
      job.model = parse_request(request_input(root.get())).model;
    } catch (const RequestError& error) {
      // The job tells clients of it, as of any other failure.
      intake.job_error = error.what();
      intake.job_detail = error.detail();
    }
  } catch (const RequestError& error) {
    intake.error = error.what();
    intake.detail = error.detail();
  } catch (const std::exception& error) {
    intake.error = "Bad request";
    intake.detail = error.what();
  }
  return intake;
}

}  // namespace chatterbox::sidecar
