// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "jobs/job_store.h"

namespace chatterbox::sidecar {

// Figures for Prometheus. Any thread may call; each call is short.
class Metrics {
 public:
  void count_request(const std::string& route, int status);
  void count_error(const std::string& kind);
  // Seconds.
  void observe_acknowledgement(double seconds) { observe("acknowledge_seconds", seconds); }
  void observe_queue(double seconds) { observe("queue_seconds", seconds); }
  void observe_first_audio(double seconds) { observe("first_audio_seconds", seconds); }
  void observe_job(double seconds) { observe("job_seconds", seconds); }
  // Seconds of work per second of speech.
  void observe_real_time_factor(double factor) { observe("real_time_factor", factor); }

  // Seconds one job takes, of late; for Retry-After.
  double usual_job_seconds() const;

  // The text format of Prometheus.
  std::string text(const JobCounts& jobs, const QueueFigures& queue, int workers_busy, int workers,
                   bool model_loaded) const;

 private:
  struct Histogram {
    std::vector<std::int64_t> buckets;
    std::int64_t count = 0;
    double sum = 0;
  };
  void observe(const char* name, double value);

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::pair<std::string, int>, std::int64_t> requests_;
  std::map<std::string, std::int64_t> errors_;
  std::map<std::string, Histogram> histograms_;
  double usual_job_seconds_ = 1;
};

}  // namespace chatterbox::sidecar
