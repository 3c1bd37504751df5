// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_output.h"

#include <algorithm>
#include <cstring>

#include "chatterbox/audio.h"

namespace chatterbox::gst {

namespace {

constexpr GstClockTime kShortestBuffer = 20 * GST_MSECOND;
constexpr GstClockTime kLongestBuffer = 100 * GST_MSECOND;
// 0 to 10; the default 4 lets 11 kHz speech alias audibly.
constexpr guint kResamplerQuality = 8;

}  // namespace

bool SpeechOutput::configure(const GstAudioInfo& info) {
  const GstClockTime at = position();
  info_ = info;
  converter_ = nullptr;
  pending_.clear();
  base_ = at;
  sent_ = 0;
  if (GST_AUDIO_INFO_FORMAT(&info) == GST_AUDIO_FORMAT_F32 && info.rate == kOutputRateHz)
    return true;

  GstAudioInfo engine_info = mono_float(kOutputRateHz);
  GstStructure* config = gst_structure_new(
      "GstAudioConverterConfig", GST_AUDIO_CONVERTER_OPT_DITHER_METHOD,
      GST_TYPE_AUDIO_DITHER_METHOD, GST_AUDIO_DITHER_NONE, GST_AUDIO_CONVERTER_OPT_RESAMPLER_METHOD,
      GST_TYPE_AUDIO_RESAMPLER_METHOD, GST_AUDIO_RESAMPLER_METHOD_KAISER, nullptr);
  gst_audio_resampler_options_set_quality(GST_AUDIO_RESAMPLER_METHOD_KAISER, kResamplerQuality,
                                          kOutputRateHz, info.rate, config);
  GstAudioInfo out_info = info;
  converter_.reset(
      gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &engine_info, &out_info, config));
  return converter_ != nullptr;
}

void SpeechOutput::reset() {
  pending_.clear();
  words_.clear();
  base_ = 0;
  sent_ = 0;
  offset_ = 0;
  rested_ = 0;
  discont_ = true;
  speaking_ = false;
}

GstClockTime SpeechOutput::time_of(std::uint64_t samples) const {
  return info_.rate > 0 ? gst_util_uint64_scale(samples, GST_SECOND, info_.rate) : 0;
}

std::size_t SpeechOutput::frames_of(GstClockTime time) const {
  return std::size_t(gst_util_uint64_scale(time, info_.rate, GST_SECOND));
}

GstClockTime SpeechOutput::position() const {
  const std::size_t held = configured() ? pending_.size() / info_.bpf : 0;
  return base_ + time_of(sent_ + held);
}

void SpeechOutput::move_to(GstClockTime position) {
  const GstClockTime now = this->position();
  const GstClockTime distance = position > now ? position - now : now - position;
  if (distance <= time_of(1)) return;
  pending_.clear();
  base_ = position;
  sent_ = 0;
  discont_ = true;
}

void SpeechOutput::begin() {
  speaking_ = true;
  if (converter_) gst_audio_converter_reset(converter_.get());
  pending_.clear();
  words_.clear();
  read_ = 0;
  written_ = 0;
  emitted_ = 0;
}

void SpeechOutput::convert(std::span<const float> samples) {
  if (samples.empty()) return;
  const std::size_t before = pending_.size();
  if (!converter_) {
    pending_.resize(before + samples.size_bytes());
    std::memcpy(pending_.data() + before, samples.data(), samples.size_bytes());
    written_ += samples.size();
    return;
  }
  const gsize frames = gst_audio_converter_get_out_frames(converter_.get(), samples.size());
  pending_.resize(before + frames * std::size_t(info_.bpf));
  gpointer in[] = {const_cast<float*>(samples.data())};
  gpointer out[] = {pending_.data() + before};
  gst_audio_converter_samples(converter_.get(), GST_AUDIO_CONVERTER_FLAG_NONE, in, samples.size(),
                              out, frames);
  written_ += frames;
}

GstFlowReturn SpeechOutput::write(std::span<const float> samples, std::span<const WordTime> words,
                                  const Push& push) {
  words_.insert(words_.end(), words.begin(), words.end());
  read_ += samples.size();
  convert(samples);
  if (pending_.size() < frames_of(kShortestBuffer) * std::size_t(info_.bpf)) return GST_FLOW_OK;
  return push_pending(push);
}

