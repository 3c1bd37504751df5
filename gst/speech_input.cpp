// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_input.h"

#include <algorithm>

#include "chatterbox/audio.h"
#include "chatterbox/converter.h"

namespace chatterbox::gst {

namespace {

GstAudioInfo mono(int rate) {
  GstAudioInfo info;
  gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_F32, rate, 1, nullptr);
  return info;
}

// Channels nobody told the place of count alike.
void add_mix(GstStructure* config, int channels) {
  GValue matrix = G_VALUE_INIT, row = G_VALUE_INIT, share = G_VALUE_INIT;
  g_value_init(&matrix, GST_TYPE_ARRAY);
  g_value_init(&row, GST_TYPE_ARRAY);
  g_value_init(&share, G_TYPE_FLOAT);
  g_value_set_float(&share, 1.0F / float(channels));
  for (int i = 0; i < channels; ++i) gst_value_array_append_value(&row, &share);
  gst_value_array_append_value(&matrix, &row);
  gst_structure_set_value(config, GST_AUDIO_CONVERTER_OPT_MIX_MATRIX, &matrix);
  g_value_unset(&share);
  g_value_unset(&row);
  g_value_unset(&matrix);
}

OwnedConverter make_converter(GstAudioInfo from, GstAudioInfo to) {
  GstStructure* config =
      gst_structure_new("GstAudioConverterConfig", GST_AUDIO_CONVERTER_OPT_DITHER_METHOD,
                        GST_TYPE_AUDIO_DITHER_METHOD, GST_AUDIO_DITHER_NONE, nullptr);
  if (GST_AUDIO_INFO_IS_UNPOSITIONED(&from) && from.channels > 1) add_mix(config, from.channels);
  return OwnedConverter(gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &from, &to, config));
}

// Adds `count` samples, one plane per channel or a single one, to `out`.
void run(GstAudioConverter* converter, gpointer* planes, std::size_t count,
         std::vector<float>& out) {
  const gsize made = gst_audio_converter_get_out_frames(converter, count);
  const std::size_t before = out.size();
  out.resize(before + made);
  gpointer to[] = {out.data() + before};
  gst_audio_converter_samples(converter, GST_AUDIO_CONVERTER_FLAG_NONE, planes, count, to, made);
}

}  // namespace

bool SpeechInput::configure(const GstAudioInfo& info) {
  info_ = info;
  to_dry_ = make_converter(info, mono(kOutputRateHz));
  to_heard_ = make_converter(mono(kOutputRateHz), mono(Converter::kInputRateHz));
  frames_ = dry_ = heard_ = 0;
  return to_dry_ && to_heard_;
}

void SpeechInput::reset() {
  frames_ = dry_ = heard_ = 0;
  if (to_dry_) gst_audio_converter_reset(to_dry_.get());
  if (to_heard_) gst_audio_converter_reset(to_heard_.get());
}

void SpeechInput::hear(const float* dry, std::size_t count, Samples& samples) {
  if (count == 0) return;
  gpointer from[] = {const_cast<float*>(dry)};
  const std::size_t before = samples.heard.size();
  run(to_heard_.get(), from, count, samples.heard);
  heard_ += samples.heard.size() - before;
}

bool SpeechInput::add(GstBuffer* buffer, Samples& samples) {
  GstAudioBuffer mapped;
  if (!gst_audio_buffer_map(&mapped, &info_, buffer, GST_MAP_READ)) return false;
  const std::size_t before = samples.dry.size();
  run(to_dry_.get(), mapped.planes, mapped.n_samples, samples.dry);
  frames_ += mapped.n_samples;
  gst_audio_buffer_unmap(&mapped);
  const std::size_t made = samples.dry.size() - before;
  dry_ += made;
  hear(samples.dry.data() + before, made, samples);
  return true;
}

void SpeechInput::finish(Samples& samples) {
  if (!to_dry_ || frames_ == 0) return;
  const std::uint64_t expected =
      gst_util_uint64_scale_round(frames_, kOutputRateHz, guint64(info_.rate));
  // Silence pushes out what waits for more.
  const std::size_t before = samples.dry.size();
  const std::size_t missing = std::size_t(expected - std::min(expected, dry_));
  const std::size_t block = std::size_t(info_.rate) / 50 + 1;
  std::vector<guint8> silence(block * std::size_t(info_.bpf));
  gst_audio_format_info_fill_silence(info_.finfo, silence.data(), silence.size());
  std::vector<gpointer> planes(std::size_t(info_.channels), silence.data());
  for (int i = 0; i < 10 && samples.dry.size() - before < missing; ++i)
    run(to_dry_.get(), planes.data(), block, samples.dry);
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
