// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// One utterance of chatterboxtts: from the engine to the source pad.
#include <algorithm>
#include <utility>

#include "common.h"
#include "paths.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_debug

namespace chatterbox::gst {

namespace {

// How often waiting for speech looks for something else to do.
constexpr std::chrono::milliseconds kPatience{100};
// Live speech may fall this far behind its timestamps before it moves on: a
// sink still plays what is this late.
constexpr GstClockTime kLiveTolerance = 40 * GST_MSECOND;

bool another_seed_may_help(const Failure& failure) {
  return failure.code == ErrorCode::kModelFailure && !failure.about_voice;
}

}  // namespace

struct TtsStream::Speaking {
  Utterance& utterance;
  TtsSettings settings;
  bool live = false;
  bool begun = false;
  bool immediate = false;
  GstClockTime start = 0;
  GstClockTime end = GST_CLOCK_TIME_NONE;  // where it is clipped
  int attempt = 0;
};

GstFlowReturn TtsStream::speak(Utterance& utterance) {
  Speaking speaking{utterance, settings()};
  {
    Lock lock(mutex_);
    speaking.live = upstream_live_ || speaking.settings.force_live;
  }
  GstFlowReturn flow = prepare_output();
  if (flow != GST_FLOW_OK || !wait_for_worker(flow)) return flow;
  if (!submit(utterance, 0)) return GST_FLOW_ERROR;

  while (true) {
    SpeechPiece piece;
    submit_ahead();
    switch (utterance.job->take(piece, kPatience)) {
      case SpeechJob::State::kPiece:
        flow = speaking.begun ? GST_FLOW_OK : begin_speech(speaking);
        if (flow == GST_FLOW_OK) flow = write_piece(speaking, piece);
        if (flow == GST_FLOW_CUSTOM_SUCCESS) return end_speech(speaking, true);
        if (flow != GST_FLOW_OK) return flow;
        break;
      case SpeechJob::State::kPending:
        if (must_stop()) return GST_FLOW_FLUSHING;
        if (speaking.live && !speaking.begun) mark_idle_time();
        break;
      case SpeechJob::State::kDone:
        return end_speech(speaking, false);
      case SpeechJob::State::kCancelled:
        if (must_stop()) return GST_FLOW_FLUSHING;
        return end_speech(speaking, true);
      case SpeechJob::State::kFailed: {
        const Failure failure = utterance.job->failure();
        if (!speaking.begun && speaking.attempt == 0 && another_seed_may_help(failure)) {
          GST_WARNING_OBJECT(element_, "tries again with another seed: %s",
                             failure.message.c_str());
          utterance.job = nullptr;
          if (!submit(utterance, ++speaking.attempt)) return GST_FLOW_ERROR;
          break;
        }
        return give_up(speaking, failure);
      }
    }
  }
}

bool TtsStream::wait_for_worker(GstFlowReturn& flow) {
  const bool force_live = settings().force_live;
  Lock lock(mutex_);
  while (!worker_) {
    flow = stopping() ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
    if (stopping() || load_failed_) return false;
    changed_.wait_for(lock, kPatience);
    if (!force_live && !upstream_live_) continue;
    lock.unlock();
    mark_idle_time();
    lock.lock();
  }
  flow = GST_FLOW_OK;
  return true;
}

// Hands the utterance to the engine unless that was done ahead. False, with an
// error posted, when there is no such voice.
bool TtsStream::submit(Utterance& utterance, int attempt) {
  const TtsSettings settings = this->settings();
  try {
    if (!utterance.job) {
      SpeechJob::Request request{utterance.text, find_voice(settings.voice), settings.synthesis()};
      if (attempt > 0 && request.options.seed) *request.options.seed += std::uint64_t(attempt);
      utterance.voice = settings.voice;
      utterance.job = std::make_shared<SpeechJob>(std::move(request));
      Lock lock(mutex_);
      worker_->submit(utterance.job);
    }
  } catch (const Error& error) {
    post_error(element_, {error.code(), error.what(), true});
    return false;
  }
  Lock lock(mutex_);
  current_job_ = utterance.job;
  if (stopping() || utterance.epoch != epoch_) worker_->cancel(utterance.job);
  return true;
}

// The engine begins the next utterance while this one is still being played.
void TtsStream::submit_ahead() {
  const TtsSettings settings = this->settings();
  Lock lock(mutex_);
  const auto next = std::find_if(queue_.begin(), queue_.end(),
                                 [](const Item& item) { return item.utterance.has_value(); });
  if (next == queue_.end() || next->utterance->job || !worker_) return;
  Utterance& utterance = *next->utterance;
  try {
    utterance.job = std::make_shared<SpeechJob>(
        SpeechJob::Request{utterance.text, find_voice(settings.voice), settings.synthesis()});
  } catch (const Error&) {
    return;  // reported when its turn comes
  }
  utterance.voice = settings.voice;
  worker_->submit(utterance.job);
}

// Where the speech begins, now that it is there.
GstClockTime TtsStream::start_time(Speaking& speaking) {
  const Utterance& utterance = speaking.utterance;
  const GstClockTime position = output_.position();
  const Timing timing = speaking.settings.timing;
  speaking.immediate =
      timing == Timing::kImmediate ||
      (timing == Timing::kAuto && speaking.live && !GST_CLOCK_TIME_IS_VALID(utterance.timestamp));
  if (speaking.immediate) {
    const GstClockTime now = stream_now();
    return GST_CLOCK_TIME_IS_VALID(now) ? std::max(now, position) : position;
  }
  if (timing == Timing::kContiguous || !GST_CLOCK_TIME_IS_VALID(utterance.timestamp))
    return position;

  const GstClockTime wanted = std::max<GstClockTime>(utterance.timestamp, out_segment_.start);
  if (speaking.settings.overflow == Overflow::kClip && GST_CLOCK_TIME_IS_VALID(utterance.duration))
    speaking.end = utterance.timestamp + utterance.duration;
  if (speaking.settings.overflow == Overflow::kOverlap) return wanted;
  const GstClockTime start = std::max(wanted, position);
  if (!speaking.live) return start;
  GstClockTime behind = speaking.settings.latency_ms * GST_MSECOND;
  {
    Lock lock(mutex_);
    behind += upstream_latency_;
  }
  // Too late to be played on time: all of it is played later.
  const GstClockTime deadline = stream_now(behind);
  if (!GST_CLOCK_TIME_IS_VALID(deadline) || deadline <= wanted) return start;
  report_late(wanted, deadline, utterance.duration);
  return std::max(start, deadline);
}

void TtsStream::report_late(GstClockTime start, GstClockTime now, GstClockTime duration) {
  GST_CAT_LEVEL_LOG(gst_chatterbox_debug, warned_late_ ? GST_LEVEL_DEBUG : GST_LEVEL_WARNING,
                    element_, "speech comes %" GST_TIME_FORMAT " late; a larger `latency` helps",
                    GST_TIME_ARGS(now - start));
  warned_late_ = true;
  GstMessage* message = gst_message_new_qos(
      GST_OBJECT(element_), TRUE,
      gst_segment_to_running_time(&out_segment_, GST_FORMAT_TIME, start),
      gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, start), start, duration);
  gst_message_set_qos_values(message, GstClockTimeDiff(now - start), 1.0, 1000000);
  gst_element_post_message(element_, message);
}

