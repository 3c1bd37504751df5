// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// One utterance of chatterboxtts: from the engine to the source pad.
#include <algorithm>
#include <utility>

#include "common.h"
#include "narrator.h"
#include "tts_metas.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// Interval at which waiting for speech looks for something else to do.
constexpr std::chrono::milliseconds kPatience{100};
// Live speech may fall this far behind its timestamps before it moves on: a
// sink still plays what is this late.
constexpr GstClockTime kLiveTolerance = 40 * GST_MSECOND;

}  // namespace

GstFlowReturn Narrator::speak(Utterance& utterance) {
  GstFlowReturn flow = core_.pad.prepare();
  if (flow == GST_FLOW_OK) flow = wait_for_worker();
  // Tags of speech that is never made would be all that a file holds, which wavenc warns of.
  if (flow == GST_FLOW_OK) flow = prepare();
  if (flow != GST_FLOW_OK) return flow;
  casting_.submit(utterance, 0);
  Speaking speaking{utterance, core_.settings.get()};
  speaking.live = speaking.settings.timing.force_live || core_.upstream.live();
  flow = speak_pieces(speaking);
  // A flush cut it off: listeners to messages must know.
  if (flow == GST_FLOW_FLUSHING && speaking.begun)
    post_utterance("chatterbox/utterance-end", speaking, true);
  return flow;
}

GstFlowReturn Narrator::wait_for_worker() {
  const bool live = core_.is_live();
  Lock lock = core_.queue.lock();
  while (!core_.lease.product<SpeechThread>()) {
    if (core_.queue.stopping()) return GST_FLOW_FLUSHING;
    if (core_.lease.failed()) return GST_FLOW_ERROR;
    core_.queue.wait_for(lock, kPatience);
    if (live) unlocked(lock, [this] { mark_idle_time(); });
  }
  return GST_FLOW_OK;
}

GstFlowReturn Narrator::speak_pieces(Speaking& speaking) {
  while (true) {
    // Held here too: another attempt replaces it.
    const std::shared_ptr<SpeechJob> job = speaking.utterance.job;
    SpeechPiece piece;
    GstFlowReturn flow = GST_FLOW_OK;
    casting_.submit_ahead();
    switch (job->take(piece, kPatience)) {
      case SpeechJob::State::kPiece:
        flow = take_piece(speaking, std::move(piece));
        if (flow == GST_FLOW_CUSTOM_SUCCESS) return end(speaking, true);
        if (flow != GST_FLOW_OK) return flow;
        break;
      case SpeechJob::State::kPending:
        if (core_.queue.must_stop()) return GST_FLOW_FLUSHING;
        if (speaking.live && !speaking.begun) mark_idle_time();
        break;
      case SpeechJob::State::kDone:
        flow = speaking.gathering() ? write_gathered(speaking) : GST_FLOW_OK;
        return flow == GST_FLOW_OK ? end(speaking, false) : flow;
      case SpeechJob::State::kCancelled:
        if (core_.queue.must_stop()) return GST_FLOW_FLUSHING;
        return end(speaking, true);
      case SpeechJob::State::kFailed: {
        const Failure failure = job->outcome().failure;
        if (!try_again(speaking, failure)) return give_up(speaking, failure);
        break;
      }
    }
  }
}

// GST_FLOW_CUSTOM_SUCCESS: nothing more of this utterance is wanted.
GstFlowReturn Narrator::take_piece(Speaking& speaking, SpeechPiece piece) {
  if (speaking.gathering()) {
    SpeechPiece& all = speaking.gathered;
    all.samples.insert(all.samples.end(), piece.samples.begin(), piece.samples.end());
    all.words.insert(all.words.end(), piece.words.begin(), piece.words.end());
    return GST_FLOW_OK;
  }
  const GstFlowReturn flow = speaking.begun ? GST_FLOW_OK : begin(speaking, piece);
  return flow == GST_FLOW_OK ? write_piece(speaking, piece) : flow;
}

// Another voice or another seed may help, as long as nothing has been said.
bool Narrator::try_again(Speaking& speaking, const Failure& failure) {
  if (speaking.begun) return false;
  if (failure.about_voice) {
    if (!casting_.replace_voice(*speaking.utterance.job)) return false;
  } else if (speaking.attempt > 0 || failure.code != ErrorCode::kModelFailure) {
    return false;
  } else {
    GST_WARNING_OBJECT(core_.element, "tries again with another seed: %s", failure.message.c_str());
    ++speaking.attempt;
  }
  speaking.gathered = {};
  speaking.utterance.job = nullptr;
  casting_.submit(speaking.utterance, speaking.attempt);
  return true;
}

