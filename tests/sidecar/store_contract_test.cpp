// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// What every store of jobs promises: starts that come too late, owners, what a restart finds.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "sidecar/store_kind.h"

namespace chatterbox::sidecar {
namespace {

class StoreContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
#ifdef CHATTERBOX_HAVE_LIBPQ
    if (GetParam() == "postgres") {
      if (PostgresKind::address().empty()) GTEST_SKIP() << "expected to be run by postgres.py";
      kind_ = std::make_unique<PostgresKind>();
    }
#endif
    if (!kind_) kind_ = std::make_unique<SqliteKind>();
    open();
  }
  void open() {
    store_.reset();
    store_ = kind_->open(limits_, shares_);
  }
  std::string add(const std::string& owner = "a", const std::string& request = "{}") {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = owner;
    job.request = request;
    EXPECT_TRUE(store_->add(job));
    return job.id;
  }

  StoreLimits limits_;
  Shares shares_;
  std::unique_ptr<StoreKind> kind_;
  std::unique_ptr<JobStore> store_;
};

TEST_P(StoreContract, AnEarlierStartEndsNothing) {
  const std::string id = add();
  const Claim first = *store_->claim();
  // Its time is over; the client asks for another try while the first still works.
  EXPECT_TRUE(store_->finish(first.job, JobState::kTimedOut, "", "Execution timeout", ""));
  EXPECT_TRUE(store_->retry("a", id));
  EXPECT_FALSE(store_->finish(first.job, JobState::kCompleted, "\"late\"", "", ""));
  EXPECT_EQ(store_->find("a", id)->state, JobState::kInQueue);
  const Claim second = *store_->claim();
  EXPECT_GT(second.job.epoch, first.job.epoch);
  EXPECT_EQ(second.job.attempts, 1);
  EXPECT_FALSE(store_->is_current(first.job));
  EXPECT_FALSE(store_->finish(first.job, JobState::kCompleted, "\"late\"", "", ""));
  store_->put_back(first.job);
  EXPECT_EQ(store_->add_chunk(first.job, 0, "\"late\""), ChunkFate::kStale);
  EXPECT_EQ(store_->find("a", id)->state, JobState::kInProgress);
  EXPECT_EQ(store_->add_chunk(second.job, 0, "1"), ChunkFate::kKept);
  EXPECT_TRUE(store_->finish(second.job, JobState::kCompleted, "\"good\"", "", ""));
  EXPECT_EQ(store_->output_part(id, 0), "\"good\"");
}

TEST_P(StoreContract, PriorityThenTheTurnThenTheNumberDecides) {
  std::map<std::string, std::string> names;
  const auto put = [&](const std::string& name, const std::string& owner, bool low) {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = owner;
    job.request = "{}";
    job.low_priority = low;
    EXPECT_TRUE(store_->add(job));
    names[job.id] = name;
  };
  put("low", "c", true);
  put("a1", "a", false);
  put("a2", "a", false);
  put("a3", "a", false);
  put("b1", "b", false);
  put("low2", "d", true);
  std::string order;
  while (const auto claim = store_->claim()) {
    order += names[claim->job.id] + " ";
    // What has begun and goes back is the first again.
    if (order == "a1 b1 ") {
      store_->put_back(claim->job);
      EXPECT_EQ(store_->claim()->job.id, claim->job.id);
    }
  }
  EXPECT_EQ(order, "a1 b1 a2 a3 low low2 ");
}

