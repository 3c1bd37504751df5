// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// One utterance of chatterboxtts: from the engine to the source pad.
#include <algorithm>
#include <utility>

#include "common.h"
#include "tts_speaking.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// How often waiting for speech looks for something else to do.
constexpr std::chrono::milliseconds kPatience{100};
// Live speech may fall this far behind its timestamps before it moves on: a
// sink still plays what is this late.
constexpr GstClockTime kLiveTolerance = 40 * GST_MSECOND;

}  // namespace

GstFlowReturn TtsStream::speak(Utterance& utterance) {
  Speaking speaking{utterance, settings()};
  {
    Lock lock(mutex_);
    speaking.live = upstream_live_ || speaking.settings.force_live;
  }
  GstFlowReturn flow = prepare_output();
  if (flow != GST_FLOW_OK || !wait_for_worker(flow)) return flow;
  if (!submit(utterance, 0)) return GST_FLOW_ERROR;
  flow = speak_pieces(speaking);
  // Cut off by a flush: whoever follows what is said must know.
  if (flow == GST_FLOW_FLUSHING && speaking.begun)
    post_utterance("chatterbox/utterance-end", speaking, true);
  return flow;
}

GstFlowReturn TtsStream::speak_pieces(Speaking& speaking) {
  while (true) {
    // Held here too: another attempt replaces it.
    const std::shared_ptr<SpeechJob> job = speaking.utterance.job;
    SpeechPiece piece;
    GstFlowReturn flow = GST_FLOW_OK;
    submit_ahead();
    switch (job->take(piece, kPatience)) {
      case SpeechJob::State::kPiece:
        flow = take_piece(speaking, std::move(piece));
        if (flow == GST_FLOW_CUSTOM_SUCCESS) return end_speech(speaking, true);
        if (flow != GST_FLOW_OK) return flow;
        break;
      case SpeechJob::State::kPending:
        if (must_stop()) return GST_FLOW_FLUSHING;
        if (speaking.live && !speaking.begun) mark_idle_time();
        break;
      case SpeechJob::State::kDone:
        flow = speaking.gathering() ? write_gathered(speaking) : GST_FLOW_OK;
        return flow == GST_FLOW_OK ? end_speech(speaking, false) : flow;
      case SpeechJob::State::kCancelled:
        if (must_stop()) return GST_FLOW_FLUSHING;
        return end_speech(speaking, true);
      case SpeechJob::State::kFailed: {
        const Failure failure = job->failure();
        if (!try_again(speaking, failure)) return give_up(speaking, failure);
        break;
      }
    }
  }
}

// GST_FLOW_CUSTOM_SUCCESS: nothing more of this utterance is wanted.
GstFlowReturn TtsStream::take_piece(Speaking& speaking, SpeechPiece piece) {
  if (speaking.gathering()) {
    SpeechPiece& all = speaking.gathered;
    all.samples.insert(all.samples.end(), piece.samples.begin(), piece.samples.end());
    all.words.insert(all.words.end(), piece.words.begin(), piece.words.end());
    return GST_FLOW_OK;
  }
  const GstFlowReturn flow = speaking.begun ? GST_FLOW_OK : begin_speech(speaking, piece);
  return flow == GST_FLOW_OK ? write_piece(speaking, piece) : flow;
}

