// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/job_store.h"

namespace chatterbox::sidecar {

void take_counts(JobCounts& counts, std::map<std::string, JobCounts>& of_owner,
                 const JobCounts& all, const std::map<std::string, JobCounts>& found) {
  const auto take = [](JobCounts& old, const JobCounts& now) {
    old.kept = now.kept;
    old.kept_bytes = now.kept_bytes;
    old.queued = now.queued;
    old.queued_bytes = now.queued_bytes;
    old.running = now.running;
  };
  take(counts, all);
  for (auto& [owner, own] : of_owner)
    if (!found.contains(owner)) take(own, {});
  for (const auto& [owner, now] : found) take(of_owner[owner], now);
}

std::vector<std::string> overfull_owners(const std::map<std::string, JobCounts>& of_owner,
                                         std::int64_t share) {
  std::vector<std::string> owners;
  for (const auto& [owner, own] : of_owner)
    if (own.kept_bytes - own.queued_bytes > share) owners.push_back(owner);
  return owners;
}

bool has_room(const StoreLimits& limits, const Shares& shares, const JobCounts& all,
              const JobCounts& own, std::int64_t bytes, bool waits) {
  const auto fits = [&](std::int64_t total, std::int64_t mine, std::int64_t more,
                        std::int64_t limit) {
    return mine + more <= shares.of(limit) || (mine == 0 && total + more <= limit);
  };
  return fits(all.kept, own.kept, 1, limits.kept) &&
         fits(all.kept_bytes, own.kept_bytes, bytes, limits.kept_bytes) &&
         (!waits || (fits(all.queued, own.queued, 1, limits.queued) &&
                     fits(all.queued_bytes, own.queued_bytes, bytes, limits.queued_bytes)));
}

}  // namespace chatterbox::sidecar