GstFlowReturn TtsStream::begin_speech(Speaking& speaking) {
  speaking.start = start_time(speaking);
  const GstFlowReturn flow = advance_to(speaking.start);
  if (flow != GST_FLOW_OK) return flow;
  output_.begin();
  speaking.start = output_.position();
  speaking.begun = true;
  post_utterance("chatterbox/utterance-start", speaking, false);
  return GST_FLOW_OK;
}

// GST_FLOW_CUSTOM_SUCCESS: nothing more of this utterance is wanted.
GstFlowReturn TtsStream::write_piece(Speaking& speaking, const SpeechPiece& piece) {
  if (speaking.immediate) {
    const GstClockTime now = stream_now(
        std::max<GstClockTime>(kLiveTolerance, speaking.settings.latency_ms * GST_MSECOND));
    if (GST_CLOCK_TIME_IS_VALID(now) && now > output_.position()) {
      GstFlowReturn flow = output_.push_pending(pusher());
      if (flow == GST_FLOW_OK) flow = advance_to(now);
      if (flow != GST_FLOW_OK) return flow;
    }
  }
  post_words(speaking, piece);
  std::span<const float> samples(piece.samples);
  if (!GST_CLOCK_TIME_IS_VALID(speaking.end)) return output_.write(samples, pusher());

  const GstClockTime position = output_.position();
  const GstClockTime room = speaking.end > position ? speaking.end - position : 0;
  const auto fitting = std::size_t(gst_util_uint64_scale(room, kOutputRateHz, GST_SECOND));
  const bool clipped = fitting < samples.size();
  const GstFlowReturn flow =
      output_.write(samples.first(std::min(fitting, samples.size())), pusher());
  if (flow != GST_FLOW_OK || !clipped) return flow;
  GST_DEBUG_OBJECT(element_, "speech is longer than its cue; clipped");
  Lock lock(mutex_);
  if (worker_) worker_->cancel(speaking.utterance.job);
  return GST_FLOW_CUSTOM_SUCCESS;
}

