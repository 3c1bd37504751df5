// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "common.h"
#include "glib_raii.h"
#include "item_queue.h"

namespace chatterbox::gst {

// The task of an element's source pad, which takes items out of a queue in order. State changes,
// flushes and interruptions act on both.
template <class Item>
class SourceTask {
 public:
  using Queue = ItemQueue<Item>;
  using Lock = typename Queue::Lock;
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
  };

  // `stopped` is called in the task, which ends and can push no more.
  SourceTask(GstElement* element, GstPad* pad, Queue& queue, Work work,
             std::function<void(GstFlowReturn)> stopped)
      : element_(element),
        pad_(pad),
        queue_(queue),
        work_(std::move(work)),
        stopped_(std::move(stopped)) {}

  // To PAUSED, before the pads are activated, and to READY, before they are deactivated.
  void open() {
    const Lock lock = queue_.lock();
    queue_.clear();
    queue_.flushing_ = queue_.interrupting_ = false;
  }
  void close() {
    const Lock lock = queue_.lock();
    queue_.flushing_ = true;
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
    const Lock lock = queue_.lock();
    queue_.items_.clear();
    return stopped;
  }

  // Downstream had enough, and may take more of what begins now.
  void begin_again() {
    {
      const Lock lock = queue_.lock();
      if (queue_.flow_ != GST_FLOW_EOS) return;
      queue_.flow_ = GST_FLOW_OK;
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
      const Lock lock = queue_.lock();
      queue_.clear();
      queue_.flushing_ = !active_;
      reset();
    }
    gst_pad_push_event(pad_, event.release());
    start();
  }

  // Drops audio on its way downstream; running time goes on. The queue stays. `restart` is
  // called with the lock, while the task cannot run; all events have the number `seqnum`.
  template <class Restart>
  void interrupt(guint32 seqnum, Restart restart) {
    {
      const Lock lock = queue_.lock();
      if (queue_.stopping()) return;  // somebody else is at it
      queue_.interrupting_ = true;
      queue_.wake();
    }
    push_flush(gst_event_new_flush_start(), seqnum);
    gst_pad_pause_task(pad_);
    { StreamLock wait(pad_); }
    {
      const Lock lock = queue_.lock();
      if (!queue_.flushing_) restart();
    }
    push_flush(gst_event_new_flush_stop(FALSE), seqnum);
    {
      const Lock lock = queue_.lock();
      GstFlowReturn& flow = queue_.flow_;
      queue_.interrupting_ = false;
      if (!queue_.flushing_) {
        queue_.busy_ = false;
        if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS) flow = GST_FLOW_OK;
      }
      queue_.wake();
    }
    start();
  }

  // With the lock: everybody who waits looks again, and the engine stops.
  void stop_work() {
    work_.cancel();
    queue_.wake();
  }

 private:
  bool is_active() {
    std::lock_guard starting(start_mutex_);
    return active_;
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
    GstFlowReturn flow = guarded(element_, GST_FLOW_ERROR, [this] { return handle_next(); });
    {
      const Lock lock = queue_.lock();
      queue_.busy_ = false;
      queue_.wake();
      // Somebody made the task leave on purpose: that is not the end of anything.
      if (flow == GST_FLOW_OK) return;
      if (queue_.stopping() && flow == GST_FLOW_FLUSHING) flow = GST_FLOW_OK;
      if (flow != GST_FLOW_OK) {
        queue_.flow_ = flow;
        queue_.items_.clear();
      }
    }
    if (flow != GST_FLOW_OK) stopped_(flow);
    gst_pad_pause_task(pad_);
  }

  GstFlowReturn handle_next() {
    Lock lock = queue_.lock();
    while (!queue_.stopping()) {
      if (!queue_.items_.empty() && !work_.holds(queue_.items_.front())) {
        Item item = queue_.take();
        lock.unlock();
        return work_.handle(std::move(item));
      }
      const GstFlowReturn flow = work_.idle(lock);
      if (flow != GST_FLOW_OK) return flow;
    }
    return GST_FLOW_FLUSHING;
  }

  void push_flush(GstEvent* event, guint32 seqnum) {
    gst_event_set_seqnum(event, seqnum);
    gst_pad_push_event(pad_, event);
  }

  GstElement* const element_;
  GstPad* const pad_;
  Queue& queue_;
  const Work work_;
  const std::function<void(GstFlowReturn)> stopped_;
  std::mutex start_mutex_;  // held only while the task is started
  bool active_ = false;     // the pad is: the task may be started
};

}  // namespace chatterbox::gst
