// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_input.h"

#include <algorithm>

#include "chatterbox/audio.h"
#include "chatterbox/converter.h"

namespace chatterbox::gst {

void SpeechInput::configure(const GstAudioInfo& info) {
  to_dry_.open(info, kOutputRateHz);
  GstAudioInfo dry = mono_float(kOutputRateHz), heard = mono_float(Converter::kInputRateHz);
  to_heard_.reset(gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &dry, &heard, nullptr));
  frames_ = dry_ = heard_ = 0;
}

void SpeechInput::reset() {
  frames_ = dry_ = heard_ = 0;
  to_dry_.reset();
  if (to_heard_) gst_audio_converter_reset(to_heard_.get());
}

void SpeechInput::hear(const float* dry, std::size_t count, Samples& samples) {
  if (count == 0) return;
  gpointer from[] = {const_cast<float*>(dry)};
  const std::size_t before = samples.heard.size();
  append_converted(to_heard_.get(), from, count, samples.heard);
  heard_ += samples.heard.size() - before;
}

bool SpeechInput::add(GstBuffer* buffer, Samples& samples) {
  const std::size_t before = samples.dry.size();
  if (!to_dry_.read(buffer, samples.dry)) return false;
  frames_ += gst_buffer_get_size(buffer) / gsize(info().bpf);
  const std::size_t made = samples.dry.size() - before;
  dry_ += made;
  hear(samples.dry.data() + before, made, samples);
  return true;
}

void SpeechInput::finish(Samples& samples) {
  if (frames_ == 0) return;
  const std::uint64_t expected =
      gst_util_uint64_scale_round(frames_, kOutputRateHz, guint64(info().rate));
  // Silence pushes out what waits for more.
  const std::size_t before = samples.dry.size();
  const std::size_t missing = std::size_t(expected - std::min(expected, dry_));
  for (int i = 0; i < 10 && samples.dry.size() - before < missing; ++i)
    to_dry_.push_silence(samples.dry);
  samples.dry.resize(before + missing, 0.0F);
  dry_ += missing;
  hear(samples.dry.data() + before, missing, samples);

  const std::uint64_t due =
      gst_util_uint64_scale_round(expected, Converter::kInputRateHz, kOutputRateHz);
  const std::vector<float> quiet(kOutputRateHz / 50, 0.0F);
  for (int i = 0; i < 10 && heard_ < due; ++i) hear(quiet.data(), quiet.size(), samples);
  if (heard_ > due) {
    const auto surplus = std::size_t(heard_ - due);
    samples.heard.resize(samples.heard.size() - std::min(surplus, samples.heard.size()));
    heard_ = due;
  }
}

}  // namespace chatterbox::gst
