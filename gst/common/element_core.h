// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "common.h"
#include "model_lease.h"
#include "property_table.h"
#include "source_task.h"
#include "speech_pad.h"
#include "upstream.h"

namespace chatterbox::gst {

// State that the parts of an element share whose source pad has a task: Settings are its
// properties, an Item waits for the task, and a Run lasts from READY and back, is reset by
// assignment and guarded by the lock of the queue.
template <class Settings, class Item, class Run>
struct ElementCore {
  using Work = typename SourceTask<Item>::Work;
  using Lock = typename ItemQueue<Item>::Lock;

  // `loaded` is called when the product of the lease is there or has failed.
  ElementCore(GstElement* element, GstPad* sink_pad, GstPad* src_pad,
              std::span<const PropertyRow> rows, Work work, std::function<void()> loaded)
      : element(element),
        sink_pad(sink_pad),
        src_pad(src_pad),
        settings(element, rows),
        task(element, src_pad, queue, std::move(work),
             [this](GstFlowReturn flow) { pad.give_up(flow); }),
        clock(element),
        pad(element, src_pad, clock, [this] { return queue.must_stop(); }),
        lease(element, "open", std::move(loaded),
              [element](const Failure& failure) { post_error(element, failure); }),
        upstream(sink_pad) {}

  // Before the pads are activated.
  void begin_run(Run fresh) {
    task.open();
    upstream.forget();
    const Lock lock = queue.lock();
    pad.reset();
    run = std::move(fresh);
  }
  // Before they are deactivated.
  void end_run() {
    lease.cancel();
    task.close();
  }

  // Answers a query of downstream; the element adds a latency of `min`, of `max` at most.
  bool answer(GstQuery* query, bool force_live, GstClockTime min, GstClockTime max) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_POSITION) return clock.answer_position(query);
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
      return gst_pad_query_default(src_pad, GST_OBJECT(element), query);
    upstream.answer(query, force_live, min, max);
    queue.wake_up();  // upstream may have turned out to be live
    return true;
  }
  // Answers a query of upstream; `finish` queues input that waits for more.
  bool answer_upstream(GstQuery* query, const std::function<void()>& finish) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) return false;
    if (GST_QUERY_TYPE(query) != GST_QUERY_DRAIN)
      return gst_pad_query_default(sink_pad, GST_OBJECT(element), query);
    finish();
    Lock lock = queue.lock();
    return queue.wait_until_drained(lock);
  }

  GstElement* const element;
  GstPad* const sink_pad;
  GstPad* const src_pad;
  ElementSettings<Settings> settings;
  ItemQueue<Item> queue;
  SourceTask<Item> task;
  StreamClock clock;
  SpeechPad pad;
  ModelLease lease;
  Upstream upstream;
  Run run;
};

}  // namespace chatterbox::gst
