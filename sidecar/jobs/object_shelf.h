// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "jobs/job_store.h"
#include "objects/objects.h"

namespace chatterbox::sidecar {

// Puts what is large into objects that a store knows of before they are there. Any thread may call.
class ObjectShelf {
 public:
  ObjectShelf(JobStore& store, Objects& objects, std::size_t from_bytes)
      : store_(store), objects_(objects), from_bytes_(from_bytes) {}

  // The object that holds the bytes now, in a folder of that name; nothing where they are small,
  // or where no place could be found for them, which is told once in a while. Throws StorageError
  // of the store alone.
  std::optional<ObjectOfJob> put(const char* folder, std::string_view bytes,
                                 const Patience& patience, const std::stop_token& stop);
  // Nothing names it after all. Throws nothing: the store removes it later anyway.
  void drop(const ObjectOfJob& object);
  Objects& objects() { return objects_; }
  // Objects that could not be put, read or removed.
  std::int64_t failures() const { return failures_; }
  void count_failure() { ++failures_; }

 private:
  JobStore& store_;
  Objects& objects_;
  const std::size_t from_bytes_;
  // While it is away nobody waits for it; by a steady clock.
  std::atomic<std::int64_t> away_until_us_{0};
  std::atomic<std::int64_t> failures_{0};
};

}  // namespace chatterbox::sidecar
