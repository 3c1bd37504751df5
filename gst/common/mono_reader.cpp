// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "mono_reader.h"

#include "chatterbox/error.h"

namespace chatterbox::gst {

namespace {

// GStreamer's mixer keeps a bit for each channel in a signed number.
constexpr int kMostMixedChannels = 63;

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

  explicit operator bool() const { return mapped_; }
  const GstAudioBuffer& operator*() const { return planes_; }

 private:
  GstAudioBuffer planes_ = {};
  bool mapped_ = false;
};

}  // namespace

void append_converted(GstAudioConverter* converter, gpointer* planes, gsize count,
                      std::vector<float>& out) {
  const gsize made = gst_audio_converter_get_out_frames(converter, count);
  const std::size_t before = out.size();
  out.resize(before + made);
  gpointer to[] = {out.data() + before};
  gst_audio_converter_samples(converter, GST_AUDIO_CONVERTER_FLAG_NONE, planes, count, to, made);
}

void MonoReader::open(const GstAudioInfo& info, int rate_hz) {
  const int channels = GST_AUDIO_INFO_CHANNELS(&info);
  averages_ =
      channels > kMostMixedChannels || (channels > 1 && GST_AUDIO_INFO_IS_UNPOSITIONED(&info));
  info_ = info;
  rate_hz_ = rate_hz;
  GstAudioInfo from = averages_ ? mono_float(GST_AUDIO_INFO_RATE(&info)) : info;
  GstAudioInfo to = mono_float(rate_hz);
  GstStructure* config =
      gst_structure_new("GstAudioConverterConfig", GST_AUDIO_CONVERTER_OPT_DITHER_METHOD,
                        GST_TYPE_AUDIO_DITHER_METHOD, GST_AUDIO_DITHER_NONE, nullptr);
  converter_.reset(gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &from, &to, config));
  if (!converter_)
    throw Error(
        ErrorCode::kInvalidArgument,
        std::string("expected audio that can be converted, got ") + GST_AUDIO_INFO_NAME(&info));
}

void MonoReader::reset() {
  if (converter_) gst_audio_converter_reset(converter_.get());
}

// Into mixed_. Formats unpack to whole numbers of 32 bits or to double.
void MonoReader::average(const GstAudioBuffer& planes) {
  const GstAudioFormatInfo* format = info_.finfo;
  const bool whole = format->unpack_format == GST_AUDIO_FORMAT_S32;
  const bool planar = GST_AUDIO_INFO_LAYOUT(&info_) == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  const std::size_t channels = std::size_t(GST_AUDIO_INFO_CHANNELS(&info_));
  const std::size_t count = planes.n_samples;
  const std::size_t stride = planar ? 1 : channels;
  const double scale = 1.0 / double(channels) / (whole ? 2147483648.0 : 1.0);
  frames_.resize(count * stride);
  mixed_.assign(count, 0.0F);
  for (std::size_t plane = 0; plane < (planar ? channels : 1); ++plane) {
    format->unpack_func(format, GST_AUDIO_PACK_FLAG_NONE, frames_.data(), planes.planes[plane],
                        gint(count * stride));
    for (std::size_t i = 0; i < count * stride; ++i) {
      const double sample = whole ? reinterpret_cast<const gint32*>(frames_.data())[i] : frames_[i];
      mixed_[i / stride] += float(sample * scale);
    }
  }
}

bool MonoReader::read(GstBuffer* buffer, std::vector<float>& samples) {
  if (!converter_) return false;
  const Planes planes(info_, buffer);
  if (!planes) return false;
  if (!averages_) {
    append_converted(converter_.get(), (*planes).planes, (*planes).n_samples, samples);
    return true;
  }
  average(*planes);
  gpointer from[] = {mixed_.data()};
  append_converted(converter_.get(), from, mixed_.size(), samples);
  return true;
}

void MonoReader::push_silence(std::vector<float>& samples) {
  if (!converter_) return;
  const std::size_t count = std::size_t(GST_AUDIO_INFO_RATE(&info_)) / 50 + 1;
  if (averages_) {
    mixed_.assign(count, 0.0F);
    gpointer from[] = {mixed_.data()};
    return append_converted(converter_.get(), from, count, samples);
  }
  std::vector<guint8> silence(count * std::size_t(info_.bpf));
  gst_audio_format_info_fill_silence(info_.finfo, silence.data(), silence.size());
  std::vector<gpointer> planes(std::size_t(info_.channels), silence.data());
  append_converted(converter_.get(), planes.data(), count, samples);
}

}  // namespace chatterbox::gst
