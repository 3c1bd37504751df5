// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The threads that speak, without a server.
#include "jobs/worker_pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <future>
#include <numbers>

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

  // What the same recording becomes for each of `asking`, all at once.
  std::vector<ChosenVoice> choose(const std::vector<VoiceChoice>& asking) {
    const Models::Lease lease = models_.lend("one", {});
    std::vector<std::future<ChosenVoice>> making;
    for (const VoiceChoice& choice : asking)
      making.push_back(std::async(std::launch::async, [&] {
        Engine engine(lease.model());
        return voices_.choose("", choice, *engine.model(), engine, {});
      }));
    std::vector<ChosenVoice> speakers;
    for (std::future<ChosenVoice>& one : making) speakers.push_back(one.get());
    return speakers;
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

// Whether they are copies of one: a voice is what it points to.
bool same(const Voice& one, const Voice& other) {
  return std::memcmp(&one, &other, sizeof(Voice)) == 0;
}

Audio sound(double hz) {
  Audio audio;
  for (int i = 0; i < 5 * 24000; ++i)
    audio.samples.push_back(float(0.3 * std::sin(2 * std::numbers::pi * hz * i / 24000) *
                                  (i / 6000 % 4 == 3 ? 0.001 : 1)));
  return audio;
}

TEST_F(Pool, AVoiceIsMadeOnceHoweverManyAsk) {
  VoiceLibrary library = voices_.library("");
  for (const char* name : {"First", "Second"}) library.add({.name = name}, sound(150), false);
  library.add({.name = "Other"}, sound(200), false);
  std::vector<VoiceChoice> asking;
  for (const char* name : {"First", "Second", "Other", "First", "Second", "Other"}) {
    asking.emplace_back();
    asking.back().name = name;
  }
  const std::vector<ChosenVoice> speakers = choose(asking);
  for (std::size_t i = 0; i < speakers.size(); ++i) {
    EXPECT_EQ(speakers[i].name, asking[i].name);
    // One recording is one voice, whatever it is called.
    EXPECT_EQ(same(speakers[i].voice, speakers[0].voice), i % 3 != 2) << i;
    EXPECT_TRUE(same(speakers[i].voice, speakers[i % 3].voice)) << i;
  }
}

}  // namespace
}  // namespace chatterbox::sidecar
