// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Jobs in a database that several servers share.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>

#include "operations/voice_table.h"
#include "sidecar/postgres_version1.h"
#include "sidecar/store_kind.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kLong = std::chrono::seconds(60);

class PostgresStore : public testing::Test {
 protected:
  void SetUp() override {
    if (PostgresKind::address().empty()) GTEST_SKIP() << "expected to be run by postgres.py";
    kind_ = std::make_unique<PostgresKind>();
  }
  std::unique_ptr<PostgresJobStore> server(std::int64_t lease_ms = 30'000) {
    return PostgresKind::open_postgres(limits_, shares_, lease_ms);
  }
  static std::string add(JobStore& store, const std::string& owner = "a",
                         const std::string& model = "") {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = owner;
    job.model = model;
    job.request = "{}";
    EXPECT_TRUE(store.add(job));
    return job.id;
  }
  static void sql(const char* statement) {
    PgConnection(PostgresKind::address()).execute(statement);
  }

  StoreLimits limits_;
  Shares shares_;
  std::unique_ptr<PostgresKind> kind_;
};

// What a store told, and a way to wait for it.
struct Ear {
  StoreEvents events() {
    return {[this] { hear("work"); }, [this](const std::string& id) { hear("news " + id); },
            [this](const std::string& id) { hear("stopped " + id); },
            [this](const std::string& id, std::int64_t epoch) {
              hear("lost " + id + " " + std::to_string(epoch));
            },
            [this] { hear("voices"); }};
  }
  void hear(const std::string& what) {
    const std::lock_guard lock(mutex);
    heard.insert(what);
    changed.notify_all();
  }
  bool hears(const std::string& what) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kLong, [&] { return heard.contains(what); });
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> heard;
};

TEST_F(PostgresStore, AnyServerKnowsTheJobsOfAll) {
  const auto one = server(), two = server();
  const std::string id = add(*one);
  const Claim claim = *two->claim();
  EXPECT_EQ(claim.job.id, id);
  EXPECT_FALSE(one->claim());
  EXPECT_EQ(two->add_chunk(claim.job, 0, "1"), ChunkFate::kKept);
  EXPECT_EQ(one->take_stream("a", id)->chunks, std::vector<std::string>{"1"});
  EXPECT_TRUE(two->take_stream("a", id)->chunks.empty());
  EXPECT_TRUE(one->cancel("a", id));
  EXPECT_FALSE(two->is_current(claim.job));
  EXPECT_EQ(two->add_chunk(claim.job, 1, "2"), ChunkFate::kStale);
  EXPECT_FALSE(two->finish(claim.job, JobState::kCompleted, "1", "", ""));
}

TEST_F(PostgresStore, EveryJobIsClaimedOnce) {
  constexpr int kServers = 4, kJobs = 80;
  const auto first = server();
  std::set<std::string> added;
  for (int i = 0; i < kJobs; ++i) added.insert(add(*first, i % 2 ? "a" : "b"));
  std::mutex mutex;
  std::multiset<std::string> claimed;
  std::vector<std::thread> servers;
  for (int i = 0; i < kServers; ++i)
    servers.emplace_back([&] {
      const auto own = server();
      while (const auto claim = own->claim()) {
        EXPECT_TRUE(own->finish(claim->job, JobState::kCompleted, "1", "", ""));
        const std::lock_guard lock(mutex);
        claimed.insert(claim->job.id);
      }
    });
  for (std::thread& thread : servers) thread.join();
  EXPECT_EQ(claimed.size(), added.size());
  EXPECT_EQ(std::set<std::string>(claimed.begin(), claimed.end()), added);
  first->expire();
  EXPECT_EQ(first->counts().queued, 0);
  EXPECT_EQ(first->counts().running, 0);
  EXPECT_EQ(first->counts().kept, kJobs);
}

