// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/object_job_store.h"

#include <chrono>

#include "log.h"

namespace chatterbox::sidecar {
namespace {

// Clients give up after 3 s: a request is kept elsewhere sooner.
constexpr Patience kRequest{1, 2};
constexpr Patience kResult{3, 30};
// A worker that waits for a request holds its lease meanwhile.
constexpr Patience kClaim{6, 60};
constexpr Patience kReader{3, 10};
constexpr Patience kRemoval{2, 20};
constexpr std::int64_t kPartBytes = 1 << 20;
constexpr Rounds::Pause kSweepPause = std::chrono::milliseconds(500);
constexpr Rounds::Pause kFailurePause = 10 * kSweepPause;

}  // namespace

ObjectJobStore::ObjectJobStore(std::unique_ptr<JobStore> store, std::unique_ptr<Objects> objects,
                               std::size_t from_bytes)
    : store_(std::move(store)),
      objects_(std::move(objects)),
      shelf_(*store_, *objects_, from_bytes) {
  store_->use_objects();
  if (VoiceTable* table = store_->voices()) voices_.emplace(*table, shelf_);
  sweeper_.emplace("objects", kFailurePause, [this] { return sweep_round(); });
}

bool ObjectJobStore::add(const NewJob& job) {
  const auto object = shelf_.put("requests", job.request, kRequest, {});
  if (!object) return store_->add(job);
  NewJob elsewhere = job;
  elsewhere.request.clear();
  elsewhere.request_object = object->name;
  elsewhere.object_bytes = object->bytes;
  const bool added = store_->add(elsewhere);
  if (!added) shelf_.drop(*object);
  return added;
}

std::string ObjectJobStore::request_of(const Claim& claim, const std::stop_token& stop) {
  if (claim.request_object.empty()) return store_->request_of(claim, stop);
  try {
    std::string request =
        objects_->get(claim.request_object, 0, claim.job.input_bytes, kClaim, stop);
    if (std::int64_t(request.size()) == claim.job.input_bytes) return request;
    throw ObjectError(ObjectError::Kind::kRefused,
                      "expected a request of " + std::to_string(claim.job.input_bytes) +
                          " bytes, got " + std::to_string(request.size()));
  } catch (const ObjectError& error) {
    if (error.kind() != ObjectError::Kind::kStopped) shelf_.count_failure();
    throw;
  }
}

bool ObjectJobStore::finish(const Job& job, JobState state, const Output& output,
                            const std::string& error, const std::string& detail) {
  // Nothing is sent for a job that was deleted meanwhile.
  if (!output.json.empty() && !store_->is_current(job))
    return store_->finish(job, state, output, error, detail);
  const auto object = shelf_.put("results", output.json, kResult, {});
  if (!object) return store_->finish(job, state, output, error, detail);
  const bool ended = store_->finish(job, state, *object, error, detail);
  if (!ended) shelf_.drop(*object);
  return ended;
}

std::string ObjectJobStore::output_part(const std::string& id, int number) {
  std::string part = store_->output_part(id, number);
  if (!part.empty()) return part;
  const auto object = store_->output_object(id);
  const std::int64_t first = number * kPartBytes;
  if (!object || first >= object->bytes) return "";
  try {
    return objects_->get(object->name, first, kPartBytes, kReader, {});
  } catch (const ObjectError&) {
    shelf_.count_failure();
    throw;
  }
}

QueueFigures ObjectJobStore::figures() {
  QueueFigures figures = store_->figures();
  figures.object_failures = shelf_.failures();
  return figures;
}

int ObjectJobStore::sweep() {
  int removed = 0;
  for (const std::string& name : store_->due_objects()) {
    objects_->remove(name, kRemoval);
    store_->object_removed(name);
    ++removed;
  }
  return removed;
}

Rounds::Pause ObjectJobStore::sweep_round() {
  try {
    const int removed = sweep();
    failed_ = false;
    return removed ? Rounds::Pause::zero() : kSweepPause;
  } catch (const ObjectError& error) {
    shelf_.count_failure();
    if (!failed_) log(Level::kWarning, std::string("objects: not removed yet: ") + error.what());
    failed_ = true;
    return kFailurePause;
  } catch (const StorageError&) {
    // The pool of connections has logged it.
    return kSweepPause;
  }
}

}  // namespace chatterbox::sidecar
