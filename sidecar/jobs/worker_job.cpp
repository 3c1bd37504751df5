// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of WorkerPool that carries out one job.
#include <chrono>

#include "barrier.h"
#include "chatterbox/error.h"
#include "jobs/intake.h"
#include "jobs/result_upload.h"
#include "jobs/worker_pool.h"
#include "log.h"
#include "objects/objects.h"
#include "operations/json.h"
#include "operations/operations.h"
#include "seconds_since.h"

namespace chatterbox::sidecar {
namespace {

std::string milliseconds(double seconds) { return std::to_string(int(seconds * 1000)) + " ms"; }

const char* sentence(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "Invalid input";
    case ErrorCode::kNotFound:
      return "Not found";
    case ErrorCode::kBadFile:
      return "Bad file";
    case ErrorCode::kOutOfMemory:
      return "Out of memory";
    case ErrorCode::kCancelled:
      return "Cancelled";
    default:
      return "Synthesis failed";
  }
}

// Why the audio could not be sent where the request wants it; empty: it was.
std::string upload_trouble(std::string& output, const UploadTarget& target, const std::string& id,
                           const WebhookPolicy& policy, const std::stop_token& stop) {
  try {
    upload_audio(output, target, id, policy, stop);
    return "";
  } catch (const ObjectError& error) {
    return error.what();
  }
}

// A piece that cannot be kept now may be in a moment; one left out would be a gap.
void keep_chunk(JobStore& store, const Job& job, int number, const std::string& json,
                std::stop_source& stop) {
  constexpr int kTries = 100;
  for (int tries = 0; !stop.stop_requested(); ++tries) {
    try {
      const ChunkFate fate = store.add_chunk(job, number, json);
      if (fate == ChunkFate::kStale) stop.request_stop();
      if (fate == ChunkFate::kDiffers)
        throw Error(ErrorCode::kModelFailure,
                    "expected the audio that was streamed before the server was started again, got "
                    "another; send the request once more");
      return;
    } catch (const StorageError& error) {
      // In a shared store the lease says how long.
      if (tries == kTries && !store.shared())
        throw Error(ErrorCode::kModelFailure, std::string("cannot keep audio: ") + error.what());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

// Jobs of before there were several models have none.
std::string WorkerPool::model_of(const Job& job) const {
  if (job.model.empty()) return models_.default_name();
  if (models_.resolve(job.model) == job.model) return job.model;
  throw RequestError("Unknown model: " + job.model, "model: " + models_.unknown(job.model));
}

void WorkerPool::run_job(Worker& worker, const Claim& claim) noexcept {
  const Job& job = claim.job;
  const auto start = std::chrono::steady_clock::now();
  Ending ending;
  try {
    ending = carry_out(claim, *worker.stop);
  } catch (...) {
    log_exception("a job");
    // Short enough to need no memory.
    ending.error = "Internal error";
  }
  end_job(worker, claim, ending);
  run_guarded("telling of a job", [&] {
    hooks_.news(job.id);
    log(Level::kInfo, "job " + job.id + " took " + milliseconds(seconds_since(start)));
  });
}

WorkerPool::Ending WorkerPool::carry_out(const Claim& claim, std::stop_source stop) {
  const Job& job = claim.job;
  run_guarded("telling of a job", [&] {
    metrics_.observe_queue(double(job.started_ms - job.created_ms) / 1000);
    log(Level::kInfo, "job " + job.id + " begins, start " + std::to_string(job.attempts) +
                          ", waited " + std::to_string(job.started_ms - job.created_ms) + " ms");
    hooks_.news(job.id);
  });
  try {
    return try_job(claim, std::move(stop));
  } catch (const RequestError& error) {
    metrics_.count_error("request");
    return {JobState::kFailed, "", error.what(), error.detail()};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCancelled) metrics_.count_error(to_string(error.code()));
    return {JobState::kFailed, "", sentence(error.code()), error.what()};
  } catch (const StorageError& error) {
    metrics_.count_error("storage");
    return {JobState::kFailed, "", "Storage unavailable",
            std::string("the request could not be read: ") + error.what()};
  } catch (const std::exception& error) {
    metrics_.count_error("internal");
    return {JobState::kFailed, "", "Internal error", error.what()};
  }
}

WorkerPool::Ending WorkerPool::try_job(const Claim& claim, std::stop_source stop) {
  const Job& job = claim.job;
  const auto start = std::chrono::steady_clock::now();
  // A request to cancel between the claim and now did not find us.
  try {
    if (!store_.is_current(job)) stop.request_stop();
  } catch (const StorageError&) {
  }
  if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped before it began");
  int chunks = 0;
  Loan loan;
  const auto context = [&](Engine& engine) {
    return JobContext{engine,
                      *engine.model(),
                      voices_,
                      metrics_,
                      job.id,
                      job.owner,
                      job.seed,
                      stop.get_token(),
                      [&](const std::string& json) {
                        keep_chunk(store_, job, chunks++, json, stop);
                        hooks_.news(job.id);
                      }};
  };
  const OwnedJson body = parse_json(store_.request_of(claim, stop.get_token()));
  Request request = parse_request(request_input(body.get()));
  for (std::string& warning : envelope_warnings(body.get()))
    request.warnings.push_back(std::move(warning));
  const auto upload = read_upload_target(body.get(), uploads_);
  if (upload)
    request.warnings.insert(request.warnings.end(), upload->warnings.begin(),
                            upload->warnings.end());
  if (!models_.knows(request.model))
    request.warnings.push_back("model: " + models_.unknown(request.model) + "; " + job.model +
                               " was used");
  // An operation without a model loads none.
  std::string output =
      std::holds_alternative<ListRequest>(request.operation)
          ? list_voices(request.warnings, voices_.library(job.owner), models_)
          : run_operation(request, context(lend(loan, model_of(job), stop.get_token())));
  metrics_.observe_job(seconds_since(start));
  std::string trouble =
      upload ? upload_trouble(output, *upload, job.id, uploads_, stop.get_token()) : "";
  if (trouble.empty()) return {JobState::kCompleted, std::move(output), "", ""};
  metrics_.count_error("upload");
  // The result is not lost: it stays where it would be without the upload.
  return {JobState::kFailed, std::move(output), "Upload failed", std::move(trouble)};
}

// The disk may be full or held by someone: a result is worth waiting for, as
// expiry frees room.
void WorkerPool::end_job(Worker& worker, const Claim& claim, const Ending& ending) noexcept {
  const Job& job = claim.job;
  for (int tries = 0;; ++tries) {
    bool put_back = false;
    {
      const std::lock_guard lock(mutex_);
      put_back = worker.put_back && ending.state != JobState::kCompleted;
    }
    try {
      if (put_back) {
        store_.put_back(job);
        log(Level::kInfo, "job " + job.id + " goes back into the queue");
      } else if (store_.finish(job, ending.state, ending.output, ending.error, ending.detail)) {
        log(Level::kInfo, "job " + job.id + " " + to_string(ending.state));
      } else {
        log(Level::kInfo, "job " + job.id + " had ended before");
      }
      return;
    } catch (...) {
      log_exception("keeping a result, which is tried again,");
      std::unique_lock lock(mutex_);
      // Killed now, it runs again after the next start.
      if (draining_ && tries > 5) return;
      changed_.wait_for(lock, std::chrono::seconds(1));
    }
  }
}

}  // namespace chatterbox::sidecar
