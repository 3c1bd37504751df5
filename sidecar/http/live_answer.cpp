// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/live_answer.h"

#include <list>

#include "barrier.h"
#include "chatterbox/error.h"
#include "log.h"
#include "main_loop.h"

namespace chatterbox::sidecar {
namespace {

// Bytes that wait in memory for any reader, and those that are added, of its owner's share, for one
// that is further behind.
constexpr std::size_t kUnsent = 1 << 20, kMoreUnsent = 4 << 20;
// When there is no more to be had a worker waits for the reader, for so long in all: others wait
// for the worker.
constexpr auto kMostStall = std::chrono::seconds(10);

}  // namespace

LiveAnswer::LiveAnswer(Services& services, Exchange exchange, Speech speech, std::string id)
    : services_(services),
      exchange_(std::move(exchange)),
      speech_(std::move(speech)),
      id_(std::move(id)),
      whole_(exchange_->wants_range()),
      most_unsent_(kUnsent) {}

bool LiveAnswer::begin(Services& services, const Exchange& exchange, Speech speech) {
  LiveTask task;
  task.id = "speech-" + new_job_id(false);
  task.owner = exchange->owner();
  // Ends in this thread, to which the exchange belongs, even when the last pointer was a worker's.
  const std::shared_ptr<LiveAnswer> answer(
      new LiveAnswer(services, exchange, std::move(speech), task.id), [](LiveAnswer* done) {
        g_idle_add_full(G_PRIORITY_DEFAULT, for_c([](gpointer data) -> gboolean {
                          delete static_cast<LiveAnswer*>(data);
                          return G_SOURCE_REMOVE;
                        }),
                        done, nullptr);
      });
  task.model = answer->speech_.model;
  task.run = [answer, stop = task.stop.get_token()](const LendEngine& lend) {
    answer->run(lend, stop);
  };
  keep_watch(answer);
  return services.pool.submit(std::move(task));
}

void LiveAnswer::run(const LendEngine& lend, const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  log(Level::kInfo, "speech " + id_ + " begins");
  try {
    Engine& engine = lend();
    speak(engine, *engine.model(), stop);
  } catch (const RequestError& error) {
    finish(400, error.detail(), error.what());
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    // The server is about to end, where it is not the listener who has left.
    const bool later = code == ErrorCode::kOutOfMemory || code == ErrorCode::kCancelled;
    finish(code == ErrorCode::kInvalidArgument ? 400
           : later                             ? 503
                                               : 500,
           error.what(), to_string(code));
  } catch (const std::exception& error) {
    finish(500, error.what(), "internal");
  }
  // An encoder takes a while to end; not in the thread of the main loop.
  writer_.reset();
  const auto took = std::chrono::steady_clock::now() - start;
  log(Level::kInfo,
      "speech " + id_ + " took " +
          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()) +
          " ms");
}

void LiveAnswer::speak(Engine& engine, const Model& model, const std::stop_token& stop) {
  const ChosenVoice chosen =
      services_.voices.choose(exchange_->owner(), speech_.request.voice, model, engine, stop);
  std::vector<float> held;
  std::vector<WordTime> words;
  const auto take = [&](const SpeechChunk& chunk) {
    std::span<const float> samples = chunk.samples;
    // A range needs the whole before the first sample.
    if (whole_) {
      held.insert(held.end(), samples.begin(), samples.end());
      words.insert(words.end(), chunk.words.begin(), chunk.words.end());
      if (!chunk.last) return true;
      samples = held;
    }
    if (!writer_)
      writer_ = make_speech_writer(
          speech_, chunk.last ? std::optional(std::int64_t(samples.size())) : std::nullopt);
    return send(writer_->push(whole_ ? words : chunk.words, samples));
  };
  const SynthesisStats stats =
      engine.synthesize(speech_.request.text, chosen.voice, speech_.request.options, take, stop);
  if (!writer_) writer_ = make_speech_writer(speech_, 0);
  services_.metrics.observe_first_audio(stats.seconds_to_first_audio);
  services_.metrics.observe_real_time_factor(stats.real_time_factor());
  send(writer_->finish(stats));
  if (too_slow_) throw Error(ErrorCode::kCancelled, "the answer was not read in time");
  finish(200, "", "");
}