TEST_F(PostgresStore, WhoseLeaseRanOutChangesNothing) {
  const auto one = server(), two = server();
  const std::string id = add(*one);
  const Claim late = *one->claim();
  EXPECT_EQ(one->add_chunk(late.job, 0, "1"), ChunkFate::kKept);
  two->expire();
  EXPECT_FALSE(two->claim()) << "it is at work still";
  sql("UPDATE chatterbox.jobs SET lease_ms = 1");
  two->expire();
  EXPECT_EQ(two->figures().leases_lost, 1);
  EXPECT_EQ(one->add_chunk(late.job, 1, "late"), ChunkFate::kStale);
  const Claim next = *two->claim();
  EXPECT_GT(next.job.epoch, late.job.epoch);
  EXPECT_EQ(next.job.attempts, 2);
  EXPECT_EQ(one->add_chunk(late.job, 1, "late"), ChunkFate::kStale);
  one->put_back(late.job);
  EXPECT_FALSE(one->finish(late.job, JobState::kCompleted, "\"late\"", "", ""));
  EXPECT_EQ(two->add_chunk(next.job, 0, "2"), ChunkFate::kKept) << "nobody had the other one";
  EXPECT_TRUE(two->finish(next.job, JobState::kCompleted, "\"good\"", "", ""));
  EXPECT_EQ(one->output_part(id, 0), "\"good\"");
}

// The lease runs out while its server ends the job, and its client asks for another try.
TEST_F(PostgresStore, ALostLeaseAndARetryMakeOneStart) {
  const auto one = server(), two = server();
  for (int turn = 0; turn < 60; ++turn) {
    const std::string id = add(*one);
    const Claim first = *one->claim();
    sql("UPDATE chatterbox.jobs SET lease_ms = 1 WHERE state = 1");
    std::vector<Claim> next;
    std::thread ends([&] {
      one->finish(first.job, JobState::kFailed, "", "Failed", "");
      one->retry("a", id);
    });
    std::thread frees([&] { two->expire(); });
    std::thread takes([&] {
      for (int i = 0; i < 20; ++i)
        if (auto claim = two->claim()) next.push_back(*claim);
    });
    for (std::thread* thread : {&ends, &frees, &takes}) thread->join();
    one->retry("a", id);
    if (auto claim = one->claim()) next.push_back(*claim);
    // One start counts, the last; no other changes anything.
    ASSERT_FALSE(next.empty());
    std::set<std::int64_t> epochs{first.job.epoch};
    for (const Claim& claim : next) EXPECT_TRUE(epochs.insert(claim.job.epoch).second);
    EXPECT_FALSE(one->is_current(first.job));
    int current = 0, ended = 0;
    for (const Claim& claim : next) current += one->is_current(claim.job);
    EXPECT_EQ(current, 1);
    EXPECT_FALSE(one->finish(first.job, JobState::kCompleted, "\"late\"", "", ""));
    for (const Claim& claim : next)
      ended +=
          two->finish(claim.job, JobState::kCompleted, std::to_string(claim.job.epoch), "", "");
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(one->output_part(id, 0), std::to_string(*epochs.rbegin()));
  }
}

TEST_F(PostgresStore, WhatKeepsEndingServersFails) {
  limits_.attempts = 2;
  const auto one = server();
  const std::string id = add(*one);
  for (int start = 0; start < limits_.attempts; ++start) {
    ASSERT_TRUE(one->claim());
    sql("UPDATE chatterbox.jobs SET lease_ms = 1");
    one->expire();
  }
  EXPECT_FALSE(one->claim());
  const Job job = *one->find("a", id);
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error, "Interrupted");
}

