// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "metrics.h"

#include <glib.h>

#include <algorithm>
#include <array>

namespace chatterbox::sidecar {
namespace {

// Upper bounds, seconds (or seconds per second).
constexpr std::array<double, 14> kBounds{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4,
                                         0.8,   1.6,  3.2,  6.4,  15,  60,  300};

std::string number(double value) {
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(digits, sizeof digits, "%.9g", value);
}

void head(std::string& out, const char* name, const char* type, const char* help) {
  out += std::string("# HELP chatterbox_") + name + " " + help + "\n# TYPE chatterbox_" + name +
         " " + type + "\n";
}

const char* help_of(const std::string& name) {
  if (name == "acknowledge_seconds") return "Time from a request's last byte to its answer.";
  if (name == "queue_seconds") return "Time jobs waited.";
  if (name == "first_audio_seconds") return "Time from the start of synthesis to first audio.";
  if (name == "job_seconds") return "Time jobs were at work.";
  return "Seconds of work per second of speech.";
}

}  // namespace

void Metrics::count_request(const std::string& route, int status) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, status}];
}

void Metrics::count_error(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  ++errors_[kind];
}

void Metrics::observe(const char* name, double value) {
  const std::lock_guard lock(mutex_);
  Histogram& histogram = histograms_[name];
  if (histogram.buckets.empty()) histogram.buckets.resize(kBounds.size());
  for (std::size_t i = 0; i < kBounds.size(); ++i)
    if (value <= kBounds[i]) ++histogram.buckets[i];
  ++histogram.count;
  histogram.sum += value;
  // The last few jobs weigh most.
  if (name == std::string("job_seconds")) usual_job_seconds_ += 0.2 * (value - usual_job_seconds_);
}

double Metrics::usual_job_seconds() const {
  const std::lock_guard lock(mutex_);
  return usual_job_seconds_;
}

std::string Metrics::text(const JobCounts& jobs, const QueueFigures& queue, int workers_busy,
                          int workers, bool model_loaded) const {
  std::string out;
  head(out, "jobs", "gauge", "Jobs that wait or run.");
  out += "chatterbox_jobs{state=\"queued\"} " + std::to_string(jobs.queued) + "\n";
  out += "chatterbox_jobs{state=\"running\"} " + std::to_string(jobs.running) + "\n";
  head(out, "queue_bytes", "gauge", "Bytes of requests that wait.");
  out += "chatterbox_queue_bytes " + std::to_string(jobs.queued_bytes) + "\n";
  // Counts all servers, where they share a store.
  const double all_workers = double(std::max<std::int64_t>({1, workers, queue.workers}));
  head(out, "queue_work_seconds", "gauge", "Time until what waits is done by all workers.");
  out += "chatterbox_queue_work_seconds " +
         number(double(jobs.queued) * usual_job_seconds() / all_workers) + "\n";
  head(out, "oldest_waiting_seconds", "gauge", "How long the oldest waiting job has waited.");
  out +=
      "chatterbox_oldest_waiting_seconds " + number(double(queue.oldest_waiting_ms) / 1000) + "\n";
  head(out, "jobs_unserved", "gauge", "Jobs that wait for a model which no server has.");
  out += "chatterbox_jobs_unserved " + std::to_string(queue.unserved) + "\n";
  head(out, "leases_lost_total", "counter", "Starts of jobs whose server was not heard of again.");
  out += "chatterbox_leases_lost_total " + std::to_string(queue.leases_lost) + "\n";
  head(out, "object_failures_total", "counter", "Objects that could not be put, read or removed.");
  out += "chatterbox_object_failures_total " + std::to_string(queue.object_failures) + "\n";
  head(out, "jobs_total", "counter", "Jobs that ended since the server began.");
  out += "chatterbox_jobs_total{state=\"completed\"} " + std::to_string(jobs.completed) + "\n";
  out += "chatterbox_jobs_total{state=\"failed\"} " + std::to_string(jobs.failed) + "\n";
  out += "chatterbox_jobs_total{state=\"cancelled\"} " + std::to_string(jobs.cancelled) + "\n";
  out += "chatterbox_jobs_total{state=\"timed_out\"} " + std::to_string(jobs.timed_out) + "\n";
  head(out, "workers", "gauge", "Workers.");
  out += "chatterbox_workers{state=\"busy\"} " + std::to_string(workers_busy) + "\n";
  out += "chatterbox_workers{state=\"idle\"} " + std::to_string(workers - workers_busy) + "\n";
  head(out, "model_loaded", "gauge", "1 when the model is in memory.");
  out += std::string("chatterbox_model_loaded ") + (model_loaded ? "1" : "0") + "\n";

  const std::lock_guard lock(mutex_);
  head(out, "requests_total", "counter", "HTTP requests.");
  for (const auto& [key, count] : requests_)
    out += "chatterbox_requests_total{route=\"" + key.first + "\",status=\"" +
           std::to_string(key.second) + "\"} " + std::to_string(count) + "\n";
  head(out, "errors_total", "counter", "Failed jobs and speech requests by kind.");
  for (const auto& [kind, count] : errors_)
    out += "chatterbox_errors_total{kind=\"" + kind + "\"} " + std::to_string(count) + "\n";
  for (const auto& [name, histogram] : histograms_) {
    head(out, name.c_str(), "histogram", help_of(name));
    const std::string full = "chatterbox_" + name;
    for (std::size_t i = 0; i < kBounds.size(); ++i)
      out += full + "_bucket{le=\"" + number(kBounds[i]) + "\"} " +
             std::to_string(histogram.buckets[i]) + "\n";
    out += full + "_bucket{le=\"+Inf\"} " + std::to_string(histogram.count) + "\n";
    out += full + "_sum " + number(histogram.sum) + "\n";
    out += full + "_count " + std::to_string(histogram.count) + "\n";
  }
  return out;
}

}  // namespace chatterbox::sidecar
