// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <stdexcept>
#include <string>

namespace chatterbox::sidecar {

// Storage failed: the disk is full, another process holds the database, it is damaged or away.
class StorageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// True once a database of this process was found damaged: nothing in it can be relied on.
bool storage_damaged();
void report_storage_damage();

}  // namespace chatterbox::sidecar
