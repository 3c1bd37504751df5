// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/stream_resampler.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <cstdint>

namespace chatterbox::sidecar {

struct StreamResampler::Filter {
  GstAudioResampler* resampler;
  ~Filter() { gst_audio_resampler_free(resampler); }
};

StreamResampler::StreamResampler(int from_hz, int to_hz) : from_hz_(from_hz), to_hz_(to_hz) {
  if (from_hz == to_hz) return;
  GstStructure* options = gst_structure_new_empty("options");
  gst_audio_resampler_options_set_quality(GST_AUDIO_RESAMPLER_METHOD_KAISER,
                                          GST_AUDIO_RESAMPLER_QUALITY_MAX, from_hz, to_hz, options);
  filter_ = std::make_unique<Filter>();
  filter_->resampler =
      gst_audio_resampler_new(GST_AUDIO_RESAMPLER_METHOD_KAISER, GST_AUDIO_RESAMPLER_FLAG_NONE,
                              GST_AUDIO_FORMAT_F32, 1, from_hz, to_hz, options);
  gst_structure_free(options);
}

StreamResampler::~StreamResampler() = default;

std::vector<float> StreamResampler::run(const float* samples, std::size_t count) {
  const gsize frames = gst_audio_resampler_get_out_frames(filter_->resampler, count);
  std::vector<float> result(frames);
  // GStreamer does not write to its input; its type says otherwise.
  gpointer in[] = {const_cast<float*>(samples)};
  gpointer out[] = {result.data()};
  gst_audio_resampler_resample(filter_->resampler, samples ? in : nullptr, count, out, frames);
  return result;
}

std::vector<float> StreamResampler::push(std::span<const float> samples) {
  if (!filter_) return {samples.begin(), samples.end()};
  if (samples.empty()) return {};
  taken_ += std::int64_t(samples.size());
  std::vector<float> result = run(samples.data(), samples.size());
  given_ += std::int64_t(result.size());
  return result;
}

std::vector<float> StreamResampler::finish() {
  if (!filter_ || taken_ == 0) return {};
  // Silence pushes the last samples out of the filter; the rest of it is cut.
  const std::vector<float> silence(gst_audio_resampler_get_max_latency(filter_->resampler) + 1);
  std::vector<float> rest = run(silence.data(), silence.size());
  const std::int64_t whole = (taken_ * to_hz_ + from_hz_ / 2) / from_hz_;
  rest.resize(std::size_t(std::clamp<std::int64_t>(whole - given_, 0, std::int64_t(rest.size()))));
  given_ += std::int64_t(rest.size());
  return rest;
}

}  // namespace chatterbox::sidecar
