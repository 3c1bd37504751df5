// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/storage_error.h"

#include <atomic>

namespace chatterbox::sidecar {
namespace {

std::atomic<bool> damaged{false};

}  // namespace

bool storage_damaged() { return damaged; }
void report_storage_damage() { damaged = true; }

}  // namespace chatterbox::sidecar
