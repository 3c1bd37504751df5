// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Results, which may be of many megabytes, on their way from disk to clients that may be slow.
#include "barrier.h"
#include "http/server.h"

namespace chatterbox::sidecar {
namespace {

class OutputAnswer : public std::enable_shared_from_this<OutputAnswer> {
 public:
  OutputAnswer(Services& services, Exchange exchange, std::string id, std::string head,
               std::string tail)
      : services_(services),
        exchange_(std::move(exchange)),
        id_(std::move(id)),
        head_(std::move(head)),
        tail_(std::move(tail)) {}

  ~OutputAnswer() {
    if (!reads_) return;
    run_guarded("the end of a result", [this] { services_.store.blocking().end_reading(id_); });
  }

  void begin() {
    on_disk(
        [self = shared_from_this()](JobStore& store) {
          // From here on its time may end without ours.
          self->reads_ = store.begin_reading(self->id_);
          return self->reads_ ? std::optional(store.output_bytes(self->id_)) : std::nullopt;
        },
        [this](const std::optional<std::int64_t>& bytes) {
          if (!bytes)
            return exchange_->reply_error(404, "Job not found",
                                          "no job " + id_ + "; it has just expired");
          start(*bytes);
        });
  }

 private:
  void start(std::int64_t bytes) {
    bytes_ = bytes;
    const std::weak_ptr<OutputAnswer> weak = shared_from_this();
    exchange_->on_written([weak] {
      if (const auto self = weak.lock()) self->more();
    });
    exchange_->begin_stream(
        "application/json",
        [weak] {
          if (const auto self = weak.lock()) self->let_go();
        },
        std::int64_t(head_.size() + tail_.size()) + bytes_);
    self_ = shared_from_this();
    exchange_->send_piece(std::move(head_));
  }

  template <class Call, class Then>
  void on_disk(Call call, Then then) {
    services_.store.read(std::move(call), [self = shared_from_this(), then](auto& answer) {
      try {
        then(answer.get());
      } catch (...) {
        log_exception("a result");
        self->fail();
      }
    });
  }

  void fail() {
    if (self_)
      exchange_->abort_stream();
    else
      exchange_->reply_error(503, "Storage unavailable", "try again later");
    let_go();
  }

  // The caller holds us until its call is over.
  void let_go() { self_.reset(); }

  // The piece that was given last is on its way.
  void more() {
    if (exchange_->closed()) return let_go();
    if (ended_ || reading_ || exchange_->unsent() > 0) return;
    if (sent_ == bytes_) {
      ended_ = true;
      exchange_->send_piece(std::move(tail_));
      exchange_->end_stream();
      return let_go();
    }
    reading_ = true;
    on_disk(
        [id = id_, number = number_++](JobStore& store) { return store.output_part(id, number); },
        [this](std::string& piece) {
          reading_ = false;
          // An operator's hand, or a disk's fault: no time of its own ends it here.
          if (piece.empty()) return fail();
          sent_ += std::int64_t(piece.size());
          exchange_->send_piece(std::move(piece));
          if (exchange_->closed()) let_go();
        });
  }

  Services& services_;
  const Exchange exchange_;
  const std::string id_;
  std::string head_, tail_;
  std::int64_t bytes_ = 0, sent_ = 0;
  int number_ = 0;
  bool reading_ = false, ended_ = false;
  // The job is kept for us. Written by the thread that asks for it, read when that is over.
  bool reads_ = false;
  // While it is being sent nobody else holds it.
  std::shared_ptr<OutputAnswer> self_;
};

}  // namespace

void reply_with_output(Services& services, const Exchange& exchange, const std::string& id,
                       std::string head, std::string tail) {
  std::make_shared<OutputAnswer>(services, exchange, id, std::move(head), std::move(tail))->begin();
}

}  // namespace chatterbox::sidecar
