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
  stream_.base = at;
  stream_.sent = 0;
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
  utterance_ = {};
  stream_ = {};
}

GstClockTime SpeechOutput::time_of(std::uint64_t samples) const {
  return info_.rate > 0 ? gst_util_uint64_scale(samples, GST_SECOND, info_.rate) : 0;
}

std::size_t SpeechOutput::frames_of(GstClockTime time) const {
  return std::size_t(gst_util_uint64_scale(time, info_.rate, GST_SECOND));
}

GstClockTime SpeechOutput::position() const {
  const std::size_t held = configured() ? pending_.size() / info_.bpf : 0;
  return stream_.base + time_of(stream_.sent + held);
}

void SpeechOutput::move_to(GstClockTime position) {
  const GstClockTime now = this->position();
  const GstClockTime distance = position > now ? position - now : now - position;
  if (distance <= time_of(1)) return;
  pending_.clear();
  stream_.base = position;
  stream_.sent = 0;
  stream_.discont = true;
}

void SpeechOutput::begin() {
  stream_.speaking = true;
  if (converter_) gst_audio_converter_reset(converter_.get());
  pending_.clear();
  utterance_ = {};
}

void SpeechOutput::convert(std::span<const float> samples) {
  if (samples.empty()) return;
  const std::size_t before = pending_.size();
  if (!converter_) {
    pending_.resize(before + samples.size_bytes());
    std::memcpy(pending_.data() + before, samples.data(), samples.size_bytes());
    utterance_.written += samples.size();
    return;
  }
  const gsize frames = gst_audio_converter_get_out_frames(converter_.get(), samples.size());
  pending_.resize(before + frames * std::size_t(info_.bpf));
  gpointer in[] = {const_cast<float*>(samples.data())};
  gpointer out[] = {pending_.data() + before};
  gst_audio_converter_samples(converter_.get(), GST_AUDIO_CONVERTER_FLAG_NONE, in, samples.size(),
                              out, frames);
  utterance_.written += frames;
}

GstFlowReturn SpeechOutput::write(std::span<const float> samples, std::span<const WordTime> words,
                                  const Push& push) {
  utterance_.words.insert(utterance_.words.end(), words.begin(), words.end());
  utterance_.read += samples.size();
  convert(samples);
  if (pending_.size() < frames_of(kShortestBuffer) * std::size_t(info_.bpf)) return GST_FLOW_OK;
  return push_pending(push);
}

GstFlowReturn SpeechOutput::finish(const Push& push) {
  stream_.speaking = false;
  const std::uint64_t expected =
      gst_util_uint64_scale_round(utterance_.read, guint64(info_.rate), kOutputRateHz);
  // The resampler looks ahead; silence pushes its last samples out.
  const std::vector<float> silence(kOutputRateHz / 100, 0.0F);
  for (int i = 0; i < 10 && utterance_.written < expected; ++i) convert(silence);
  if (utterance_.written > expected) {
    const auto surplus = std::size_t(utterance_.written - expected) * std::size_t(info_.bpf);
    pending_.resize(pending_.size() - std::min(surplus, pending_.size()));
    utterance_.written = expected;
  }
  // A word at the very end, where no sample follows.
  if (!utterance_.words.empty() && expected > 0)
    utterance_.words.back().start =
        std::min(utterance_.words.back().start, std::int64_t(utterance_.read) - 1);
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
  while (!utterance_.words.empty() &&
         frame_of(utterance_.words.front().start) < utterance_.emitted + frames) {
    const WordTime& word = utterance_.words.front();
    const guint64 start = std::max<guint64>(frame_of(word.start), utterance_.emitted);
    const guint64 end = std::max<guint64>(frame_of(word.end), start);
    const GstClockTime begin = stream_.base + time_of(stream_.sent + (start - utterance_.emitted));
    words.push_back({word.word, begin,
                     stream_.base + time_of(stream_.sent + (end - utterance_.emitted)) - begin});
    utterance_.words.pop_front();
  }
  utterance_.emitted += frames;
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
  GST_BUFFER_PTS(buffer.get()) = stream_.base + time_of(stream_.sent);
  stream_.sent += frames;
  GST_BUFFER_DURATION(buffer.get()) =
      stream_.base + time_of(stream_.sent) - GST_BUFFER_PTS(buffer.get());
  GST_BUFFER_OFFSET(buffer.get()) = stream_.offset;
  stream_.offset += frames;
  GST_BUFFER_OFFSET_END(buffer.get()) = stream_.offset;
  if (stream_.discont) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  stream_.discont = false;
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
