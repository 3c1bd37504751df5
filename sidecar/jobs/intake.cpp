// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/intake.h"

#include <glib.h>

#include <cstring>

#include "chatterbox/error.h"
#include "operations/fields.h"
#include "operations/json.h"
#include "operations/request.h"

namespace chatterbox::sidecar {
namespace {

constexpr std::int64_t kWeekMs = 7 * 24 * 3600 * 1000LL;
constexpr std::size_t kMostAddress = 2048;

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

void read_envelope(JsonNode* root, const std::string& webhooks, NewJob& job) {
  if (!JSON_NODE_HOLDS_OBJECT(root))
    throw RequestError("Bad request", "body: expected an object, got " + describe(root));
  JsonObject* body = json_node_get_object(root);
  Fields envelope(body);
  job.webhook = envelope.text("webhook").value_or("");
  if (!job.webhook.empty() && !webhook_allowed(job.webhook, webhooks))
    throw RequestError("Invalid value for webhook",
                       "webhook: expected an http or https address that the server may call, got " +
                           (job.webhook.size() < 100 ? "'" + job.webhook + "'" : "another"));
  if (JsonObject* object = object_member(body, "policy")) {
    Fields policy(object);
    read_policy(policy, job);
  }
  if (!object_member(body, "input"))
    throw RequestError("Bad request", "input: expected an object, got nothing");
}

}  // namespace

bool webhook_allowed(const std::string& address, const std::string& webhooks) {
  if (address.size() > kMostAddress || webhooks == "none") return false;
  GUri* uri = g_uri_parse(address.c_str(), G_URI_FLAGS_NONE, nullptr);
  if (!uri) return false;
  const std::string scheme = g_uri_get_scheme(uri) ? g_uri_get_scheme(uri) : "";
  const std::string host = g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
  g_uri_unref(uri);
  if ((scheme != "http" && scheme != "https") || host.empty()) return false;
  // Where clouds keep the secrets of a machine.
  if (host.starts_with("169.254.") || host.starts_with("fe80:") ||
      host == "metadata.google.internal")
    return false;
  if (webhooks == "all") return true;
  gchar** names = g_strsplit(webhooks.c_str(), ",", -1);
  bool found = false;
  for (gchar** name = names; *name; ++name)
    found = found || g_ascii_strcasecmp(g_strstrip(*name), host.c_str()) == 0;
  g_strfreev(names);
  return found;
}

bool webhook_peer_allowed(GInetAddress* peer) {
  if (g_inet_address_get_is_link_local(peer)) return false;
  const guint8* bytes = g_inet_address_to_bytes(peer);
  if (g_inet_address_get_native_size(peer) != 16) return true;
  // ::ffff:a.b.c.d is a.b.c.d
  constexpr guint8 kMapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 169, 254};
  constexpr guint8 kMetadata[] = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54};
  return std::memcmp(bytes, kMapped, sizeof kMapped) != 0 &&
         std::memcmp(bytes, kMetadata, sizeof kMetadata) != 0;
}

JsonObject* request_input(JsonNode* root) {
  return json_object_get_object_member(json_node_get_object(root), "input");
}

std::vector<std::string> envelope_warnings(JsonNode* root) {
  std::vector<std::string> warnings;
  JsonObject* body = json_node_get_object(root);
  NewJob job;
  Fields envelope(body);
  for (const char* name : {"input", "webhook", "policy"}) envelope.ignore(name);
  for (const std::string& name : envelope.unknown()) warnings.push_back(unknown_field(name));
  if (JsonObject* object = object_member(body, "policy")) {
    Fields policy(object);
    read_policy(policy, job);
    for (const std::string& name : policy.unknown())
      warnings.push_back(unknown_field("policy." + name));
  }
  return warnings;
}

Intake read_intake(std::string_view body, bool sync, const std::string& webhooks) {
  Intake intake;
  NewJob& job = intake.job;
  job.id = new_job_id(sync);
  job.sync = sync;
  job.seed = g_random_int();
  try {
    const OwnedJson root = parse_json(body);
    read_envelope(root.get(), webhooks, job);
    // Kept as it came: json-glib writes some numbers in ways that it does not read.
    job.request = body;
    try {
      parse_request(request_input(root.get()));
    } catch (const RequestError& error) {
      // Clients learn of it as of any other failure: from the job.
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
