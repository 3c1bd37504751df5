// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gio/gio.h>

#include "jobs/job_store.h"

namespace chatterbox::sidecar {

// The answer to /status as a stream of `length` bytes that reads results from disk as they are
// wanted. The store must outlive it. Throws StorageError.
GInputStream* open_status(JobStore& store, const Job& job, std::int64_t* length);

}  // namespace chatterbox::sidecar