// Whoever is first ends the job, and the others change nothing of it.
TEST_P(StoreContract, AnEndAndACancelMakeOneEnd) {
  int completed = 0;
  for (int turn = 0; turn < 100; ++turn) {
    const std::string id = add();
    const Claim claim = *store_->claim();
    store_->add_chunk(claim.job, 0, "1");
    bool finished = false, known = false;
    ChunkFate fate = ChunkFate::kKept;
    std::thread worker([&] {
      fate = store_->add_chunk(claim.job, 1, "2");
      finished = store_->finish(claim.job, JobState::kCompleted, "\"good\"", "", "");
    });
    std::thread client([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(turn % 20 * 50));
      known = store_->cancel("a", id);
    });
    worker.join();
    client.join();
    EXPECT_TRUE(known);
    const JobState state = store_->find("a", id)->state;
    EXPECT_EQ(state, finished ? JobState::kCompleted : JobState::kCancelled);
    EXPECT_EQ(store_->output_part(id, 0), finished ? "\"good\"" : "");
    EXPECT_TRUE(!finished || fate == ChunkFate::kKept);
    EXPECT_FALSE(store_->finish(claim.job, JobState::kFailed, "", "late", ""));
    EXPECT_EQ(store_->find("a", id)->state, state);
    EXPECT_FALSE(store_->claim());
    completed += finished;
  }
  store_->expire();
  EXPECT_EQ(store_->counts().completed, completed);
  EXPECT_EQ(store_->counts().cancelled, 100 - completed);
  EXPECT_EQ(store_->counts().running, 0);
}

// Of minutes of speech at the highest rate.
TEST_P(StoreContract, LargeResultsAreKeptWhole) {
  std::string large(std::size_t(130) << 20, '1');
  for (std::size_t at = 0; at < large.size(); at += 4099) large[at] = char('0' + at % 10);
  const std::string id = add();
  EXPECT_TRUE(store_->finish(store_->claim()->job, JobState::kCompleted, large, "", ""));
  EXPECT_EQ(store_->output_bytes(id), std::int64_t(large.size()));
  std::size_t at = 0;
  for (int number = 0;; ++number) {
    const std::string part = store_->output_part(id, number);
    if (part.empty()) break;
    ASSERT_EQ(large.compare(at, part.size(), part), 0) << number;
    at += part.size();
  }
  EXPECT_EQ(at, large.size());
}

