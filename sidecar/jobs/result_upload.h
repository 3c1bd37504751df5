// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <json-glib/json-glib.h>

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "jobs/webhook_policy.h"

namespace chatterbox::sidecar {

// Where a request wants its audio: the member `s3Config` beside "input", as RunPod has it.
struct UploadTarget {
  std::string access_id, access_secret, bucket, endpoint;
  // A folder in the bucket; may be empty.
  std::string path;
  // Sentences about members nobody knows.
  std::vector<std::string> warnings;
};

// Nothing when the request has none. Throws RequestError, which names no secret, also when it
// names an address that the server may not call.
std::optional<UploadTarget> read_upload_target(JsonNode* root, const WebhookPolicy& policy);

// Puts the audio of `output`, JSON of an operation, where the target says, as a file named after
// the job; in the output its address stands in the place of the audio. Output without audio stays
// as it is. Throws ObjectError; then nothing is changed.
void upload_audio(std::string& output, const UploadTarget& target, const std::string& job_id,
                  const WebhookPolicy& policy, const std::stop_token& stop);

}  // namespace chatterbox::sidecar
