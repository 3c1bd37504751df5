// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "common.h"
#include "glib_raii.h"

namespace chatterbox::gst {

// The queue between an element's two pads and the task of its source pad, which takes items out in
// order. State changes, flushes and interruptions act on both.
//
// Its lock guards the queue and what the element likes to guard with it. Order of taking: stream
// locks of the pads, this lock, GST_OBJECT_LOCK and the locks of parts. It is never held while
// something is pushed, queried, posted or computed, nor while a task is paused or joined.
template <class Item>
class SourceTask {
 public:
  using Lock = std::unique_lock<std::mutex>;
  struct Work {
    // In the task, without the lock.
    std::function<GstFlowReturn(Item&&)> handle;
    // In the task, with the lock: there is nothing to take. Waits, or does something with the lock
    // let go. Anything but GST_FLOW_OK ends the stream.
    std::function<GstFlowReturn(Lock&)> idle;
    // With the lock: the item stays in the queue for now.
    std::function<bool(const Item&)> holds;
    // With the lock, any thread: the engine is to stop what it does.
    std::function<void()> cancel;
    // In the task, which ends: what its pipeline is owed.
    std::function<void(GstFlowReturn)> stopped;
  };

  SourceTask(GstElement* element, GstPad* pad, Work work)
      : element_(element), pad_(pad), work_(std::move(work)) {}

  Lock lock() { return Lock(mutex_); }
  // With the lock.
  std::deque<Item>& items() { return items_; }
  bool busy() const { return busy_; }
  bool stopping() const { return flushing_ || interrupting_; }
  bool flushing() const { return flushing_; }
  GstFlowReturn flow() const { return flow_; }
  bool accepts() const { return !flushing_ && flow_ == GST_FLOW_OK; }
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

  bool must_stop() {
    const Lock lock(mutex_);
    return stopping();
  }
  void wake_up() {
    const Lock lock(mutex_);
    wake();
  }

  // To PAUSED, before the pads are activated, and to READY, before they are deactivated.
  void open() {
    const Lock lock(mutex_);
    clear();
    flushing_ = interrupting_ = false;
  }
  void close() {
    const Lock lock(mutex_);
    flushing_ = true;
    stop_work();
  }
  bool activate(bool active) {
    if (!active) close();
    {
      std::lock_guard starting(start_mutex_);
      active_ = active;
    }
    if (active) return start();
    const bool stopped = gst_pad_stop_task(pad_);
    const Lock lock(mutex_);
    items_.clear();
    return stopped;
  }

  // Waits while there is no `room`, then takes the item; or says why not.
  template <class Condition>
  GstFlowReturn push(Lock& lock, Item item, Condition room) {
    changed_.wait(lock, [&] { return !accepts() || room(); });
    if (flushing_) return GST_FLOW_FLUSHING;
    if (flow_ != GST_FLOW_OK) return flow_;
    items_.push_back(std::move(item));
    changed_.notify_all();
    return GST_FLOW_OK;
  }

  // All that was pushed has been handled. False when it will not be.
  bool wait_until_drained(Lock& lock) {
    changed_.wait(lock, [this] { return !accepts() || (items_.empty() && !busy_); });
    return accepts();
  }

  // Downstream had enough, and may take more of what begins now.
  void begin_again() {
    {
      const Lock lock(mutex_);
      if (flow_ != GST_FLOW_EOS) return;
      flow_ = GST_FLOW_OK;
    }
    start();
  }
  // A flush from upstream; `reset` is called with the lock, while the task cannot run.
  void flush_start(OwnedEvent event) {
    close();
    gst_pad_push_event(pad_, event.release());
    if (is_active()) gst_pad_pause_task(pad_);
  }
  template <class Reset>
  void flush_stop(OwnedEvent event, Reset reset) {
    { StreamLock wait(pad_); }
    {
      std::lock_guard starting(start_mutex_);
      const Lock lock(mutex_);
      clear();
      flushing_ = !active_;
      reset();
    }
    gst_pad_push_event(pad_, event.release());
    start();
  }

