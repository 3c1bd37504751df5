// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// What a store of jobs can do when the work itself costs nothing:
//   store_bench FILE|postgresql://... [JOBS [WAITING]]
// JOBS are added, claimed and ended by one server and by four; with WAITING (PostgreSQL only) the
// time of a claim is measured while so many jobs of 50 clients wait; those that wait from a run
// before are used again where JOBS is 0.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "sidecar/store_kind.h"

namespace chatterbox::sidecar {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

StoreLimits wide_limits() {
  StoreLimits limits;
  limits.queued = limits.kept = 10'000'000;
  return limits;
}

using Open = std::function<std::unique_ptr<JobStore>(const Shares&)>;

Open opener(const std::string& place) {
  if (!place.starts_with("postgres"))
    return [place](const Shares& shares) {
      return std::make_unique<SqliteJobStore>(place, wide_limits(), shares);
    };
#ifdef CHATTERBOX_HAVE_LIBPQ
  return [place](const Shares& shares) {
    PostgresJobStore::Options options;
    options.address = place;
    return std::make_unique<PostgresJobStore>(options, wide_limits(), shares);
  };
#else
  throw StorageError("expected a build with libpq for " + place);
#endif
}

// What `servers` threads, a store each, do together; 0 of `work` ends a thread. Prints the rate.
void measure(const char* what, std::vector<std::unique_ptr<JobStore>>& servers,
             const std::function<int(JobStore&, int server)>& work) {
  std::atomic<int> done{0};
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < servers.size(); ++i)
    threads.emplace_back([&, i] {
      while (const int count = work(*servers[i], int(i))) done += count;
    });
  for (std::thread& thread : threads) thread.join();
  std::printf("%zu server%s: %d jobs %s, %.0f a second\n", servers.size(),
              servers.size() == 1 ? "" : "s", done.load(), what, done / seconds_since(start));
}

void rates(const Open& open, const Shares& shares, int servers, int jobs) {
  std::vector<std::unique_ptr<JobStore>> stores;
  for (int i = 0; i < servers; ++i) stores.push_back(open(shares));
  std::vector<std::vector<Claim>> claims(servers);
  std::atomic<int> left = jobs;
  measure("accepted", stores, [&](JobStore& store, int server) {
    if (left-- <= 0) return 0;
    NewJob job;
    job.id = new_job_id(false);
    job.owner = "key " + std::to_string(server);
    job.request = R"({"input": {"operation": "tts", "text": "A sentence."}})";
    return int(store.add(job));
  });
  measure("claimed", stores, [&](JobStore& store, int server) {
    auto claim = store.claim_for({{"", "any"}});
    if (claim) claims[server].push_back(std::move(*claim));
    return int(claim.has_value());
  });
  const std::string output = "\"" + std::string(64'000, 'x') + "\"";
  measure("ended with 64 kB", stores, [&](JobStore& store, int server) {
    if (claims[server].empty()) return 0;
    const Job job = std::move(claims[server].back().job);
    claims[server].pop_back();
    return int(store.finish(job, JobState::kCompleted, output, "", ""));
  });
}

#ifdef CHATTERBOX_HAVE_LIBPQ
void fill(const std::string& address, int waiting) {
  PgConnection connection(address);
  connection.be_patient();
  const PgRows queued =
      PgQuery(connection, "SELECT coalesce(sum(queued), 0)::bigint FROM chatterbox.tallies").run();
  if (queued.integer(0, 0) > waiting / 2) return;
  const std::string sql =
      "SET statement_timeout = 0; TRUNCATE chatterbox.jobs, chatterbox.tallies CASCADE; "
      "INSERT INTO chatterbox.jobs(id, state, client, turn, low_priority, sync, input_bytes, "
      "created_ms, expires_ms, timeout_ms, seed, webhook) "
      "SELECT 'job' || i, 0, 'key ' || i % 50, i / 50 + 1, 0, 0, 2, chatterbox.now_ms(), "
      "chatterbox.now_ms() + 86400000, 600000, 1, '' FROM generate_series(1, " +
      std::to_string(waiting) +
      ") i; INSERT INTO chatterbox.inputs SELECT number, '{}' FROM chatterbox.jobs";
  connection.execute(sql.c_str());
  connection.execute("VACUUM ANALYZE");
}

void latency(const std::string& address, const Open& open, const Shares& shares, int waiting) {
  open(shares)->expire();
  fill(address, waiting);
  constexpr int kServers = 4, kClaims = 2000;
  std::vector<std::vector<double>> times(kServers);
  std::vector<std::thread> threads;
  for (int i = 0; i < kServers; ++i)
    threads.emplace_back([&, i] {
      const auto store = open(shares);
      for (int claims = 0; claims < kClaims; ++claims) {
        const auto start = Clock::now();
        const auto claim = store->claim_for({{"", "any"}, {"other", "any"}});
        times[i].push_back(1000 * seconds_since(start));
        if (claim) store->finish(claim->job, JobState::kCompleted, "1", "", "");
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  std::printf("%d waiting, %d servers, %zu claims: median %.2f, p99 %.2f, largest %.2f ms\n",
              waiting, kServers, all.size(), all[all.size() / 2], all[all.size() * 99 / 100],
              all.back());
}
#endif

}  // namespace
}  // namespace chatterbox::sidecar

int main(int argc, char** argv) {
  using namespace chatterbox::sidecar;
  if (argc < 2) {
    std::fprintf(stderr, "expected FILE|postgresql://... [JOBS [WAITING]]\n");
    return 2;
  }
  try {
    const std::string place = argv[1];
    const int jobs = argc > 2 ? std::atoi(argv[2]) : 2000;
    const int waiting = argc > 3 ? std::atoi(argv[3]) : 0;
    const Shares shares;
    const Open open = opener(place);
    if (jobs > 0) rates(open, shares, 1, jobs);
    if (!place.starts_with("postgres")) return 0;
    if (jobs > 0) rates(open, shares, 4, jobs);
#ifdef CHATTERBOX_HAVE_LIBPQ
    if (waiting > 0) latency(place, open, shares, waiting);
#endif
  } catch (const std::exception& error) {
    std::fprintf(stderr, "store_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