TEST_F(PostgresStore, ALeaseIsRenewedWhileItsServerLives) {
  // Renewed every third of that, however slow the machine is.
  constexpr std::int64_t kLeaseMs = 9000;
  Ear ear;
  const auto one = server(kLeaseMs);
  one->watch(ear.events());
  const std::string id = add(*one);
  const Claim claim = *one->claim();
  PgConnection connection(PostgresKind::address());
  const auto lease = [&] {
    return PgQuery(connection, "SELECT lease_ms FROM chatterbox.jobs").run().integer(0, 0);
  };
  const std::int64_t first = lease();
  const auto end = std::chrono::steady_clock::now() + kLong;
  while (lease() == first && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_GT(lease(), first);
  EXPECT_TRUE(one->is_current(claim.job));
  EXPECT_EQ(server()->figures().workers, 3) << "of the one server that has told";
  // Somebody else has it now.
  sql("UPDATE chatterbox.jobs SET epoch = epoch + 1");
  EXPECT_TRUE(ear.hears("lost " + id + " " + std::to_string(claim.job.epoch)));
}

TEST_F(PostgresStore, ServersHearOfEachOther) {
  Ear ear, other;
  const auto one = server(), two = server();
  one->watch(ear.events());
  two->watch(other.events());
  // Before that nobody listens.
  ASSERT_TRUE(ear.hears("news "));
  {
    const std::lock_guard lock(ear.mutex);
    ear.heard.clear();
  }
  const std::string id = add(*two);
  EXPECT_TRUE(ear.hears("work"));
  const Claim claim = *two->claim();
  two->add_chunk(claim.job, 0, "1");
  EXPECT_TRUE(ear.hears("news " + id));
  two->cancel("a", id);
  EXPECT_TRUE(ear.hears("stopped " + id));
}

// Threads of the store go on, and tell again what could not be taken in.
TEST_F(PostgresStore, WhoHearsMayThrow) {
  Ear ear;
  std::atomic<int> thrown = 0;
  const auto stumble = [&](const std::string& what) {
    switch (thrown++) {
      case 0:
        throw std::bad_alloc();
      case 1:
        throw std::runtime_error("thrown by a test");
      case 2:
        throw 1;
      default:
        ear.hear(what);
    }
  };
  const auto one = server(3000);
  StoreEvents events = ear.events();
  events.lost = [&](const std::string& id, std::int64_t epoch) {
    stumble("lost " + id + " " + std::to_string(epoch));
  };
  one->watch(events);
  const std::string id = add(*one);
  const Claim claim = *one->claim();
  sql("UPDATE chatterbox.jobs SET epoch = epoch + 1");
  EXPECT_TRUE(ear.hears("lost " + id + " " + std::to_string(claim.job.epoch)));
  EXPECT_EQ(thrown, 4);
  // And once only.
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_EQ(thrown, 4);
}

TEST_F(PostgresStore, NewsThatCannotBeTakenInEndsNothing) {
  Ear ear, other;
  std::atomic<int> thrown = 0;
  const auto one = server(), two = server();
  StoreEvents events = ear.events();
  events.news = [&](const std::string& id) {
    if (++thrown % 3 == 1) throw 1;
    ear.hear("news " + id);
  };
  one->watch(events);
  two->watch(other.events());
  ASSERT_TRUE(other.hears("news "));
  // The first is missed, and so its connection, which is made anew: then all may be news.
  ASSERT_TRUE(ear.hears("news "));
  const std::string first = add(*two), second = add(*two);
  const auto end = std::chrono::steady_clock::now() + kLong;
  const auto heard = [&] {
    const std::lock_guard lock(ear.mutex);
    return ear.heard.contains("news " + second);
  };
  for (int number = 0; !heard() && std::chrono::steady_clock::now() < end; ++number) {
    two->cancel("a", first);
    if (const auto claim = two->claim()) two->finish(claim->job, JobState::kFailed, "", "", "");
    two->retry("a", second);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  EXPECT_TRUE(heard());
  EXPECT_GT(thrown, 2);
}

// What throws with a connection in its hands gives it back, and nothing of what it had begun.
TEST_F(PostgresStore, ATransactionThatIsLeftIsRolledBack) {
  server();
  PgPool pool(PostgresKind::address(), 1);
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_THROW(pool.with([](PgConnection& connection) -> bool {
      PgTransaction together(connection);
      connection.execute("INSERT INTO chatterbox.servers VALUES('gone', 1, 1)");
      throw std::bad_alloc();
    }),
                 std::bad_alloc);
    EXPECT_EQ(pool.with([](PgConnection& connection) {
      return PgQuery(connection, "SELECT count(*) FROM chatterbox.servers").run().integer(0, 0);
    }),
              0);
    EXPECT_TRUE(pool.available());
  }
}

// A machine that is gone in the midst of a change, without a word.
TEST_F(PostgresStore, WhoIsSilentKeepsNobodyOut) {
  const auto one = server();
  const std::string id = add(*one);
  PgConnection silent(PostgresKind::address());
  silent.execute("BEGIN; LOCK TABLE chatterbox.voices IN EXCLUSIVE MODE");
  PgQuery(silent, "SELECT 1 FROM chatterbox.jobs WHERE id = $1 FOR UPDATE").bind(id).run();
  SharedVoice voice;
  voice.folder = "a";
  voice.about.name = "Ida";
  voice.recording = "fLaC";
  voice.digest = "one";
  EXPECT_TRUE(one->voices()->put(voice, false));
  EXPECT_TRUE(one->cancel("a", id));
  EXPECT_EQ(one->find("a", id)->state, JobState::kCancelled);
  EXPECT_THROW(silent.execute("COMMIT"), PgError);
}

// What a database, or the role, has as its default is not what servers need.
TEST_F(PostgresStore, DefaultsOfTheDatabaseDoNotMatter) {
  sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = "
      "serializable', current_database()); EXECUTE format('ALTER DATABASE %I SET search_path = "
      "nowhere', current_database()); END $$");
  {
    const auto one = server(), two = server();
    for (int i = 0; i < 40; ++i) add(*one);
    std::atomic<int> ended = 0, refused = 0;
    const auto work = [&](PostgresJobStore& store) {
      for (int i = 0; i < 40; ++i) try {
          const auto claim = store.claim();
          if (!claim) return;
          ended += store.finish(claim->job, JobState::kCompleted, "1", "", "");
        } catch (const StorageError&) {
          ++refused;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work, std::ref(i % 2 ? *one : *two));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(ended, 40);
    EXPECT_EQ(refused, 0);
  }
  sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$");
}

TEST_F(PostgresStore, LimitsCountOverAllServers) {
  limits_.queued = 4;
  shares_.set_owners(2);
  const auto one = server(), two = server();
  add(*one, "a");
  add(*two, "a");
  NewJob more;
  more.id = new_job_id(false);
  more.owner = "a";
  more.request = "{}";
  EXPECT_FALSE(one->add(more)) << "a share is two";
  EXPECT_FALSE(two->add(more));
  more.owner = "b";
  EXPECT_TRUE(one->add(more));
}

TEST_F(PostgresStore, TurnsAreOfAllServers) {
  shares_.set_owners(2);
  const auto one = server(), two = server();
  // Many of one client by one server, and some have begun; then a few of another by the other.
  for (int i = 0; i < 6; ++i) add(*one, "a");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(one->claim()->job.owner, "a");
  for (int i = 0; i < 2; ++i) add(*two, "b");
  std::string order;
  for (int i = 0; i < 3; ++i) order += one->claim()->job.owner + two->claim()->job.owner;
  EXPECT_TRUE(order == "ababaa" || order == "babaaa") << order;
}

TEST_F(PostgresStore, TextThatIsNoTextIsKept) {
  const auto one = server();
  const std::string id = add(*one);
  const Claim claim = *one->claim();
  const std::string half = std::string("half \xc3") + '\0' + "more";
  EXPECT_TRUE(one->finish(claim.job, JobState::kFailed, "", half, half));
  EXPECT_TRUE(one->find("a", id)->error.starts_with("half "));
}

TEST_F(PostgresStore, VoicesAreOfAllServers) {
  const auto one = server(), two = server();
  SharedVoice voice;
  voice.folder = "a";
  voice.about.name = "Éva";
  voice.about.id = "0123abcd";
  voice.recording = std::string("fLaC\0\xff", 6);
  voice.digest = "one";
  EXPECT_TRUE(one->voices()->put(voice, false));
  SharedVoice other = voice;
  other.about.name = "ÉVA";
  other.digest = "two";
  EXPECT_FALSE(two->voices()->put(other, false)) << "the name is taken";
  EXPECT_TRUE(two->voices()->put(other, true));
  other.folder = "b";
  EXPECT_TRUE(two->voices()->put(other, false)) << "another owner";
  auto changes = one->voices()->changed_after(0);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].digest, "two");
  EXPECT_EQ(changes[0].recording, voice.recording);
  EXPECT_EQ(changes[0].about.id, voice.about.id);
  EXPECT_LT(changes[0].change, changes[1].change);
  one->voices()->remove("a", "Éva");
  const auto gone = two->voices()->changed_after(changes[1].change);
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_TRUE(gone[0].gone);
  EXPECT_TRUE(two->voices()->put(voice, false)) << "the name is free again";
  // A job that begins again keeps its own voice.
  voice.about = {"Job's", "", "", "", "cloned by job 1"};
  EXPECT_TRUE(one->voices()->put(voice, false));
  EXPECT_TRUE(two->voices()->put(voice, false));
  voice.about.provenance = "cloned by job 2";
  EXPECT_FALSE(two->voices()->put(voice, false));
}

