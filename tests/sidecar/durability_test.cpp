// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The setting `durability`: with "power" each job and object is on the disk before it is taken,
// with "process" no job waits for the disk. Counts what reaches the disk by way of the C library.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "jobs/open_store.h"
#include "objects/open_objects.h"
#include "support/temporary_directory.h"

namespace {
std::atomic<int> syncs = 0;
}

// In place of the C library's, for SQLite too, which sees what is visible alone.
#pragma GCC visibility push(default)
extern "C" int fsync(int file) {
  ++syncs;
  return int(syscall(SYS_fsync, file));
}
extern "C" int fdatasync(int file) {
  ++syncs;
  return int(syscall(SYS_fdatasync, file));
}
#pragma GCC visibility pop

namespace chatterbox::sidecar {
namespace {

class Durability : public testing::TestWithParam<const char*> {
 protected:
  bool power() const { return config_.durability == "power"; }
  Config config_ = [] {
    Config config;
    config.durability = GetParam();
    return config;
  }();
  TemporaryDirectory directory_;
};

TEST_P(Durability, OfJobs) {
  const Shares shares;
  const auto store = open_store(config_, directory_.path(""), shares);
  for (int i = 0; i < 5; ++i) {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = "a";
    job.request = R"({"input":{}})";
    const int before = syncs;
    ASSERT_TRUE(store->add(job));
    if (power())
      EXPECT_GT(syncs, before) << "job " << i;
    else
      EXPECT_EQ(syncs, before) << "job " << i;
  }
}

TEST_P(Durability, OfObjects) {
  config_.objects = "file://" + directory_.path("objects");
  const auto objects = open_objects(config_);
  const int before = syncs;
  objects->put("folder/object", "bytes", {}, {});
  // What is in the file, and its name.
  EXPECT_EQ(syncs - before, power() ? 2 : 0);
  EXPECT_EQ(objects->get("folder/object", 0, 100, {}, {}), "bytes");
}

INSTANTIATE_TEST_SUITE_P(Settings, Durability, testing::Values("process", "power"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace chatterbox::sidecar
