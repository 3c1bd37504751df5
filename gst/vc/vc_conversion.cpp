// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "vc_conversion.h"

#include <utility>

#include "background.h"
#include "chatterbox/error.h"
#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

GstFlowReturn VcConversion::handle(VcItem item) {
  try {
    return work_on(item);
  } catch (const Error& error) {
    // A flush is no failure.
    if (error.code() != ErrorCode::kCancelled || !core_.queue.must_stop()) throw;
    return GST_FLOW_FLUSHING;
  }
}

GstFlowReturn VcConversion::idle(Lock& lock) {
  if (core_.lease.failed()) return GST_FLOW_ERROR;
  core_.queue.wait(lock);
  return GST_FLOW_OK;
}

GstFlowReturn VcConversion::work_on(VcItem& item) {
  switch (item.kind) {
    case Kind::kEvent:
      return pass_on(std::move(item.event));
    case Kind::kBegin:
      return begin(item);
    case Kind::kSpeech:
      return convert(item);
    case Kind::kLost:
      return skip(item);
    case Kind::kEnd:
      return finish();
    case Kind::kVoice: {
      const GstFlowReturn flow = wait_for_converter();
      return flow == GST_FLOW_OK ? await_voice(item.voice) : flow;
    }
  }
  return GST_FLOW_OK;
}

GstFlowReturn VcConversion::pass_on(OwnedEvent event) {
  GST_DEBUG_OBJECT(core_.src_pad, "%" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_SEGMENT:
      return core_.pad.set_segment(event.get());
    case GST_EVENT_EOS:
      return core_.pad.end(std::move(event));
    case GST_EVENT_GAP:
      if (const GstFlowReturn flow = core_.pad.prepare(); flow != GST_FLOW_OK) return flow;
      break;
    default:
      break;
  }
  gst_pad_push_event(core_.src_pad, event.release());
  return GST_FLOW_OK;
}

GstFlowReturn VcConversion::begin(const VcItem& item) {
  const GstFlowReturn flow = core_.pad.prepare();
  if (flow != GST_FLOW_OK) return flow;
  SpeechOutput& output = core_.pad.output();
  output.move_to(item.timestamp);
  if (item.discont) output.mark_discont();
  output.begin();
  state_.begin = item.timestamp;
  state_.mix.reset();
  state_.emitted = state_.origin = 0;
  state_.speaking = true;
  return GST_FLOW_OK;
}

// Speech that can wait does, until the model is there. Live speech cannot.
GstFlowReturn VcConversion::wait_for_converter() {
  std::shared_ptr<VoiceConverter> converter;
  {
    Lock lock = core_.queue.lock();
    core_.queue.wait(lock, [&] {
      converter = core_.converter();
      return core_.queue.stopping() || converter || core_.lease.failed() || core_.upstream.live();
    });
    if (core_.queue.stopping()) return GST_FLOW_FLUSHING;
    if (core_.lease.failed()) return GST_FLOW_ERROR;
  }
  if (converter && converter != state_.converter) {
    // Its last conversion may have been interrupted.
    converter->reset();
    converter->set_muted(false);
  }
  state_.converter = std::move(converter);
  return GST_FLOW_OK;
}