TEST_F(PostgresStore, AJobIsTakenByWhoHasItsModel) {
  const auto one = server(), two = server();
  const std::string turbo = add(*one, "a", "turbo"), nano = add(*one, "a", "nano");
  EXPECT_FALSE(one->claim_for({{"other", "x"}, {"", "x"}}));
  const Claim claim = *one->claim_for({{"other", "x"}, {"nano", "x"}});
  EXPECT_EQ(claim.job.id, nano);
  // Both would do: the turn counts.
  one->put_back(claim.job);
  EXPECT_EQ(one->claim_for({{"nano", "x"}, {"turbo", "x"}})->job.id, nano) << "it had begun";
  EXPECT_EQ(one->claim_for({{"nano", "x"}, {"turbo", "x"}})->job.id, turbo);
}

TEST_F(PostgresStore, WhatAClientHasBeginsAgainInTheSameWayAlone) {
  const auto one = server();
  const std::string id = add(*one);
  Claim claim = *one->claim_for({{"", "bfloat16"}});
  one->add_chunk(claim.job, 0, "1");
  one->put_back(claim.job);
  // Nobody has heard it: any will do.
  claim = *one->claim_for({{"", "float32"}});
  one->add_chunk(claim.job, 0, "1");
  EXPECT_EQ(one->take_stream("a", id)->chunks.size(), 1u);
  one->put_back(claim.job);
  EXPECT_FALSE(one->claim_for({{"", "bfloat16"}}));
  EXPECT_TRUE(one->claim_for({{"", "float32"}}));
}

