// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Who waits for the disk, and who for news: the main loop does for neither.
#include <glib.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

#include "http/waiters.h"
#include "jobs/async_store.h"
#include "jobs/sqlite/sqlite_store.h"
#include "support/temporary_directory.h"

namespace chatterbox::sidecar {
namespace {

template <class Condition>
void iterate_until(const Condition& condition) {
  while (!condition()) g_main_context_iteration(nullptr, TRUE);
}

class AsyncStoreTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  Shares shares_;
  SqliteJobStore jobs_{directory_.path("jobs.sqlite"), {}, shares_};
  AsyncStore store_{jobs_};
};

TEST_F(AsyncStoreTest, TheLoopGoesOnWhileTheDiskIsSlow) {
  std::promise<void> disk;
  bool written = false, read = false;
  const auto loop = std::this_thread::get_id();
  store_.write(
      [&, slow = disk.get_future().share()](JobStore&) {
        slow.wait();
        return std::this_thread::get_id();
      },
      [&](auto& thread) {
        EXPECT_NE(thread.get(), loop);
        EXPECT_EQ(std::this_thread::get_id(), loop);
        written = true;
      });
  store_.read([](JobStore& store) { return store.find("a", "none"); },
              [&](auto& job) {
                EXPECT_FALSE(job.get());
                read = true;
              });
  iterate_until([&] { return read; });
  EXPECT_FALSE(written);
  EXPECT_EQ(store_.counts().kept, 0);
  disk.set_value();
  iterate_until([&] { return written; });
}

TEST_F(AsyncStoreTest, WhatACallThrowsIsToldToWhoAsked) {
  bool told = false;
  store_.write([](JobStore&) -> int { throw StorageError("the disk is full"); },
               [&](auto& answer) {
                 EXPECT_THROW(answer.get(), StorageError);
                 told = true;
               });
  iterate_until([&] { return told; });
}

// They live as long as the process, as their timer does.
Waiters& for_ever() { return *new Waiters; }

// Attempts as somebody makes them who asks a disk: they end later.
struct Attempts {
  std::vector<bool> musts;
  std::vector<Waiters::Done> open;

  Waiters::Attempt take() {
    return [this](bool must, Waiters::Done done) {
      musts.push_back(must);
      open.push_back(std::move(done));
    };
  }
  void end(bool answered) {
    const Waiters::Done done = std::move(open.back());
    open.pop_back();
    done(answered);
  }
};

TEST(WaitersTest, NewsDuringAnAttemptMakesAnother) {
  Waiters& waiters = for_ever();
  Attempts attempts;
  waiters.add("one", 3'600'000, attempts.take());
  EXPECT_EQ(attempts.musts, (std::vector<bool>{false}));
  waiters.news("one");
  waiters.news("one");
  EXPECT_EQ(attempts.musts.size(), 1u) << "one at a time";
  attempts.end(false);
  EXPECT_EQ(attempts.musts.size(), 2u) << "what was new may have been missed";
  attempts.end(false);
  EXPECT_EQ(attempts.musts.size(), 2u);
  waiters.news("another");
  EXPECT_EQ(attempts.musts.size(), 2u);
  waiters.news("one");
  attempts.end(true);
  EXPECT_TRUE(waiters.empty());
}

TEST(WaitersTest, TheLastAttemptMust) {
  Waiters& waiters = for_ever();
  Attempts attempts;
  waiters.add("one", 0, attempts.take());
  EXPECT_EQ(attempts.musts, (std::vector<bool>{true}));
  attempts.end(true);
  EXPECT_TRUE(waiters.empty());
  // One that is stopped while it asks is asked once more, for the last time.
  waiters.add("two", 3'600'000, attempts.take());
  waiters.flush();
  attempts.end(false);
  EXPECT_EQ(attempts.musts, (std::vector<bool>{true, false, true}));
  attempts.end(true);
  EXPECT_TRUE(waiters.empty());
}

TEST(WaitersTest, TimeThatIsOverIsNoticed) {
  Waiters& waiters = for_ever();
  Attempts attempts;
  waiters.add("one", 1, attempts.take());
  attempts.end(false);
  iterate_until([&] { return attempts.musts.size() >= 2; });
  EXPECT_TRUE(attempts.musts.back());
  attempts.end(true);
  EXPECT_TRUE(waiters.empty());
}

}  // namespace
}  // namespace chatterbox::sidecar