// Timestamp of the speech, now that it is there.
GstClockTime Narrator::start_time(Speaking& speaking) {
  const Utterance& utterance = speaking.utterance;
  const TimingSettings& settings = speaking.settings.timing;
  const GstClockTime position = core_.pad.output().position();
  const Timing timing = settings.effective_timing();
  speaking.immediate =
      timing == Timing::kImmediate ||
      (timing == Timing::kAuto && speaking.live && !GST_CLOCK_TIME_IS_VALID(utterance.timestamp));
  if (speaking.immediate) {
    const GstClockTime now = core_.clock.now();
    return GST_CLOCK_TIME_IS_VALID(now) ? std::max(now, position) : position;
  }
  if (timing == Timing::kContiguous || !GST_CLOCK_TIME_IS_VALID(utterance.timestamp))
    return position;

  const GstClockTime wanted =
      std::max<GstClockTime>(utterance.timestamp, core_.clock.segment().start);
  if (settings.overflow == Overflow::kClip && GST_CLOCK_TIME_IS_VALID(utterance.duration))
    speaking.end =
        utterance.timestamp + utterance.duration + settings.max_overflow_ms * GST_MSECOND;
  if (settings.overflow == Overflow::kOverlap) return wanted;
  const GstClockTime start = std::max(wanted, position);
  if (!speaking.live) return start;
  // Too late to be played on time: all of it is played later.
  const GstClockTime deadline = core_.clock.now(settings.latency() + core_.upstream.latency());
  if (!GST_CLOCK_TIME_IS_VALID(deadline) || deadline <= wanted) return start;
  report_late(wanted, deadline, utterance.duration);
  return std::max(start, deadline);
}

// Speech that follows other speech keeps the pause that the model made between them.
GstFlowReturn Narrator::begin(Speaking& speaking, const SpeechPiece& first) {
  SpeechOutput& output = core_.pad.output();
  GstFlowReturn flow = GST_FLOW_OK;
  if (!GST_CLOCK_TIME_IS_VALID(speaking.utterance.timestamp) ||
      speaking.settings.timing.effective_timing() == Timing::kContiguous)
    flow = output.silence(output.after_rest(first.silence_before), core_.pad.pusher());
  if (flow != GST_FLOW_OK) return flow;
  speaking.start = start_time(speaking);
  flow = advance_to(speaking.start);
  if (flow != GST_FLOW_OK) return flow;
  output.begin();
  speaking.start = output.position();
  speaking.begun = true;
  post_utterance("chatterbox/utterance-start", speaking, false);
  return GST_FLOW_OK;
}

// Returns as take_piece() does.
GstFlowReturn Narrator::write_piece(Speaking& speaking, const SpeechPiece& piece) {
  SpeechOutput& output = core_.pad.output();
  const SpeechOutput::Push push = pusher(speaking);
  if (speaking.immediate) {
    const GstClockTime now =
        core_.clock.now(std::max<GstClockTime>(kLiveTolerance, speaking.settings.timing.latency()));
    if (GST_CLOCK_TIME_IS_VALID(now) && now > output.position()) {
      GstFlowReturn flow = output.push_pending(push);
      if (flow == GST_FLOW_OK) flow = advance_to(now);
      if (flow != GST_FLOW_OK) return flow;
    }
  }
  std::span<const float> samples(piece.samples);
  if (!GST_CLOCK_TIME_IS_VALID(speaking.end)) return output.write(samples, piece.words, push);

  const GstClockTime position = output.position();
  const GstClockTime room = speaking.end > position ? speaking.end - position : 0;
  const auto fitting = std::size_t(gst_util_uint64_scale(room, kOutputRateHz, GST_SECOND));
  const bool clipped = fitting < samples.size();
  std::vector<WordTime> words = piece.words;
  if (clipped) {
    samples = samples.first(fitting);
    const std::int64_t end = piece.position + std::int64_t(fitting);
    std::erase_if(words, [end](const WordTime& word) { return word.start >= end; });
  }
  const GstFlowReturn flow = output.write(samples, words, push);
  if (flow != GST_FLOW_OK || !clipped) return flow;
  GST_DEBUG_OBJECT(core_.element, "speech is longer than its cue; clipped");
  if (const auto speech_thread = core_.lease.product<SpeechThread>())
    speech_thread->cancel(speaking.utterance.job);
  return GST_FLOW_CUSTOM_SUCCESS;
}

// Speech that has to fit into its cue, now that all of it is there.
GstFlowReturn Narrator::write_gathered(Speaking& speaking) {
  SpeechPiece& all = speaking.gathered;
  const GstFlowReturn flow = begin(speaking, all);
  if (flow != GST_FLOW_OK) return flow;
  const Utterance& utterance = speaking.utterance;
  const GstClockTime end = utterance.timestamp + utterance.duration +
                           speaking.settings.timing.max_overflow_ms * GST_MSECOND;
  const GstClockTime room = end > speaking.start ? end - speaking.start : 0;
  const double length = double(all.samples.size()) / kOutputRateHz * GST_SECOND;
  const double speed =
      room == 0 ? speaking.settings.timing.max_compression
                : std::clamp(length / double(room), 1.0, speaking.settings.timing.max_compression);
  if (speed > 1) {
    GST_DEBUG_OBJECT(core_.element, "speaks %.2f times faster", speed);
    all = at_speed(std::move(all), speed, 0);
  }
  all.samples = utterance.job->mark(std::move(all.samples));
  return write_piece(speaking, all);
}

