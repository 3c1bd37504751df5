// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include "jobs/job_store.h"

namespace chatterbox::sidecar {

// Sends results where clients asked for them: the JSON of /status, by POST.
// Anything but 200 is tried again; the store counts. Thread of the main loop only.
class Webhooks {
 public:
  explicit Webhooks(JobStore& store);
  ~Webhooks();
  void send(const Job& job);

 private:
  JobStore& store_;
  SoupSession* session_;
};

}  // namespace chatterbox::sidecar