TEST_F(PostgresStore, WhatNoServerHasIsTold) {
  Ear ear;
  // A second is long for the database and short for a test.
  const auto one = PostgresKind::open_postgres(limits_, shares_, 1000, 1);
  const std::string served = add(*one);
  const std::string unserved = add(*one, "a", "nobody's");
  ASSERT_EQ(one->claim_for({{"", "x"}})->job.id, served);
  one->watch(ear.events());
  bool told = false;
  const auto end = std::chrono::steady_clock::now() + kLong;
  while (one->find("a", unserved)->state == JobState::kInQueue &&
         std::chrono::steady_clock::now() < end) {
    one->expire();
    told = told || one->figures().unserved > 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(told);
  EXPECT_EQ(one->find("a", unserved)->error, "No server has the model");
}

// The database, or all of its servers, stood still for longer than a model is waited for.
TEST_F(PostgresStore, WhoWasAwayWithAllOthersHasItsTime) {
  constexpr std::int64_t kModelMs = 3000;
  const auto one = PostgresKind::open_postgres(limits_, shares_, kModelMs, 1);
  const std::string id = add(*one, "a", "mine");
  const auto look_for = [&](std::int64_t ms, const char* meanwhile) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (std::chrono::steady_clock::now() < end &&
           one->find("a", id)->state == JobState::kInQueue) {
      sql(meanwhile);
      one->expire();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  };
  look_for(2 * kModelMs,
           "INSERT INTO chatterbox.offers VALUES('mine', 'x', chatterbox.now_ms()) "
           "ON CONFLICT (model, type) DO UPDATE SET seen_ms = excluded.seen_ms");
  std::this_thread::sleep_for(std::chrono::milliseconds(kModelMs + 1000));
  look_for(kModelMs / 2, "SELECT 1");
  EXPECT_EQ(one->find("a", id)->state, JobState::kInQueue);
  // Nobody came back.
  look_for(60'000, "SELECT 1");
  EXPECT_EQ(one->find("a", id)->error, "No server has the model");
}

// A server of version 1 as far as the database sees it, its statements prepared before the change.
class OldServer {
 public:
  void add(const std::string& id) {
    PgQuery(connection_, version1::kInsert)
        .bind(id)
        .bind(0)
        .bind("a")
        .bind(0)
        .bind(0)
        .bind_bytes("{}")
        .bind(86'400'000)
        .bind(600'000)
        .bind(1)
        .bind("")
        .bind("")
        .bind("")
        .bind(0)
        .bind("")
        .run();
  }
  std::pair<std::string, std::int64_t> claim() {
    const PgRows rows = PgQuery(connection_, version1::kClaim).bind("old").bind(30'000).run();
    if (rows.count() == 0) return {};
    EXPECT_EQ(rows.text(0, 2), "{}");
    return {rows.text(0, 0), rows.integer(0, 1)};
  }
  bool finish(const std::pair<std::string, std::int64_t>& start) {
    return PgQuery(connection_, version1::kFinish)
               .bind(start.first)
               .bind(start.second)
               .bind(2)
               .bind("")
               .bind("")
               .bind(600'000)
               .bind_bytes("\"old\"")
               .run()
               .count() > 0;
  }

 private:
  PgConnection connection_{PostgresKind::address()};
};

TEST_F(PostgresStore, TablesOfVersion1AreBroughtUpWhileAServerUsesThem) {
  sql(version1::kTables);
  OldServer old;
  old.add("before");
  old.add("running");
  old.add("waiting");
  ASSERT_TRUE(old.finish(old.claim()));
  const auto running = old.claim();
  EXPECT_EQ(running.first, "running");
  const auto one = server();
  EXPECT_EQ(one->output_part("before", 0), "\"old\"");
  EXPECT_EQ(one->find("a", "running")->epoch, running.second);
  // The old one goes on with what it had, and with more; the new one takes what that adds.
  EXPECT_TRUE(old.finish(running));
  EXPECT_EQ(one->output_part("running", 0), "\"old\"");
  old.add("added");
  EXPECT_EQ(one->claim_for({{"", "x"}})->job.id, "waiting");
  EXPECT_EQ(one->claim_for({{"", "x"}})->job.id, "added");
  const std::string id = add(*one);
  const auto taken = old.claim();
  EXPECT_EQ(taken.first, id);
  EXPECT_TRUE(old.finish(taken));
  one->expire();
  EXPECT_EQ(one->counts().kept, 5);
  EXPECT_EQ(one->counts().running, 2);
  // A second new one finds the work done; the third may use objects, and then no old one starts.
  server()->use_objects();
  PgConnection connection(PostgresKind::address());
  const PgRows version =
      PgQuery(connection, "SELECT version, usable_from FROM chatterbox.version").run();
  EXPECT_EQ(version.integer(0, 0), 3);
  EXPECT_EQ(version.integer(0, 1), 2);
  // The queue's index is swept long before a fifth of all jobs is dead.
  const PgRows swept = PgQuery(connection,
                               "SELECT reloptions @> ARRAY['autovacuum_vacuum_scale_factor=0.02', "
                               "'vacuum_index_cleanup=on'] FROM pg_class "
                               "WHERE oid = 'chatterbox.jobs'::regclass")
                           .run();
  EXPECT_EQ(swept.integer(0, 0), 1);
}

TEST_F(PostgresStore, AServerStopsWhenItsTablesAreOfANewerKind) {
  Ear ear;
  // Long enough that no slow machine loses it by itself.
  const auto one = server(9000);
  const std::string id = add(*one);
  const Claim claim = *one->claim();
  one->watch(ear.events());
  sql("UPDATE chatterbox.version SET version = 99, usable_from = 99");
  EXPECT_TRUE(ear.hears("lost " + id + " " + std::to_string(claim.job.epoch)));
  EXPECT_FALSE(one->available());
  EXPECT_THROW(one->find("a", id), StorageError);
}

TEST_F(PostgresStore, ServersThatStartTogetherMakeTheTablesOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([this] { EXPECT_NO_THROW(add(*server())); });
  for (std::thread& thread : threads) thread.join();
  server()->expire();
  // A newer server has been here: one that we do not disturb, then one that we would.
  sql("UPDATE chatterbox.version SET version = 99, usable_from = 1");
  EXPECT_EQ(server()->counts().queued, 6);
  sql("UPDATE chatterbox.version SET usable_from = 98");
  EXPECT_THROW(server(), StorageError);
}

}  // namespace
}  // namespace chatterbox::sidecar