// Speech that comes after this is in that voice.
GstFlowReturn VcConversion::await_voice(const std::string& voice) {
  if (!state_.converter) return GST_FLOW_OK;
  core_.lease.outdate();
  const auto done = std::make_shared<bool>(false);
  run_in_background("chatterbox-voice",
                    [this, self = keep(core_.element), converter = state_.converter, voice, done] {
                      core_.read_voice(*converter, voice);
                      const Lock lock = core_.queue.lock();
                      *done = true;
                      core_.queue.wake();
                    });
  Lock lock = core_.queue.lock();
  core_.queue.wait(lock, [&] { return *done || core_.queue.stopping(); });
  return core_.queue.stopping() ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

// The token by which a flush stops the engine.
std::stop_token VcConversion::stop() {
  const Lock lock = core_.queue.lock();
  return core_.run.stop.get_token();
}

// Settings that take effect between two chunks.
void VcConversion::apply_settings() {
  const VcSettings settings = core_.settings.get();
  if (settings.chunk_size != state_.chunk_size)
    state_.converter->set_chunk_size(int(settings.chunk_size));
  state_.chunk_size = settings.chunk_size;
  if (settings.bypass == state_.bypassed) return;
  state_.bypassed = settings.bypass;
  state_.converter->set_muted(state_.bypassed);
  // A conversion that ends fades out before the border; one that sets in is
  // silent for a fade, and takes another to be there.
  const auto border = std::int64_t(state_.origin) + state_.converter->next_chunk();
  if (state_.bypassed)
    state_.mix.fade_to(1, border - DryMix::kFade / 2);
  else
    state_.mix.fade_to(0, border + DryMix::kFade);
}

GstFlowReturn VcConversion::convert(VcItem& item) {
  GstFlowReturn flow = wait_for_converter();
  if (flow != GST_FLOW_OK) return flow;
  if (!state_.converter) return skip(item);
  flow = core_.pad.prepare();
  if (flow != GST_FLOW_OK) return flow;
  state_.mix.add(item.samples.dry);
  if (std::exchange(state_.passing, false))
    state_.mix.fade_to(state_.bypassed ? 1 : 0, std::int64_t(state_.emitted));
  state_.converter->push(item.samples.heard);
  state_.given = true;
  while (true) {
    apply_settings();
    std::vector<float> chunk = state_.converter->pop(stop());
    if (chunk.empty()) return GST_FLOW_OK;
    flow = emit(std::move(chunk));
    if (flow != GST_FLOW_OK) return flow;
  }
}

// Silence for what the engine was given and did not finish; the mix may put the
// speaker's own voice there.
GstFlowReturn VcConversion::abandon() {
  std::vector<float> rest;
  if (std::exchange(state_.given, false)) rest = state_.converter->abandon();
  rest.resize(state_.mix.waiting(), 0.0F);
  return emit(std::move(rest));
}

// Speech that nobody converts, in its place what the policy says.
GstFlowReturn VcConversion::skip(VcItem& item) {
  const std::size_t count = item.samples.dry.size();
  const VcSettings settings = core_.settings.get();
  const bool pass = settings.bypass || settings.overload_policy == OverloadPolicy::kPassthrough;
  SpeechOutput& output = core_.pad.output();
  GstFlowReturn flow = core_.pad.prepare();
  if (pass) state_.mix.fade_to(1, std::int64_t(state_.emitted));
  if (flow == GST_FLOW_OK) flow = abandon();
  if (flow != GST_FLOW_OK) return flow;
  state_.mix.add(item.samples.dry);
  if (!pass && settings.overload_policy == OverloadPolicy::kDrop) {
    state_.mix.drop(count);
    state_.emitted += count;
    flow = output.finish(core_.pad.pusher());
    output.move_to(state_.begin + gst_util_uint64_scale(state_.emitted, GST_SECOND, kOutputRateHz));
    output.begin();
  } else {
    state_.mix.fade_to(pass ? 1 : 0, std::int64_t(state_.emitted));
    state_.passing = pass;
    std::vector<float> silence(count, 0.0F);
    state_.mix.mix(silence);
    state_.emitted += count;
    flow = output.write(silence, {}, core_.pad.pusher());
  }
  state_.origin = state_.emitted;
  return flow;
}

GstFlowReturn VcConversion::finish() {
  if (!std::exchange(state_.speaking, false)) return GST_FLOW_OK;
  std::vector<float> rest;
  if (std::exchange(state_.given, false)) {
    apply_settings();
    rest = state_.converter->drain(stop());
  }
  rest.resize(state_.mix.waiting(), 0.0F);
  const GstFlowReturn flow = emit(std::move(rest));
  return flow == GST_FLOW_OK ? core_.pad.output().finish(core_.pad.pusher()) : flow;
}

// All converted speech leaves here, at 24 kHz, before it takes the source pad's format.
GstFlowReturn VcConversion::emit(std::vector<float> converted) {
  if (converted.empty()) return GST_FLOW_OK;
  state_.mix.mix(converted);
  state_.emitted += converted.size();
  watch_lateness(core_.pad.output().position());
  if (state_.converter) {
    const Lock lock = core_.queue.lock();
    core_.run.conversion = state_.converter->stats();
  }
  return core_.pad.output().write(converted, {}, core_.pad.pusher());
}

// Live speech that leaves after its time: the machine is slower than promised.
void VcConversion::watch_lateness(GstClockTime timestamp) {
  if (!core_.upstream.live() || !core_.clock.playing()) return;
  const GstClockTime allowed = core_.upstream.latency() + core_.settings.get().latency();
  const GstClockTime now = gst_element_get_current_running_time(core_.element);
  const GstClockTime due = core_.clock.running_time(timestamp);
  if (!GST_CLOCK_TIME_IS_VALID(now) || !GST_CLOCK_TIME_IS_VALID(due) || now <= due + allowed)
    return;
  {
    const Lock lock = core_.queue.lock();
    ++core_.run.late;
  }
  if (!std::exchange(state_.warned_late, true))
    GST_WARNING_OBJECT(core_.element,
                       "converted speech is %" GST_TIME_FORMAT
                       " late: processing-latency is too short for this machine",
                       GST_TIME_ARGS(now - due - allowed));
}

}  // namespace chatterbox::gst