GstFlowReturn TtsStream::end_speech(Speaking& speaking, bool interrupted) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (speaking.begun) {
    flow = output_.finish(pusher());
    if (flow == GST_FLOW_OK) post_utterance("chatterbox/utterance-end", speaking, interrupted);
  }
  Lock lock(mutex_);
  current_job_ = nullptr;
  return flow;
}

// The utterance cannot be spoken, or no further.
GstFlowReturn TtsStream::give_up(Speaking& speaking, const Failure& failure) {
  {
    Lock lock(mutex_);
    current_job_ = nullptr;
  }
  const bool may_skip = speaking.settings.on_error == OnError::kSkip && !failure.about_voice &&
                        failure.code != ErrorCode::kOutOfMemory;
  if (!may_skip) {
    post_error(element_, failure);
    return GST_FLOW_ERROR;
  }
  post_warning(element_, failure);
  if (speaking.begun) return end_speech(speaking, true);
  const Utterance& utterance = speaking.utterance;
  if (!GST_CLOCK_TIME_IS_VALID(utterance.timestamp) || !GST_CLOCK_TIME_IS_VALID(utterance.duration))
    return GST_FLOW_OK;
  const GstClockTime end = utterance.timestamp + utterance.duration;
  return end > output_.position() ? advance_to(end) : GST_FLOW_OK;
}

void TtsStream::post_utterance(const char* name, const Speaking& speaking, bool interrupted) {
  if (!speaking.settings.post_messages) return;
  const Utterance& utterance = speaking.utterance;
  const bool is_end = g_str_has_suffix(name, "-end");
  GstStructure* structure = gst_structure_new(
      name, "id", G_TYPE_UINT64, guint64(utterance.id), "text", G_TYPE_STRING,
      utterance.text.c_str(), "voice", G_TYPE_STRING, utterance.voice.c_str(), "timestamp",
      G_TYPE_UINT64, speaking.start, "stream-time", G_TYPE_UINT64,
      gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, speaking.start), "running-time",
      G_TYPE_UINT64, gst_segment_to_running_time(&out_segment_, GST_FORMAT_TIME, speaking.start),
      "input-duration", G_TYPE_UINT64, utterance.duration, "time-to-first-audio", G_TYPE_UINT64,
      guint64(utterance.job->time_to_first_audio().count()), nullptr);
  if (is_end) {
    const SynthesisStats stats = utterance.job->stats();
    gst_structure_set(structure, "duration", G_TYPE_UINT64, output_.utterance_duration(), "seed",
                      G_TYPE_UINT64, guint64(stats.seed), "real-time-factor", G_TYPE_DOUBLE,
                      stats.real_time_factor(), "interrupted", G_TYPE_BOOLEAN,
                      gboolean(interrupted), nullptr);
  }
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

void TtsStream::post_words(const Speaking& speaking, const SpeechPiece& piece) {
  if (!speaking.settings.post_messages) return;
  for (const WordTime& word : piece.words) {
    const GstClockTime begin = output_.utterance_time(word.start);
    const GstClockTime end = std::max(begin, output_.utterance_time(word.end));
    gst_element_post_message(
        element_,
        gst_message_new_element(
            GST_OBJECT(element_),
            gst_structure_new(
                "chatterbox/word", "utterance", G_TYPE_UINT64, guint64(speaking.utterance.id),
                "text", G_TYPE_STRING, word.word.c_str(), "timestamp", G_TYPE_UINT64, begin,
                "stream-time", G_TYPE_UINT64,
                gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, begin), "running-time",
                G_TYPE_UINT64, gst_segment_to_running_time(&out_segment_, GST_FORMAT_TIME, begin),
                "duration", G_TYPE_UINT64, end - begin, nullptr)));
  }
}

}  // namespace chatterbox::gst
