// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// How chatterboxtts decides in which way an utterance is spoken, and hands it to
// the engine.
#include <algorithm>
#include <utility>

#include "common.h"
#include "paths.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

void apply(const SpeechChoice& choice, SynthesisOptions& options) {
  const auto take = [](const std::optional<double>& chosen, std::optional<double>& option,
                       const Range& range) {
    if (!chosen) return;
    option.reset();
    if (*chosen >= 0) option = std::clamp(*chosen, range.low, range.high);
  };
  take(choice.exaggeration, options.exaggeration, SynthesisOptions::kExaggeration);
  take(choice.cfg_weight, options.cfg_weight, SynthesisOptions::kCfgWeight);
  take(choice.temperature, options.temperature, SynthesisOptions::kTemperature);
  if (!choice.seed) return;
  options.seed.reset();
  if (*choice.seed >= 0) options.seed = std::uint64_t(*choice.seed);
}

}  // namespace

// What is chosen for a part, the most specific last: the properties (not in
// here), the speaker's entry, the event, the meta, the markup.
SpeechChoice TtsStream::choice_for(const Utterance& utterance, const ScriptPart& part,
                                   const TtsSettings& settings) {
  const std::string& speaker = part.speaker.empty() ? utterance.speaker : part.speaker;
  SpeechChoice choice;
  if (const auto mapped = choice_for_speaker(settings.speaker_map.get(), speaker))
    choice.apply(*mapped);
  {
    Lock lock(mutex_);
    const auto cloned = speaker_voices_.find(speaker_key(speaker));
    if (cloned != speaker_voices_.end()) choice.voice = cloned->second;
  }
  choice.apply(utterance.event_choice);
  choice.apply(utterance.meta_choice);
  if (part.choice.voice) {
    // SSML may name a speaker of the map.
    if (const auto mapped = choice_for_speaker(settings.speaker_map.get(), *part.choice.voice)) {
      choice.apply(*mapped);
      return choice;
    }
  }
  choice.apply(part.choice);
  return choice;
}

// Throws Error when a voice that somebody chose does not exist. One that only
// the text names is replaced by the one that would speak otherwise.
SpeechJob::Request TtsStream::request_for(const Utterance& utterance, const TtsSettings& settings,
                                          int attempt) {
  SpeechJob::Request request;
  for (const ScriptPart& part : utterance.script) {
    SpeechChoice choice = choice_for(utterance, part, settings);
    std::string path;
    try {
      path = find_voice(choice.voice.value_or(settings.voice));
    } catch (const Error& error) {
      if (!part.choice.voice) throw;
      GST_WARNING_OBJECT(element_, "the text asks for a voice: %s", error.what());
      ScriptPart unvoiced = part;
      unvoiced.choice.voice.reset();
      choice = choice_for(utterance, unvoiced, settings);
      path = find_voice(choice.voice.value_or(settings.voice));
    }
    SpeechJob::Part spoken;
    spoken.text = part.text;
    spoken.voice_path = std::move(path);
    spoken.options = settings.synthesis();
    apply(choice, spoken.options);
    if (attempt > 0 && spoken.options.seed) *spoken.options.seed += std::uint64_t(attempt);
    spoken.pause_seconds = part.pause;
    spoken.speed = part.speed;
    spoken.gain = part.gain;
    spoken.fitted = settings.overflow == Overflow::kCompress &&
                    GST_CLOCK_TIME_IS_VALID(utterance.timestamp) &&
                    GST_CLOCK_TIME_IS_VALID(utterance.duration);
    request.push_back(std::move(spoken));
  }
  return request;
}

// Hands the utterance to the engine unless that was done ahead. False, with an
// error posted, when there is no such voice.
bool TtsStream::submit(Utterance& utterance, int attempt) {
  try {
    if (!utterance.job) {
      sync_controls(utterance.timestamp);
      const TtsSettings settings = this->settings();
      utterance.job = std::make_shared<SpeechJob>(request_for(utterance, settings, attempt));
      utterance.voice =
          choice_for(utterance, utterance.script.front(), settings).voice.value_or(settings.voice);
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
  // Properties that change with time have their values when it is spoken.
  if (has_controls()) return;
  const TtsSettings settings = this->settings();
  Utterance copy;
  {
    Lock lock(mutex_);
    const auto next = std::find_if(queue_.begin(), queue_.end(),
                                   [](const Item& item) { return item.utterance.has_value(); });
    if (next == queue_.end() || next->utterance->job || !worker_) return;
    copy = *next->utterance;
  }
  try {
    copy.job = std::make_shared<SpeechJob>(request_for(copy, settings, 0));
    copy.voice = choice_for(copy, copy.script.front(), settings).voice.value_or(settings.voice);
  } catch (const Error&) {
    return;  // reported when its turn comes
  }
  Lock lock(mutex_);
  for (Item& item : queue_) {
    if (!item.utterance || item.utterance->id != copy.id) continue;
    item.utterance->job = copy.job;
    item.utterance->voice = copy.voice;
    worker_->submit(copy.job);
    return;
  }
}

bool TtsStream::has_controls() const {
  return gst_object_has_active_control_bindings(GST_OBJECT(element_));
}

// Properties that a program controls over time take their values.
void TtsStream::sync_controls(GstClockTime timestamp) {
  if (!has_controls()) return;
  const GstClockTime at = GST_CLOCK_TIME_IS_VALID(timestamp) ? timestamp : output_.position();
  const GstClockTime time = gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, at);
  if (GST_CLOCK_TIME_IS_VALID(time)) gst_object_sync_values(GST_OBJECT(element_), time);
}

}  // namespace chatterbox::gst