template <class Action>
void LiveAnswer::or_give_up(Action&& action) noexcept {
  try {
    action();
  } catch (...) {
    log_exception("speech");
    exchange_->give_up();
    closed();
  }
}

bool LiveAnswer::send(std::string bytes) {
  if (bytes.empty()) return true;
  std::unique_lock lock(mutex_);
  const auto begin = std::chrono::steady_clock::now();
  too_slow_ = !room_.wait_for(lock, kMostStall - stalled_,
                              [&] { return closed_ || unsent_ < most_unsent_; });
  stalled_ += std::chrono::steady_clock::now() - begin;
  if (closed_ || too_slow_) return false;
  if (!whole_) unsent_ += bytes.size();
  lock.unlock();
  post([self = shared_from_this(), type = writer_->content_type(),
        bytes = std::move(bytes)]() mutable {
    self->or_give_up([&] {
      self->content_type_ = std::move(type);
      self->deliver(std::move(bytes));
    });
  });
  return true;
}

void LiveAnswer::deliver(std::string bytes) {
  if (exchange_->answered()) return;
  if (whole_) {
    gathered_ += bytes;
    return;
  }
  if (!began_) {
    began_ = true;
    const std::weak_ptr<LiveAnswer> weak = shared_from_this();
    exchange_->on_written([weak] {
      if (const auto self = weak.lock()) self->written();
    });
    exchange_->begin_stream(content_type_.c_str(), [weak] {
      if (const auto self = weak.lock()) self->closed();
    });
  }
  exchange_->send_piece(std::move(bytes));
  widen();
}

void LiveAnswer::widen() {
  const std::lock_guard lock(mutex_);
  if (exchange_->unsent() + kUnsent / 2 < most_unsent_) return;
  if (!exchange_->reserve_unsent(kMoreUnsent)) return;
  most_unsent_ += kMoreUnsent;
  room_.notify_all();
}

void LiveAnswer::written() {
  const std::lock_guard lock(mutex_);
  unsent_ = exchange_->unsent();
  room_.notify_all();
}

void LiveAnswer::closed() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
  }
  services_.pool.stop(id_);
}

void LiveAnswer::finish(int status, const std::string& message, const std::string& code) {
  if (status != 200) services_.metrics.count_error(status == 400 ? "request" : "speech");
  const std::string told = writer_ && status != 200 ? writer_->failure(message) : "";
  post([self = shared_from_this(), status, message, code, told] {
    self->or_give_up([&] { self->conclude(status, message, code, told); });
  });
}

void LiveAnswer::conclude(int status, const std::string& message, const std::string& code,
                          const std::string& told) {
  if (exchange_->answered()) return;
  if (status == 200 && whole_)
    return exchange_->reply(200, content_type_.c_str(), std::move(gathered_));
  if (began_ && status != 200 && told.empty()) return exchange_->abort_stream();
  if (began_) {
    exchange_->send_piece(told);
    return exchange_->end_stream();
  }
  if (status == 503) exchange_->add_header("Retry-After", "1");
  exchange_->reply_json(
      status,
      openai_error(message, status == 400 ? "invalid_request_error" : "server_error", code));
}

bool LiveAnswer::watch() {
  if (began_ || exchange_->answered()) return true;
  if (!exchange_->client_left()) return false;
  closed();
  // Some close only the end that they send with, and read what is answered.
  or_give_up([&] {
    conclude(400, "expected a connection that stays open until the answer, got its end",
             "connection_closed", "");
  });
  return true;
}

// Until speech begins nothing is written, and so nothing tells that the listener
// has left; but work for it would keep others waiting.
void LiveAnswer::keep_watch(const std::shared_ptr<LiveAnswer>& answer) {
  static std::list<std::weak_ptr<LiveAnswer>> waiting;
  static const bool begun = [] {
    post_every(200, [] {
      waiting.remove_if([](const std::weak_ptr<LiveAnswer>& weak) {
        const auto one = weak.lock();
        return !one || one->watch();
      });
    });
    return true;
  }();
  static_cast<void>(begun);
  waiting.push_back(answer);
}

}  // namespace chatterbox::sidecar
