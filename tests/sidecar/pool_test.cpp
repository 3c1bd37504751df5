// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The threads that speak, without a server.
#include "jobs/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <future>
#include <new>
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

// A store in which something else than a database throws, as often as it is told to.
class ThrowingStore : public SqliteJobStore {
 public:
  using SqliteJobStore::SqliteJobStore;
  std::optional<Claim> claim_for(const std::vector<ModelOffer>& offers) override {
    stumble(claims);
    return SqliteJobStore::claim_for(offers);
  }
  std::string request_of(const Claim& claim, const std::stop_token& stop) override {
    stumble(requests);
    return SqliteJobStore::request_of(claim, stop);
  }
  bool finish(const Job& job, JobState state, const Output& output, const std::string& error,
              const std::string& detail) override {
    stumble(ends);
    return SqliteJobStore::finish(job, state, output, error, detail);
  }
  std::atomic<int> claims = 0, requests = 0, ends = 0;

 private:
  static void stumble(std::atomic<int>& left) {
    if (left <= 0) return;
    if (left-- % 2) throw 1;
    throw std::bad_alloc();
  }
};

TEST_F(Pool, WhateverIsThrownEveryJobEnds) {
  ThrowingStore store(directory_.path("more.sqlite"), {}, shares_);
  std::atomic<int> told = 0;
  WorkerPool pool(store, models_, voices_, metrics_, shares_, WebhookPolicy("all"), 1, 4,
                  {[&](const std::string&) {
                    if (told++ % 2) throw 1;
                  }});
  pool.start();
  const auto run = [&] {
    NewJob job;
    job.id = new_job_id(false);
    job.request = R"({"input": {"operation": "list_local_voices"}})";
    EXPECT_TRUE(store.add(job));
    pool.wake();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!is_final(store.find("", job.id)->state) && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return *store.find("", job.id);
  };
  store.claims = 2;
  EXPECT_EQ(run().state, JobState::kCompleted);
  store.ends = 2;
  EXPECT_EQ(run().state, JobState::kCompleted);
  for (int i = 2; i > 0; --i) {
    store.requests = i;
    const Job job = run();
    EXPECT_EQ(job.state, JobState::kFailed);
    EXPECT_EQ(job.error, "Internal error");
    store.requests = 0;
  }
  EXPECT_EQ(run().state, JobState::kCompleted);
  EXPECT_GT(told, 4);
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