TEST_P(StoreContract, AResultThatIsBeingReadOutlivesItsTime) {
  const std::string id = add();
  EXPECT_FALSE(store_->begin_reading("nobody's"));
  EXPECT_TRUE(store_->finish(store_->claim()->job, JobState::kCompleted, "\"good\"", "", ""));
  // Two read it; the one that ends first does not end it for the other.
  EXPECT_TRUE(store_->begin_reading(id));
  EXPECT_TRUE(store_->begin_reading(id));
  store_->keep_for("a", id, 0);
  store_->expire();
  store_->end_reading(id);
  store_->expire();
  EXPECT_EQ(store_->output_part(id, 0), "\"good\"");
  store_->end_reading(id);
  store_->keep_for("a", id, 0);
  for (int rounds = 0; store_->find("a", id) && rounds < 400; ++rounds) {
    store_->expire();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_FALSE(store_->find("a", id));
  EXPECT_FALSE(store_->begin_reading(id));
}

TEST_P(StoreContract, AJobThatBeginsAgainHasNoChunksOfBefore) {
  const std::string id = add();
  const Claim first = *store_->claim();
  for (int i = 0; i < 3; ++i) store_->add_chunk(first.job, i, std::to_string(i));
  EXPECT_EQ(store_->take_stream("a", id)->chunks.size(), 3u);
  store_->add_chunk(first.job, 3, "3");
  open();  // as after kill -9
  const Claim second = *store_->claim();
  // The fourth piece of the first start is gone; the three that were delivered are compared.
  EXPECT_TRUE(store_->take_stream("a", id)->chunks.empty());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(store_->add_chunk(second.job, i, std::to_string(i)), ChunkFate::kKept);
  EXPECT_TRUE(store_->take_stream("a", id)->chunks.empty());
  EXPECT_EQ(store_->add_chunk(second.job, 3, "three"), ChunkFate::kKept);
  EXPECT_EQ(store_->take_stream("a", id)->chunks, std::vector<std::string>{"three"});
  open();
  const Claim third = *store_->claim();
  EXPECT_EQ(store_->add_chunk(third.job, 0, "another"), ChunkFate::kDiffers);
}

TEST_P(StoreContract, OwnersSeeTheirOwn) {
  const std::string id = add("a");
  EXPECT_TRUE(store_->find("a", id));
  EXPECT_FALSE(store_->find("b", id));
  EXPECT_FALSE(store_->cancel("b", id));
  EXPECT_FALSE(store_->take_stream("b", id));
  EXPECT_TRUE(store_->purge_queue("b").empty());
  store_->keep_for("b", id, 0);
  store_->expire();
  EXPECT_EQ(store_->counts("b").queued, 0);
  EXPECT_EQ(store_->counts("a").queued, 1);
  EXPECT_EQ(store_->purge_queue("a"), std::vector<std::string>{id});
  store_->expire();
  EXPECT_EQ(store_->counts().kept, 0);
}

TEST_P(StoreContract, CountsSurviveEverythingThatMovesThem) {
  shares_.set_owners(2);
  limits_.queued = 8;
  open();
  NewJob one;
  one.owner = "a";
  one.request = "{}";
  for (int i = 0; i < 4; ++i) add("a");
  one.id = new_job_id(false);
  EXPECT_FALSE(store_->add(one));
  for (int i = 0; i < 4; ++i) add("b");
  const Claim claim = *store_->claim();
  store_->cancel(claim.job.owner, claim.job.id);
  store_->finish(store_->claim()->job, JobState::kFailed, "", "x", "");
  store_->put_back(store_->claim()->job);
  store_->expire();
  const JobCounts now = store_->counts();
  open();
  const JobCounts after = store_->counts();
  EXPECT_EQ(now.queued, after.queued);
  EXPECT_EQ(now.queued_bytes, after.queued_bytes);
  EXPECT_EQ(now.running, after.running);
  EXPECT_EQ(now.kept, after.kept);
  EXPECT_EQ(now.kept_bytes, after.kept_bytes);
}

TEST_P(StoreContract, ResultsBeyondAShareKeepOnesOwnJobsWaiting) {
  limits_.kept_bytes = 20'000;
  shares_.set_owners(2);
  open();
  const auto add_of = [&](const char* owner, std::size_t bytes) {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = owner;
    job.request = std::string(bytes, 'x');
    return store_->add(job);
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(add_of("a", 100));
  // Its result takes more than all may take.
  const Claim first = *store_->claim();
  ASSERT_TRUE(store_->finish(first.job, JobState::kCompleted, std::string(25'000, 'y'), "", ""));
  // It counts at once, where several servers share a store from the next count on.
  if (store_->shared()) store_->expire();
  EXPECT_FALSE(store_->claim());
  EXPECT_FALSE(add_of("a", 100));
  // Others do not notice.
  EXPECT_TRUE(add_of("b", 9000));
  EXPECT_FALSE(add_of("b", 9000));
  const Claim other = *store_->claim();
  EXPECT_EQ(other.job.owner, "b");
  EXPECT_FALSE(store_->claim());
  EXPECT_TRUE(store_->finish(other.job, JobState::kCompleted, "1", "", ""));
  // Once the result is gone the owner's other jobs have their turn.
  store_->keep_for("a", first.job.id, 0);
  store_->expire();
  EXPECT_EQ(store_->claim()->job.owner, "a");
  // One request that is larger than a share is taken, and begun, where there is room.
  EXPECT_TRUE(add_of("c", 10'500));
  EXPECT_EQ(store_->claim()->job.owner, "a");
  EXPECT_EQ(store_->claim()->job.owner, "c");
}

TEST_P(StoreContract, ResultsComeInPieces) {
  const std::string id = add();
  std::string output = "\"";
  for (int i = 0; output.size() < 1'000'000; ++i) output += std::to_string(i) + "é";
  output += '"';
  EXPECT_TRUE(store_->finish(store_->claim()->job, JobState::kCompleted, output, "", ""));
  EXPECT_EQ(store_->output_bytes(id), std::int64_t(output.size()));
  std::string read, part;
  for (int i = 0; !(part = store_->output_part(id, i)).empty(); ++i) {
    EXPECT_LE(part.size(), 300'000u);
    read += part;
  }
  EXPECT_EQ(read, output);
}

TEST_P(StoreContract, WebhooksOfOneDoNotKeepOthersWaiting) {
  for (const char* owner : {"a", "a", "a", "a", "a", "a", "a", "a", "b"}) {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = owner;
    job.request = "{}";
    job.webhook = "http://x.example/";
    ASSERT_TRUE(store_->add(job));
    store_->cancel(owner, job.id);
  }
  const auto due = store_->due_webhooks({{"a", 1}}, 4);
  ASSERT_EQ(due.size(), 4u);
  EXPECT_EQ(due.back().owner, "b");
  // A try counts when it was sent.
  EXPECT_EQ(store_->find("b", due.back().id)->webhook_tries, 0);
  for (int i = 1; i <= 3; ++i) {
    store_->webhook_sent(due.back().id, false, -1000);
    EXPECT_EQ(store_->find("b", due.back().id)->webhook_tries, i);
  }
  for (const Job& job : store_->due_webhooks({}, 100)) EXPECT_NE(job.id, due.back().id);
}

TEST_P(StoreContract, AnObjectLivesAsLongAsWhatNamesIt) {
  NewJob job;
  job.id = new_job_id(false);
  job.owner = "a";
  job.request_object = "requests/1";
  job.object_bytes = 1000;
  EXPECT_THROW(store_->add(job), StorageError) << "nobody has begun it";
  store_->begin_object("requests/1");
  EXPECT_TRUE(store_->due_objects().empty());
  ASSERT_TRUE(store_->add(job));
  store_->expire();
  EXPECT_EQ(store_->counts().queued_bytes, 1000);
  const Claim claim = *store_->claim();
  EXPECT_EQ(claim.request_object, "requests/1");
  EXPECT_TRUE(claim.request.empty());
  store_->begin_object("results/1");
  EXPECT_TRUE(
      store_->finish(claim.job, JobState::kCompleted, ObjectOfJob{"results/1", 77}, "", ""));
  EXPECT_EQ(store_->due_objects(), std::vector<std::string>{"requests/1"});
  EXPECT_TRUE(store_->due_objects().empty()) << "somebody is at it";
  store_->object_removed("requests/1");
  EXPECT_EQ(store_->output_bytes(job.id), 77);
  EXPECT_EQ(store_->output_part(job.id, 0), "");
  const auto result = store_->output_object(job.id);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->name, "results/1");
  EXPECT_EQ(result->bytes, 77);
  store_->object_removed("results/1");
  store_->keep_for("a", job.id, -1000);
  store_->expire();
  EXPECT_EQ(store_->due_objects(), std::vector<std::string>{"results/1"});
  EXPECT_FALSE(store_->output_object(job.id));
}

TEST_P(StoreContract, WhatALateStartSentIsNotKept) {
  const std::string id = add();
  const Claim claim = *store_->claim();
  store_->cancel("a", id);
  store_->begin_object("results/late");
  EXPECT_FALSE(
      store_->finish(claim.job, JobState::kCompleted, ObjectOfJob{"results/late", 7}, "", ""));
  store_->drop_object("results/late");
  EXPECT_EQ(store_->due_objects(), std::vector<std::string>{"results/late"});
  EXPECT_FALSE(store_->output_object(id));
  // What is being removed cannot be named any more.
  const std::string next = add();
  EXPECT_THROW(store_->finish(store_->claim()->job, JobState::kCompleted,
                              ObjectOfJob{"results/late", 7}, "", ""),
               StorageError);
  EXPECT_EQ(store_->find("a", next)->state, JobState::kInProgress);
}

TEST_P(StoreContract, SecretsGoWithTheEnd) {
  for (const JobState state : {JobState::kCompleted, JobState::kFailed, JobState::kTimedOut}) {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = "a";
    job.request = "{}";
    job.secret = true;
    ASSERT_TRUE(store_->add(job));
    EXPECT_TRUE(store_->finish(store_->claim()->job, state, "", "x", ""));
    EXPECT_FALSE(store_->retry("a", job.id)) << "its request is gone";
  }
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, testing::Values("sqlite"));
#ifdef CHATTERBOX_HAVE_LIBPQ
INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, testing::Values("postgres"));
#endif

}  // namespace
}  // namespace chatterbox::sidecar
