// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The task of chatterboxtts' source pad: takes items out of the queue.
#include <utility>

#include "common.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// How often a live stream with nothing to say tells downstream that time went on.
constexpr std::chrono::milliseconds kIdleInterval{100};
// How long nothing may be linked before the element says so, where pads of a
// demuxer or decodebin may appear some time after the pipeline was started.
constexpr std::chrono::seconds kLinkPatience{5};

// The element has a source pad that nothing is linked to, or may get one.
bool may_offer_text(GstElement* element) {
  const GList* templates = gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element));
  for (const GList* at = templates; at; at = at->next) {
    const auto* pad_template = GST_PAD_TEMPLATE(at->data);
    if (GST_PAD_TEMPLATE_DIRECTION(pad_template) == GST_PAD_SRC &&
        GST_PAD_TEMPLATE_PRESENCE(pad_template) != GST_PAD_ALWAYS)
      return true;
  }
  ObjectLock lock(element);
  for (const GList* at = element->srcpads; at; at = at->next)
    if (!GST_PAD_PEER(at->data)) return true;
  return false;
}

}  // namespace

bool TtsStream::must_stop() {
  Lock lock(mutex_);
  return stopping();
}

void TtsStream::loop() {
  Item item;
  const Next next = next_item(item);
  if (next == Next::kStop) {
    gst_pad_pause_task(src_pad_);
    return;
  }
  const GstFlowReturn flow = guarded(element_, GST_FLOW_ERROR, [&] {
    if (next == Next::kFailed) return GST_FLOW_ERROR;
    return item.event ? handle(std::move(item.event)) : speak(*item.utterance);
  });
  {
    Lock lock(mutex_);
    busy_ = false;
    changed_.notify_all();
  }
  if (flow != GST_FLOW_OK) end_stream(flow);
}

TtsStream::Next TtsStream::next_item(Item& item) {
  const bool force_live = settings().force_live;
  Lock lock(mutex_);
  while (true) {
    if (stopping()) return Next::kStop;
    const bool hold = force_live && !playing_;  // a live source is silent in PAUSED
    if (!queue_.empty() && !(hold && queue_.front().utterance)) {
      item = std::move(queue_.front());
      queue_.pop_front();
      if (item.utterance) --queued_utterances_;
      busy_ = true;
      changed_.notify_all();
      return Next::kItem;
    }
    const bool live = (force_live || upstream_live_) && playing_;
    if (live && complete_late_text(lock)) continue;
    if (live) {
      if (changed_.wait_for(lock, kIdleInterval) == std::cv_status::timeout) {
        lock.unlock();
        mark_idle_time();
        lock.lock();
      }
    } else if (!text_source_ && !received_) {
      const auto waited = std::chrono::steady_clock::now() - activated_;
      const bool hopeless = waited > kLinkPatience || nothing_will_come();
      if (hopeless && !gst_pad_is_linked(sink_pad_)) {
        lock.unlock();
        report_nothing_to_say();
        return Next::kFailed;
      }
      changed_.wait_for(lock, std::chrono::milliseconds(250));
    } else {
      changed_.wait(lock);
    }
  }
}

void TtsStream::report_nothing_to_say() const {
  GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("There is nothing to say."),
                    ("Expected `text` to be set or the sink pad to be linked, got neither."));
}

// No element of the pipeline can still link something to the sink pad: none has
// a source pad that is free or may appear.
bool TtsStream::nothing_will_come() const {
  if (gst_pad_is_linked(sink_pad_)) return false;
  GstObject* top = GST_OBJECT(gst_object_ref(element_));
  while (GstObject* parent = gst_object_get_parent(top)) {
    gst_object_unref(top);
    top = parent;
  }
  bool possible = !GST_IS_BIN(top);
  GstIterator* elements = GST_IS_BIN(top) ? gst_bin_iterate_recurse(GST_BIN(top)) : nullptr;
  GValue item = G_VALUE_INIT;
  while (!possible) {
    const GstIteratorResult result = gst_iterator_next(elements, &item);
    if (result == GST_ITERATOR_DONE) break;
    possible = result != GST_ITERATOR_OK;  // the pipeline is being built
    if (possible) break;
    auto* other = GST_ELEMENT(g_value_get_object(&item));
    possible = other != element_ && may_offer_text(other);
    g_value_reset(&item);
  }
  g_value_unset(&item);
  if (elements) gst_iterator_free(elements);
  gst_object_unref(top);
  return !possible;
}

// Live text whose sentence somebody forgot to end.
bool TtsStream::complete_late_text(Lock&) {
  const std::chrono::milliseconds max_wait(settings().max_wait_ms);
  if (max_wait.count() == 0 || !segmenter_.has_pending() || waiting_for_room_) return false;
  if (std::chrono::steady_clock::now() - last_text_ < max_wait) return false;
  take_pending_text();
  return !queue_.empty();
}

void TtsStream::end_stream(GstFlowReturn flow) {
  {
    Lock lock(mutex_);
    // Not the end of anything: somebody made the task leave on purpose.
    if (stopping() && flow == GST_FLOW_FLUSHING) {
      gst_pad_pause_task(src_pad_);
      return;
    }
    flow_ = flow;
    queue_.clear();
    queued_utterances_ = 0;
    changed_.notify_all();
  }
  announce_stop(element_, src_pad_, flow, seqnum_);
  gst_pad_pause_task(src_pad_);
}

}  // namespace chatterbox::gst
