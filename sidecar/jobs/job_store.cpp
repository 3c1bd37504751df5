// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/job_store.h"

namespace chatterbox::sidecar {

bool has_room(const StoreLimits& limits, const Shares& shares, const JobCounts& all,
              const JobCounts& own, std::int64_t bytes, bool waits) {
  const auto fits = [&](std::int64_t total, std::int64_t mine, std::int64_t more,
                        std::int64_t limit) {
    return total + more <= limit && (mine == 0 || mine + more <= shares.of(limit));
  };
  return fits(all.kept, own.kept, 1, limits.kept) &&
         fits(all.kept_bytes, own.kept_bytes, bytes, limits.kept_bytes) &&
         (!waits || (fits(all.queued, own.queued, 1, limits.queued) &&
                     fits(all.queued_bytes, own.queued_bytes, bytes, limits.queued_bytes)));
}

}  // namespace chatterbox::sidecar