  // Drops what is on its way downstream; running time goes on. The queue stays. `restart` is
  // called with the lock, while the task cannot run; all events have the number `seqnum`.
  template <class Restart>
  void interrupt(guint32 seqnum, Restart restart) {
    {
      const Lock lock(mutex_);
      if (stopping()) return;  // somebody else is at it
      interrupting_ = true;
      changed_.notify_all();
    }
    push_flush(gst_event_new_flush_start(), seqnum);
    gst_pad_pause_task(pad_);
    { StreamLock wait(pad_); }
    {
      const Lock lock(mutex_);
      if (!flushing_) restart();
    }
    push_flush(gst_event_new_flush_stop(FALSE), seqnum);
    {
      const Lock lock(mutex_);
      interrupting_ = false;
      if (!flushing_) {
        busy_ = false;
        if (flow_ == GST_FLOW_FLUSHING || flow_ == GST_FLOW_EOS) flow_ = GST_FLOW_OK;
      }
      changed_.notify_all();
    }
    start();
  }

  // With the lock: everybody who waits looks again, and the engine stops.
  void stop_work() {
    work_.cancel();
    changed_.notify_all();
  }

 private:
  bool is_active() {
    std::lock_guard starting(start_mutex_);
    return active_;
  }

  void clear() {
    items_.clear();
    busy_ = false;
    flow_ = GST_FLOW_OK;
  }

  bool start() {
    const auto run = [](gpointer self) {
      CHATTERBOX_LOCKED(self);
      static_cast<SourceTask*>(self)->loop();
    };
    std::lock_guard starting(start_mutex_);
    if (!active_) return true;
    CHATTERBOX_UNLOCKING(this);
    return gst_pad_start_task(pad_, run, this, nullptr);
  }

  void loop() {
    Item item;
    GstFlowReturn flow = next(item);
    if (flow == GST_FLOW_OK)
      flow = guarded(element_, GST_FLOW_ERROR, [&] { return work_.handle(std::move(item)); });
    {
      const Lock lock(mutex_);
      busy_ = false;
      changed_.notify_all();
      // Somebody made the task leave on purpose: that is not the end of anything.
      if (flow == GST_FLOW_OK) return;
      if (stopping() && flow == GST_FLOW_FLUSHING) flow = GST_FLOW_OK;
      if (flow != GST_FLOW_OK) {
        flow_ = flow;
        items_.clear();
      }
    }
    if (flow != GST_FLOW_OK) work_.stopped(flow);
    gst_pad_pause_task(pad_);
  }

  GstFlowReturn next(Item& item) {
    return guarded(element_, GST_FLOW_ERROR, [&] {
      Lock lock(mutex_);
      while (!stopping()) {
        if (!items_.empty() && !work_.holds(items_.front())) {
          item = std::move(items_.front());
          items_.pop_front();
          busy_ = true;
          changed_.notify_all();
          return GST_FLOW_OK;
        }
        const GstFlowReturn flow = work_.idle(lock);
        if (flow != GST_FLOW_OK) return flow;
      }
      return GST_FLOW_FLUSHING;
    });
  }

  static_assert(std::is_move_constructible_v<Item>);

  void push_flush(GstEvent* event, guint32 seqnum) {
    gst_event_set_seqnum(event, seqnum);
    gst_pad_push_event(pad_, event);
  }

  GstElement* const element_;
  GstPad* const pad_;
  const Work work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool busy_ = false;          // the task works on an item
  bool flushing_ = true;       // between FLUSH_START and FLUSH_STOP, or inactive
  bool interrupting_ = false;  // the task has to leave its function
  GstFlowReturn flow_ = GST_FLOW_OK;
  std::mutex start_mutex_;  // held only while the task is started
  bool active_ = false;     // the pad is: the task may be started
};

}  // namespace chatterbox::gst
