// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "http/server.h"

namespace chatterbox::sidecar {

// Answers with the job of the exchange's owner: once it has ended, or as it is after `wait_ms`.
void wait_for_end(Services& services, const Exchange& exchange, const std::string& id,
                  std::int64_t wait_ms);

}  // namespace chatterbox::sidecar
