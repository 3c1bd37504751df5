// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace chatterbox::gst {

template <class Item>
class SourceTask;

// Does something with the lock let go.
template <class Action>
auto unlocked(std::unique_lock<std::mutex>& lock, Action action) {
  struct Relock {
    std::unique_lock<std::mutex>& lock;
    ~Relock() { lock.lock(); }
  };
  lock.unlock();
  const Relock relock{lock};
  return action();
}

// The queue between an element's two pads, and whether it takes and gives items: SourceTask, which
// takes them out, says so.
//
// Its lock guards the queue and what the element likes to guard with it. Order of taking: stream
// locks of the pads, this lock, GST_OBJECT_LOCK and the locks of parts. It is never held while
// something is pushed, queried, posted or computed, nor while a task is paused or joined.
template <class Item>
class ItemQueue {
 public:
  using Lock = std::unique_lock<std::mutex>;

  Lock lock() { return Lock(mutex_); }
  // With the lock.
  std::deque<Item>& items() { return items_; }
  bool busy() const { return busy_; }
  bool stopping() const { return flushing_ || interrupting_; }
  bool flushing() const { return flushing_; }
  GstFlowReturn flow() const { return flushing_ ? GST_FLOW_FLUSHING : flow_; }
  bool accepts() const { return flow() == GST_FLOW_OK; }
  void wake() { changed_.notify_all(); }
  void wait(Lock& lock) { changed_.wait(lock); }
  template <class Condition>
  void wait(Lock& lock, Condition condition) {
    changed_.wait(lock, condition);
  }
  // False when the time has passed.
  bool wait_for(Lock& lock, std::chrono::milliseconds time) {
    return changed_.wait_for(lock, time) == std::cv_status::no_timeout;
  }

  // Without the lock.
  bool must_stop() {
    const Lock lock(mutex_);
    return stopping();
  }
  void wake_up() {
    const Lock lock(mutex_);
    wake();
  }

  // Waits while there is no `room`, then takes the item; or says why not.
  template <class Condition>
  GstFlowReturn push(Lock& lock, Item item, Condition room) {
    wait(lock, [&] { return !accepts() || room(); });
    if (!accepts()) return flow();
    items_.push_back(std::move(item));
    wake();
    return GST_FLOW_OK;
  }

  // All that was pushed has been handled. False when it will not be.
  bool wait_until_drained(Lock& lock) {
    wait(lock, [this] { return !accepts() || (items_.empty() && !busy_); });
    return accepts();
  }

 private:
  friend class SourceTask<Item>;

  void clear() {
    items_.clear();
    busy_ = false;
    flow_ = GST_FLOW_OK;
  }

  // The next item, which the task is busy with then.
  Item take() {
    Item item = std::move(items_.front());
    items_.pop_front();
    busy_ = true;
    wake();
    return item;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool busy_ = false;          // the task works on an item
  bool flushing_ = true;       // between FLUSH_START and FLUSH_STOP, or inactive
  bool interrupting_ = false;  // the task has to leave its function
  GstFlowReturn flow_ = GST_FLOW_OK;
};

}  // namespace chatterbox::gst
