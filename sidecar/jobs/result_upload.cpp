// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/result_upload.h"

#include <glib.h>

#include <algorithm>

#include "audio/base64.h"
#include "objects/objects.h"
#include "operations/fields.h"
#include "operations/json.h"
#ifdef CHATTERBOX_HAVE_CURL
#include "objects/s3_objects.h"
#endif

namespace chatterbox::sidecar {
namespace {

constexpr Patience kUpload{4, 60};
constexpr std::size_t kMostSecret = 1024;

// A text that becomes part of a header, and is in no message.
std::string secret_text(JsonObject* object, const char* name) {
  JsonNode* node = json_object_get_member(object, name);
  const bool text =
      node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
  const std::string value = text ? json_node_get_string(node) : "";
  const bool printed =
      std::all_of(value.begin(), value.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (value.empty() || value.size() > kMostSecret || !printed)
    throw RequestError(std::string("Invalid value for ") + name,
                       std::string("s3Config.") + name +
                           ": expected a text of letters, digits and signs, got another");
  return value;
}

// A member of JSON that JsonWriter wrote, whose value is a text without escapes. Within a text
// every quote has a backslash before it, so that what looks like a member is one.
struct Member {
  std::size_t begin = 0, end = 0;
  std::string_view value;
};

std::optional<Member> find_member(const std::string& json, const std::string& name,
                                  const std::string& value_head) {
  const std::string key = "\"" + name + "\":\"" + value_head;
  for (std::size_t at = json.find(key); at != json.npos; at = json.find(key, at + 1)) {
    if (at == 0 || (json[at - 1] != '{' && json[at - 1] != ',')) continue;
    const std::size_t value = at + name.size() + 4;
    const std::size_t end = json.find('"', value);
    if (end == json.npos) return std::nullopt;
    return Member{at, end + 1, std::string_view(json).substr(value, end - value)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<UploadTarget> read_upload_target(JsonNode* root, const WebhookPolicy& policy) {
  JsonNode* node = json_object_get_member(json_node_get_object(root), "s3Config");
  if (!node || JSON_NODE_HOLDS_NULL(node)) return std::nullopt;
  if (!JSON_NODE_HOLDS_OBJECT(node))
    throw RequestError("Invalid value for s3Config", "s3Config: expected an object, got another");
  JsonObject* object = json_node_get_object(node);
  if (json_object_get_size(object) == 0) return std::nullopt;
  UploadTarget target;
  target.access_id = secret_text(object, "accessId");
  target.access_secret = secret_text(object, "accessSecret");
  Fields fields(object);
  for (const char* name : {"accessId", "accessSecret"}) fields.ignore(name);
  target.bucket = fields.text("bucketName").value_or("");
  target.endpoint = fields.text("endpointUrl").value_or("");
  target.path = fields.text("objectPath").value_or("");
  while (target.path.starts_with('/')) target.path.erase(0, 1);
  if (!target.path.empty() && !target.path.ends_with('/')) target.path += '/';
  for (const std::string& name : fields.unknown())
    target.warnings.push_back(unknown_field("s3Config." + name));
#ifdef CHATTERBOX_HAVE_CURL
  try {
    check_place({target.endpoint, target.bucket, "", target.path});
  } catch (const ObjectError& error) {
    throw RequestError("Invalid value for s3Config", std::string("s3Config: ") + error.what());
  }
  if (!policy.allows(target.endpoint))
    throw RequestError("Invalid value for endpointUrl",
                       "s3Config.endpointUrl: expected an address that the server may call, got "
                       "another");
  return target;
#else
  (void)policy;
  throw RequestError("Invalid value for s3Config",
                     "s3Config: expected a server built with libcurl, got one that was built "
                     "without");
#endif
}

void upload_audio([[maybe_unused]] std::string& output, [[maybe_unused]] const UploadTarget& target,
                  [[maybe_unused]] const std::string& job_id,
                  [[maybe_unused]] const WebhookPolicy& policy,
                  [[maybe_unused]] const std::stop_token& stop) {
#ifdef CHATTERBOX_HAVE_CURL
  auto audio = find_member(output, "audio", "");
  if (!audio) audio = find_member(output, "sample_audio", "");
  if (!audio) return;
  // "data:audio/flac;base64,...": the same speech as the client wanted it.
  const auto url = find_member(output, "audio_url", "data:");
  std::string_view text = audio->value;
  std::string type = "audio/wav", ending = ".wav";
  if (url) {
    const auto comma = url->value.find(";base64,");
    type = url->value.substr(5, comma - 5);
    text = url->value.substr(comma + 8);
    if (type != "audio/wav") ending = type == "audio/flac" ? ".flac" : ".ogg";
  }
  const std::string file = decode_base64(text);
  const std::string name = job_id + ending;
  const S3Place place{target.endpoint, target.bucket, "", target.path};
  S3Objects bucket(place, {target.access_id, target.access_secret, ""},
                   [&policy](GInetAddress* peer) { return policy.allows_peer(peer); });
  bucket.set_content_type(type);
  bucket.put(name, file, kUpload, stop);
  JsonWriter json;
  json.begin_object()
      .field("audio_url", place.address_of(name))
      .field("object_key", target.path + name)
      .end_object();
  const std::string said = json.take();
  if (url) output.erase(url->begin - 1, url->end - url->begin + 1);
  output.replace(audio->begin, audio->end - audio->begin, said, 1, said.size() - 2);
#endif
}

}  // namespace chatterbox::sidecar