GstFlowReturn Narrator::end(Speaking& speaking, bool interrupted) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (speaking.begun) {
    flow = core_.pad.output().finish(pusher(speaking));
    if (!interrupted) core_.pad.output().rest(speaking.utterance.job->outcome().silence_after);
    if (flow == GST_FLOW_OK) post_utterance("chatterbox/utterance-end", speaking, interrupted);
  }
  Lock lock = core_.queue.lock();
  core_.run.job = nullptr;
  if (speaking.begun && speaking.utterance.voice == speaking.settings.voice.voice)
    core_.run.good_voice = speaking.utterance.job->request().front().voice_path;
  return flow;
}

// The utterance cannot be spoken, or no further.
GstFlowReturn Narrator::give_up(Speaking& speaking, const Failure& failure) {
  {
    Lock lock = core_.queue.lock();
    core_.run.job = nullptr;
  }
  const bool may_skip = speaking.settings.on_error == OnError::kSkip && !failure.about_voice &&
                        failure.code != ErrorCode::kOutOfMemory;
  if (!may_skip) {
    post_error(core_.element, failure);
    return GST_FLOW_ERROR;
  }
  post_warning(core_.element, failure);
  if (speaking.begun) return end(speaking, true);
  const Utterance& utterance = speaking.utterance;
  if (!GST_CLOCK_TIME_IS_VALID(utterance.timestamp) || !GST_CLOCK_TIME_IS_VALID(utterance.duration))
    return GST_FLOW_OK;
  const GstClockTime end = utterance.timestamp + utterance.duration;
  return end > core_.pad.output().position() ? advance_to(end) : GST_FLOW_OK;
}

void Narrator::report_late(GstClockTime start, GstClockTime now, GstClockTime duration) {
  bool warned = false;
  {
    const Lock lock = core_.queue.lock();
    warned = std::exchange(core_.run.warned_late, true);
  }
  GST_CAT_LEVEL_LOG(GST_CAT_DEFAULT, warned ? GST_LEVEL_DEBUG : GST_LEVEL_WARNING, core_.element,
                    "speech comes %" GST_TIME_FORMAT " late; a larger `latency` helps",
                    GST_TIME_ARGS(now - start));
  GstMessage* message =
      gst_message_new_qos(GST_OBJECT(core_.element), TRUE, core_.clock.running_time(start),
                          core_.clock.stream_time(start), start, duration);
  gst_message_set_qos_values(message, GstClockTimeDiff(now - start), 1.0, 1000000);
  gst_element_post_message(core_.element, message);
}

void Narrator::post_utterance(const char* name, const Speaking& speaking, bool interrupted) {
  if (!speaking.settings.post_messages) return;
  const Utterance& utterance = speaking.utterance;
  const bool is_end = g_str_has_suffix(name, "-end");
  const SpeechJob::Outcome outcome = utterance.job->outcome();
  GstStructure* structure =
      gst_structure_new(name, "id", G_TYPE_UINT64, guint64(utterance.id), "text", G_TYPE_STRING,
                        utterance.text.c_str(), "voice", G_TYPE_STRING, utterance.voice.c_str(),
                        "timestamp", G_TYPE_UINT64, speaking.start, "stream-time", G_TYPE_UINT64,
                        core_.clock.stream_time(speaking.start), "running-time", G_TYPE_UINT64,
                        core_.clock.running_time(speaking.start), "duration", G_TYPE_UINT64,
                        is_end ? core_.pad.output().utterance_duration() : GST_CLOCK_TIME_NONE,
                        "input-duration", G_TYPE_UINT64, utterance.duration, "time-to-first-audio",
                        G_TYPE_UINT64, guint64(outcome.first_audio.count()), nullptr);
  if (is_end) {
    const SynthesisStats& stats = outcome.stats;
    gst_structure_set(structure, "seed", G_TYPE_UINT64, guint64(stats.seed), "real-time-factor",
                      G_TYPE_DOUBLE, stats.real_time_factor(), "interrupted", G_TYPE_BOOLEAN,
                      gboolean(interrupted), nullptr);
  }
  post_fields(core_.element, structure);
}

// Metas and messages of a buffer come before it is pushed.
SpeechOutput::Push Narrator::pusher(Speaking& speaking) {
  return core_.pad.pusher([this, &speaking](GstBuffer* buffer, std::span<const SpokenWord> words) {
    if (std::exchange(speaking.first_buffer, false) && speaking.utterance.source)
      copy_untagged_metas(speaking.utterance.source.get(), buffer);
    for (const SpokenWord& word : words) {
      OwnedStructure fields =
          word_fields("chatterbox/word", speaking.utterance.id, word, core_.clock.segment());
      add_word_meta(buffer, fields.get());
      if (speaking.settings.post_messages) post_fields(core_.element, fields.release());
    }
  });
}

}  // namespace chatterbox::gst
