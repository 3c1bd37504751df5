// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "jobs/intake.h"

// The body of an HTTP request: it becomes a job, or a reason why not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatterbox::sidecar;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const WebhookPolicy webhooks("any");
  const Intake intake = read_intake(body, size % 2 == 0, "owner", webhooks);
  if (intake.error.empty()) {
    // What was accepted is kept, and read again when its turn comes.
    const Intake again = read_intake(intake.job.request, false, "owner", webhooks);
    if (!again.error.empty() || again.job_error != intake.job_error) std::abort();
  } else if (intake.detail.empty()) {
    std::abort();
  }
  return 0;
}
