// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The kinds of store there are, as tests open them.
#pragma once

#include <memory>

#include "jobs/sqlite/sqlite_store.h"
#include "support/temporary_directory.h"

namespace chatterbox::sidecar {

// A place for jobs that is empty at first.
class StoreKind {
 public:
  virtual ~StoreKind() = default;
  // A store on that place, as a server that has just been started opens it. What earlier ones had
  // begun has been given up.
  virtual std::unique_ptr<JobStore> open(const StoreLimits& limits, const Shares& shares) = 0;
};

class SqliteKind : public StoreKind {
 public:
  std::string path() const { return directory_.path("jobs.sqlite"); }
  std::unique_ptr<JobStore> open(const StoreLimits& limits, const Shares& shares) override {
    return std::make_unique<SqliteJobStore>(path(), limits, shares);
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace chatterbox::sidecar
