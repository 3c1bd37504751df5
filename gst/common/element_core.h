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

// What the parts of an element share whose source pad has a task: Settings are its properties, an
// Item is what waits for the task, and Run is what belongs to one run of the element, from READY
// and back, reset by assignment and guarded by the lock of the task.
template <class Settings, class Item, class Run>
struct ElementCore {
  using Task = SourceTask<Item>;
  using Lock = typename Task::Lock;

  // `loaded` is called when the product of the lease is there or has failed.
  ElementCore(GstElement* element, GstPad* sink_pad, GstPad* src_pad,
              std::span<const PropertyRow> rows, typename Task::Work work,
              std::function<void()> loaded)
      : element(element),
        sink_pad(sink_pad),
        src_pad(src_pad),
        settings(element, rows),
        task(element, src_pad, std::move(work)),
        pad(element, src_pad, [this] { return task.must_stop(); }),
        lease(element, "open", std::move(loaded),
              [element](const Failure& failure) { post_error(element, failure); }),
        upstream(sink_pad) {}

  // Before the pads are activated.
  void begin_run(Run fresh) {
    task.open();
    upstream.forget();
    const Lock lock = task.lock();
    pad.reset();
    run = std::move(fresh);
  }
  // Before they are deactivated.
  void end_run() {
    lease.cancel();
    task.close();
  }

  bool answer_latency(GstQuery* query, bool force_live, GstClockTime min, GstClockTime max) {
    upstream.answer(query, force_live, min, max);
    task.wake_up();  // upstream may have turned out to be live
    return true;
  }
  bool answer_default(GstQuery* query) {
    return gst_pad_query_default(src_pad, GST_OBJECT(element), query);
  }

  GstElement* const element;
  GstPad* const sink_pad;
  GstPad* const src_pad;
  ElementSettings<Settings> settings;
  Task task;
  SpeechPad pad;
  ModelLease lease;
  Upstream upstream;
  Run run;
};

}  // namespace chatterbox::gst
