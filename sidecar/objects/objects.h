// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "jobs/storage_error.h"

namespace chatterbox::sidecar {

// A failure to store, read or remove an object. what() names no secret.
class ObjectError : public StorageError {
 public:
  enum class Kind {
    // The same may succeed later: nobody answered, or the other end is busy.
    kLater,
    kMissing,
    // Refused; asking again is of no use.
    kRefused,
    // The caller stopped waiting.
    kStopped,
  };
  ObjectError(Kind kind, const std::string& message) : StorageError(message), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// Time for one object: so many tries with growing pauses, each so long.
struct Patience {
  int tries = 5;
  int seconds = 60;
};

// A place for bytes by name: what is too large for rows of a database. Names are of letters,
// digits and "-_./". Any thread may call; calls wait for the place, until `stop` is asked.
// Throws ObjectError.
class Objects {
 public:
  virtual ~Objects() = default;
  // Stores the whole object or nothing. Replaces an object of that name.
  virtual void put(const std::string& name, std::string_view bytes, const Patience& patience,
                   const std::stop_token& stop) = 0;
  // At most `most` bytes from `first` on; fewer at its end.
  virtual std::string get(const std::string& name, std::int64_t first, std::int64_t most,
                          const Patience& patience, const std::stop_token& stop) = 0;
  // A missing object counts as removed.
  virtual void remove(const std::string& name, const Patience& patience) = 0;
};

}  // namespace chatterbox::sidecar