GstFlowReturn SpeechOutput::finish(const Push& push) {
  speaking_ = false;
  const std::uint64_t expected =
      gst_util_uint64_scale_round(read_, guint64(info_.rate), kOutputRateHz);
  // The resampler looks ahead; silence pushes its last samples out.
  const std::vector<float> silence(kOutputRateHz / 100, 0.0F);
  for (int i = 0; i < 10 && written_ < expected; ++i) convert(silence);
  if (written_ > expected) {
    const auto surplus = std::size_t(written_ - expected) * std::size_t(info_.bpf);
    pending_.resize(pending_.size() - std::min(surplus, pending_.size()));
    written_ = expected;
  }
  // A word at the very end, where no sample follows.
  if (!words_.empty() && expected > 0)
    words_.back().start = std::min(words_.back().start, std::int64_t(read_) - 1);
  return push_pending(push);
}

GstFlowReturn SpeechOutput::push_pending(const Push& push) {
  const std::size_t longest = frames_of(kLongestBuffer);
  const std::size_t total = pending_.size() / std::size_t(info_.bpf);
  const std::size_t buffers = (total + longest - 1) / longest;
  for (std::size_t i = 0; i < buffers; ++i) {
    const std::size_t held = pending_.size() / std::size_t(info_.bpf);
    const GstFlowReturn flow = emit(held / (buffers - i), push);
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

// Words that begin in the next `frames` samples, before these are counted.
std::vector<SpokenWord> SpeechOutput::take_words(std::size_t frames) {
  const auto frame_of = [this](std::int64_t sample) {
    return gst_util_uint64_scale_round(guint64(std::max<std::int64_t>(sample, 0)),
                                       guint64(info_.rate), kOutputRateHz);
  };
  std::vector<SpokenWord> words;
  while (!words_.empty() && frame_of(words_.front().start) < emitted_ + frames) {
    const WordTime& word = words_.front();
    const guint64 start = std::max<guint64>(frame_of(word.start), emitted_);
    const guint64 end = std::max<guint64>(frame_of(word.end), start);
    const GstClockTime begin = base_ + time_of(sent_ + (start - emitted_));
    words.push_back({word.word, begin, base_ + time_of(sent_ + (end - emitted_)) - begin});
    words_.pop_front();
  }
  emitted_ += frames;
  return words;
}

GstFlowReturn SpeechOutput::emit(std::size_t frames, const Push& push) {
  const std::vector<SpokenWord> words = take_words(frames);
  const std::size_t bytes = frames * std::size_t(info_.bpf);
  OwnedBuffer buffer(gst_buffer_new_memdup(pending_.data(), bytes));
  // Digital silence: who follows need not listen.
  if (std::all_of(pending_.begin(), pending_.begin() + std::ptrdiff_t(bytes),
                  [](guint8 byte) { return byte == 0; }))
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_GAP);
  pending_.erase(pending_.begin(), pending_.begin() + std::ptrdiff_t(bytes));
  return push(stamp(std::move(buffer), frames), words);
}

OwnedBuffer SpeechOutput::stamp(OwnedBuffer buffer, std::size_t frames) {
  GST_BUFFER_PTS(buffer.get()) = base_ + time_of(sent_);
  sent_ += frames;
  GST_BUFFER_DURATION(buffer.get()) = base_ + time_of(sent_) - GST_BUFFER_PTS(buffer.get());
  GST_BUFFER_OFFSET(buffer.get()) = offset_;
  offset_ += frames;
  GST_BUFFER_OFFSET_END(buffer.get()) = offset_;
  if (discont_) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  discont_ = false;
  return buffer;
}

GstFlowReturn SpeechOutput::silence(GstClockTime until, const Push& push) {
  while (position() < until) {
    const GstClockTime missing = std::min(until - position(), kLongestBuffer);
    const std::size_t frames = frames_of(missing);
    if (frames == 0) break;
    OwnedBuffer buffer(gst_buffer_new_allocate(nullptr, frames * gsize(info_.bpf), nullptr));
    gst_buffer_memset(buffer.get(), 0, 0, gst_buffer_get_size(buffer.get()));
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_GAP);
    const GstFlowReturn flow = push(stamp(std::move(buffer), frames), {});
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

}  // namespace chatterbox::gst
