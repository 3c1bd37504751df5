// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gio/gio.h>

#include "jobs/job_store.h"

namespace chatterbox::sidecar {

// The answer to /status as a stream of `length` bytes, which reads `output_bytes` of results
// (JobStore::output_bytes()) from disk as they are wanted. The store must outlive the stream. To be
// read in threads, as GLib does for asynchronous reads.
GInputStream* open_status(JobStore& store, const Job& job, std::int64_t output_bytes,
                          std::int64_t* length);

}  // namespace chatterbox::sidecar