// Another seed may help, as long as nothing has been said.
bool TtsStream::try_again(Speaking& speaking, const Failure& failure) {
  if (speaking.begun || speaking.attempt > 0 || failure.about_voice ||
      failure.code != ErrorCode::kModelFailure)
    return false;
  GST_WARNING_OBJECT(element_, "tries again with another seed: %s", failure.message.c_str());
  speaking.gathered = {};
  speaking.utterance.job = nullptr;
  return submit(speaking.utterance, ++speaking.attempt);
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

// Where the speech begins, now that it is there.
GstClockTime TtsStream::start_time(Speaking& speaking) {
  const Utterance& utterance = speaking.utterance;
  const TtsSettings& settings = speaking.settings;
  const GstClockTime position = output_.position();
  const Timing timing = settings.effective_timing();
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
  if (settings.overflow == Overflow::kClip && GST_CLOCK_TIME_IS_VALID(utterance.duration))
    speaking.end =
        utterance.timestamp + utterance.duration + settings.max_overflow_ms * GST_MSECOND;
  if (settings.overflow == Overflow::kOverlap) return wanted;
  const GstClockTime start = std::max(wanted, position);
  if (!speaking.live) return start;
  GstClockTime behind = settings.latency();
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

// Speech that follows other speech keeps the pause that the model made between them.
GstFlowReturn TtsStream::begin_speech(Speaking& speaking, const SpeechPiece& first) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (!GST_CLOCK_TIME_IS_VALID(speaking.utterance.timestamp) ||
      speaking.settings.effective_timing() == Timing::kContiguous)
    flow = output_.silence(output_.after_rest(first.silence_before), pusher());
  if (flow != GST_FLOW_OK) return flow;
  speaking.start = start_time(speaking);
  flow = advance_to(speaking.start);
  if (flow != GST_FLOW_OK) return flow;
  output_.begin();
  speaking.start = output_.position();
  speaking.begun = true;
  post_utterance("chatterbox/utterance-start", speaking, false);
  return GST_FLOW_OK;
}

// As take_piece().
GstFlowReturn TtsStream::write_piece(Speaking& speaking, const SpeechPiece& piece) {
  const SpeechOutput::Push push = pusher(&speaking);
  if (speaking.immediate) {
    const GstClockTime now =
        stream_now(std::max<GstClockTime>(kLiveTolerance, speaking.settings.latency()));
    if (GST_CLOCK_TIME_IS_VALID(now) && now > output_.position()) {
      GstFlowReturn flow = output_.push_pending(push);
      if (flow == GST_FLOW_OK) flow = advance_to(now);
      if (flow != GST_FLOW_OK) return flow;
    }
  }
  std::span<const float> samples(piece.samples);
  if (!GST_CLOCK_TIME_IS_VALID(speaking.end)) return output_.write(samples, piece.words, push);

  const GstClockTime position = output_.position();
  const GstClockTime room = speaking.end > position ? speaking.end - position : 0;
  const auto fitting = std::size_t(gst_util_uint64_scale(room, kOutputRateHz, GST_SECOND));
  const bool clipped = fitting < samples.size();
  std::vector<WordTime> words = piece.words;
  if (clipped) {
    samples = samples.first(fitting);
    const std::int64_t end = piece.position + std::int64_t(fitting);
    std::erase_if(words, [end](const WordTime& word) { return word.start >= end; });
  }
  const GstFlowReturn flow = output_.write(samples, words, push);
  if (flow != GST_FLOW_OK || !clipped) return flow;
  GST_DEBUG_OBJECT(element_, "speech is longer than its cue; clipped");
  Lock lock(mutex_);
  if (worker_) worker_->cancel(speaking.utterance.job);
  return GST_FLOW_CUSTOM_SUCCESS;
}

// Speech that has to fit into its cue, now that all of it is there.
GstFlowReturn TtsStream::write_gathered(Speaking& speaking) {
  SpeechPiece& all = speaking.gathered;
  const GstFlowReturn flow = begin_speech(speaking, all);
  if (flow != GST_FLOW_OK) return flow;
  const Utterance& utterance = speaking.utterance;
  const GstClockTime end =
      utterance.timestamp + utterance.duration + speaking.settings.max_overflow_ms * GST_MSECOND;
  const GstClockTime room = end > speaking.start ? end - speaking.start : 0;
  const double length = double(all.samples.size()) / kOutputRateHz * GST_SECOND;
  const double speed =
      room == 0 ? speaking.settings.max_compression
                : std::clamp(length / double(room), 1.0, speaking.settings.max_compression);
  if (speed > 1) {
    GST_DEBUG_OBJECT(element_, "speaks %.2f times faster", speed);
    all = at_speed(std::move(all), speed, 0);
  }
  all.samples = utterance.job->mark(std::move(all.samples));
  return write_piece(speaking, all);
}

GstFlowReturn TtsStream::end_speech(Speaking& speaking, bool interrupted) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (speaking.begun) {
    flow = output_.finish(pusher(&speaking));
    if (!interrupted) output_.rest(speaking.utterance.job->silence_after());
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

}  // namespace chatterbox::gst
