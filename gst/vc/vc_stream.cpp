// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "vc_stream.h"

#include <cstring>
#include <utility>

#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

namespace {

// Settings that a converter is made with: for others a new one is made.
std::string variant_of(const VcSettings& settings) {
  const ConversionOptions options = settings.conversion();
  return settings.voice + '\n' + std::to_string(settings.seed) + '\n' +
         std::to_string(options.lookahead) + '\n' + std::to_string(options.silence_threshold) +
         '\n' + std::to_string(options.watermark);
}

}  // namespace

VcStream::VcStream(GstElement* element, GstPad* sink_pad, GstPad* src_pad)
    : core_(element, sink_pad, src_pad,
            {[this](VcItem&& item) { return conversion_.handle(std::move(item)); },
             [this](Lock& lock) { return conversion_.idle(lock); },
             [](const VcItem&) { return false; }, [this] { core_.run.stop.request_stop(); }}),
      input_(core_),
      conversion_(core_) {}

void VcStream::set_property(const char* name, const GValue* value) {
  const GstClockTime latency = core_.settings.get().latency();
  if (!core_.settings.set(name, value)) return;
  const VcSettings settings = core_.settings.get();
  if (std::strcmp(name, "voice") == 0 &&
      (is_running(core_.element) || core_.lease.product<VoiceConverter>()))
    core_.request_voice(settings.voice);
  if (latency != settings.latency())
    gst_element_post_message(core_.element, gst_message_new_latency(GST_OBJECT(core_.element)));
}

void VcStream::get_property(const char* name, GValue* value) {
  if (std::strcmp(name, "stats") == 0) return g_value_take_boxed(value, stats());
  core_.settings.show(name, value);
}

GstStructure* VcStream::stats() {
  const Lock lock = core_.queue.lock();
  const VcRun& run = core_.run;
  const auto time = [](double seconds) { return guint64(seconds * GST_SECOND); };
  return gst_structure_new(
      "chatterbox/conversion", "converted", G_TYPE_UINT64, time(run.conversion.seconds_converted),
      "silent", G_TYPE_UINT64, time(run.conversion.seconds_silent), "discarded", G_TYPE_UINT64,
      run.discarded, "overloads", G_TYPE_UINT64, run.overloads, "late", G_TYPE_UINT64, run.late,
      "slowest-chunk", G_TYPE_UINT64, time(run.conversion.seconds_of_slowest), "real-time-factor",
      G_TYPE_DOUBLE, run.conversion.real_time_factor(), nullptr);
}

bool VcStream::enter_paused() {
  core_.begin_run({});
  input_.reset();
  {
    const Lock lock = core_.queue.lock();
    conversion_.reset();
  }
  return start_load();
}

bool VcStream::start_load() {
  const VcSettings settings = core_.settings.get();
  ModelLease::Request request;
  std::string voice;
  if (!settings.find(core_.element, settings.voice, request, voice)) return false;
  request.variant = variant_of(settings);
  request.make = [voice, options = settings.conversion()](SpeechModel& model,
                                                          const std::stop_token& stop) {
    std::shared_ptr<VoiceConverter> converter =
        about_voice([&] { return model.make_converter(voice, options, stop); });
    converter->warm_up(stop);
    return converter;
  };
  core_.lease.start(std::move(request));
  return true;
}

void VcStream::enter_null() {
  {
    const Lock lock = core_.queue.lock();
    conversion_.reset();
  }
  core_.lease.drop();
}

bool VcStream::sink_event(OwnedEvent event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_START) {
    core_.task.flush_start(std::move(event));
    return true;
  }
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_FLUSH_STOP) {
    input_.flush();
    core_.task.flush_stop(std::move(event), [this] {
      core_.pad.flush();
      core_.run.stop = {};
      conversion_.reset();
    });
    return true;
  }
  return input_.event(std::move(event));
}

bool VcStream::src_event(OwnedEvent event) {
  if (is_backwards_seek(event.get())) return false;
  // QoS goes on upstream; speech is never dropped for it.
  return gst_pad_event_default(core_.src_pad, GST_OBJECT(core_.element), event.release());
}

bool VcStream::src_query(GstQuery* query) {
  const VcSettings settings = core_.settings.get();
  return core_.answer(query, false, settings.latency(), settings.latency() + settings.backlog());
}

}  // namespace chatterbox::gst
