// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "element_core.h"
#include "speech_input.h"
#include "vc_settings.h"
#include "voice_converter.h"

namespace chatterbox::gst {

// An item that waits for the task of chatterboxvc. Speech goes in stretches: samples that follow
// each other without a gap. A stretch keeps its length and its timestamps.
struct VcItem {
  enum class Kind {
    kEvent,
    kBegin,   // a stretch begins
    kSpeech,  // more of it
    kLost,    // more of it that is not to be converted
    kEnd,     // it ends
    kVoice,   // another voice from here on
  };
  Kind kind = Kind::kEvent;
  OwnedEvent event;
  SpeechInput::Samples samples;
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;  // of the stretch
  bool discont = false;
  std::string voice;
};

struct VcRun {
  ConversionStats conversion;
  GstClockTime discarded = 0;
  guint64 overloads = 0, late = 0;
  std::stop_source stop;  // of conversions up to the next flush
  // Asked for before the converter was there: nothing is converted until it is read.
  std::optional<std::string> awaited_voice;
  std::uint64_t voice_serial = 0;  // of the last request
};

// State that the parts of chatterboxvc share. The sink pad resamples speech and queues it with the
// serialized events in order (vc_input.h); the task converts and pushes (vc_conversion.h); state
// changes, flushes and voices act on both (vc_stream.h). The lease is of a VoiceConverter.
struct VcCore : ElementCore<VcSettings, VcItem, VcRun> {
  VcCore(GstElement* element, GstPad* sink_pad, GstPad* src_pad, Work work);

  // With the lock: the converter, once it is there and has the voice that is wanted.
  std::shared_ptr<VoiceConverter> converter() const;
  // Samples at 16 kHz that wait.
  std::uint64_t waiting_samples();
  // Any thread. The old voice speaks until the new one has been read; the last request counts.
  void request_voice(const std::string& voice);
  // Reads the voice for the converter, or posts a warning: that is no reason to fall silent.
  void read_voice(VoiceConverter& converter, const std::string& voice);

 private:
  void read_awaited_voice();
};

}  // namespace chatterbox::gst
