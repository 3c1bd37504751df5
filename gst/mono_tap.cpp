// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "mono_tap.h"

#include <algorithm>

#include "chatterbox/error.h"

namespace chatterbox::gst {

namespace {

// One row that gives every channel the same weight.
GstStructure* averaging(int channels) {
  GValue matrix = G_VALUE_INIT, row = G_VALUE_INIT, weight = G_VALUE_INIT;
  g_value_init(&matrix, GST_TYPE_ARRAY);
  g_value_init(&row, GST_TYPE_ARRAY);
  g_value_init(&weight, G_TYPE_FLOAT);
  g_value_set_float(&weight, 1.0F / float(channels));
  for (int i = 0; i < channels; ++i) gst_value_array_append_value(&row, &weight);
  gst_value_array_append_and_take_value(&matrix, &row);
  GstStructure* options = gst_structure_new_empty("options");
  gst_structure_take_value(options, GST_AUDIO_CONVERTER_OPT_MIX_MATRIX, &matrix);
  return options;
}

// The planes of a buffer for as long as this lives.
class Planes {
 public:
  Planes(const GstAudioInfo& info, GstBuffer* buffer) {
    // Without its meta nobody knows where the planes are.
    if (GST_AUDIO_INFO_LAYOUT(&info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED &&
        !gst_buffer_get_audio_meta(buffer))
      return;
    mapped_ = gst_audio_buffer_map(&planes_, &info, buffer, GST_MAP_READ);
  }
  ~Planes() {
    if (mapped_) gst_audio_buffer_unmap(&planes_);
  }
  Planes(const Planes&) = delete;
  Planes& operator=(const Planes&) = delete;

  gsize samples() const { return mapped_ ? GST_AUDIO_BUFFER_N_SAMPLES(&planes_) : 0; }
  gpointer* data() { return planes_.planes; }

 private:
  GstAudioBuffer planes_ = {};
  bool mapped_ = false;
};

}  // namespace

void MonoTap::open(const GstAudioInfo& info, int rate_hz) {
  info_ = info;
  rate_hz_ = rate_hz > 0 ? rate_hz : std::min(GST_AUDIO_INFO_RATE(&info), kMaxRateHz);
  GstAudioInfo mono;
  gst_audio_info_init(&mono);
  gst_audio_info_set_format(&mono, GST_AUDIO_FORMAT_F32, rate_hz_, 1, nullptr);
  converter_.reset(gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &info_, &mono,
                                           averaging(GST_AUDIO_INFO_CHANNELS(&info))));
  if (!converter_)
    throw Error(
        ErrorCode::kInvalidArgument,
        std::string("expected audio that can be converted, got ") + GST_AUDIO_INFO_NAME(&info));
}

std::vector<float> MonoTap::read(GstBuffer* buffer) {
  if (!converter_) return {};
  Planes planes(info_, buffer);
  const gsize count = planes.samples();
  if (count == 0) return {};
  std::vector<float> samples(gst_audio_converter_get_out_frames(converter_.get(), count));
  gpointer out[] = {samples.data()};
  if (!gst_audio_converter_samples(converter_.get(), GST_AUDIO_CONVERTER_FLAG_NONE, planes.data(),
                                   count, out, samples.size()))
    return {};
  return samples;
}

}  // namespace chatterbox::gst
