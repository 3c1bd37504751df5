// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "vc_core.h"

#include <utility>

#include "background.h"
#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_vc_debug

namespace chatterbox::gst {

VcCore::VcCore(GstElement* element, GstPad* sink_pad, GstPad* src_pad, Work work)
    : ElementCore(element, sink_pad, src_pad, vc_properties(), std::move(work),
                  [this] { read_awaited_voice(); }) {}

std::shared_ptr<VoiceConverter> VcCore::converter() const {
  return run.awaited_voice ? nullptr : lease.product<VoiceConverter>();
}

std::uint64_t VcCore::waiting_samples() {
  std::uint64_t samples = 0;
  for (const VcItem& item : queue.items()) samples += item.samples.heard.size();
  return samples;
}

void VcCore::request_voice(const std::string& voice) {
  lease.outdate();  // the next start is in the voice of the property
  std::shared_ptr<VoiceConverter> converter;
  std::uint64_t serial = 0;
  {
    const Lock lock = queue.lock();
    serial = ++run.voice_serial;
    converter = this->converter();
    if (!converter) {
      run.awaited_voice = voice;
      return;
    }
  }
  run_in_background("chatterbox-voice", [this, self = keep(element), converter, voice, serial] {
    {
      const Lock lock = queue.lock();
      if (serial != run.voice_serial) return;
    }
    read_voice(*converter, voice);
  });
}

// A voice that was asked for during the load is read before the first word, in the loading thread.
void VcCore::read_awaited_voice() {
  const auto converter = lease.product<VoiceConverter>();
  Lock lock = queue.lock();
  while (converter && run.awaited_voice) {
    const std::string voice = *run.awaited_voice;
    lock.unlock();
    read_voice(*converter, voice);
    lock.lock();
    if (run.awaited_voice == voice) run.awaited_voice.reset();
  }
  queue.wake();
}

void VcCore::read_voice(VoiceConverter& converter, const std::string& voice) {
  try {
    about_voice([&] { converter.set_voice(find_voice(voice)); });
    GST_INFO_OBJECT(element, "speaks as '%s'", voice.c_str());
  } catch (...) {
    post_warning(element, current_failure());
  }
}

}  // namespace chatterbox::gst
