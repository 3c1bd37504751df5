// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The threads that speak, without a server.
#include "jobs/worker_pool.h"

#include <gtest/gtest.h>

#include <future>

#include "chatterbox/error.h"
#include "jobs/sqlite/sqlite_store.h"
#include "support/temporary_directory.h"

namespace chatterbox::sidecar {
namespace {

class Pool : public testing::Test {
 protected:
  void SetUp() override { pool_.start(); }

  // Speaks as `id`, after `before` was called; whether it was stopped.
  std::future<bool> submit(const std::string& id, const std::function<void()>& before) {
    const auto stopped = std::make_shared<std::promise<bool>>();
    LiveTask task;
    task.id = id;
    task.model = "one";
    task.run = [before, stopped, stop = task.stop.get_token()](const LendEngine& lend) {
      try {
        Engine& engine = lend();
        before();
        engine.synthesize("Hello.", *engine.model()->builtin_voice(), {}, stop);
        stopped->set_value(false);
      } catch (const Error& error) {
        stopped->set_value(error.code() == ErrorCode::kCancelled);
      }
    };
    EXPECT_TRUE(pool_.submit(task));
    return stopped->get_future();
  }
  bool speak(const std::string& id, const std::function<void()>& before) {
    return submit(id, before).get();
  }

  TemporaryDirectory directory_;
  Shares shares_;
  SqliteJobStore store_{directory_.path("jobs.sqlite"), {}, shares_};
  Voices voices_{directory_.path("voices"), {}, false, 60};
  Metrics metrics_;
  Models models_{{{"one", MODEL_DIR, ""}}, {}, {}, [](const std::string&) {}};
  WorkerPool pool_{store_,   models_, voices_,
                   metrics_, shares_, WebhookPolicy("all"),
                   1,        4,       {[](const std::string&) {}}};
};

// One that comes between two steps of the work, when no engine is at work.
TEST_F(Pool, AStopBetweenTwoStepsIsNotLost) {
  EXPECT_TRUE(speak("one", [&] { pool_.stop("one"); }));
  EXPECT_FALSE(speak("two", [&] { pool_.stop("one"); })) << "it was for the one before";
}

TEST_F(Pool, AnInterruptionEndsWhatRuns) {
  EXPECT_TRUE(speak("one", [&] { pool_.interrupt(); }));
  EXPECT_FALSE(speak("two", [] {}));
}

// Who was let in before the end began is not sent away.
TEST_F(Pool, SpeechThatWaitsIsSpokenAtTheEnd) {
  std::future<bool> waits;
  EXPECT_FALSE(speak("one", [&] {
    waits = submit("two", [] {});
    pool_.drain();
    EXPECT_FALSE(pool_.idle());
    EXPECT_FALSE(pool_.submit({}));
  }));
  ASSERT_EQ(waits.wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_FALSE(waits.get());
}

}  // namespace
}  // namespace chatterbox::sidecar
