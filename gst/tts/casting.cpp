// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "casting.h"

#include <algorithm>
#include <utility>

#include "common.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

constexpr Range kSpeed{0.5, 3};  // what stretching does well

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

// Choices for a part, the most specific last: the properties (not in here), the speaker's entry,
// the event, the meta, the markup.
SpeechChoice Casting::choice_for(const Utterance& utterance, const ScriptPart& part,
                                 const TtsSettings& settings) {
  const std::string& speaker = part.speaker.empty() ? utterance.speaker : part.speaker;
  SpeechChoice choice;
  if (const auto mapped = choice_for_speaker(settings.voice.speaker_map.get(), speaker))
    choice.apply(*mapped);
  {
    Lock lock = core_.queue.lock();
    const auto cloned = core_.run.speaker_voices.find(speaker_key(speaker));
    if (cloned != core_.run.speaker_voices.end()) choice.voice = cloned->second;
  }
  choice.apply(utterance.event_choice);
  choice.apply(utterance.meta_choice);
  if (part.choice.voice) {
    // SSML may name a speaker of the map.
    if (const auto mapped =
            choice_for_speaker(settings.voice.speaker_map.get(), *part.choice.voice)) {
      choice.apply(*mapped);
      return choice;
    }
  }
  choice.apply(part.choice);
  return choice;
}

// The language that somebody chose is meant. What the markup says, or else the stream, may be
// wrong: the model passes over what it does not speak.
void Casting::name_language(const Utterance& utterance, const ScriptPart& part,
                            const TtsSettings& settings, SynthesisOptions& options) {
  ScriptPart unmarked = part;
  unmarked.choice.language.reset();
  const auto chosen = choice_for(utterance, unmarked, settings).language;
  options.language =
      chosen.value_or(settings.voice.language == "auto" ? "" : settings.voice.language);
  Lock lock = core_.queue.lock();
  options.text_language =
      part.choice.language.value_or(options.language.empty() ? core_.run.upstream_language : "");
}

// A voice that there is not, or that cannot be read, is replaced: the markup's by the one that
// would speak otherwise, then by the property's, then by the one that spoke last.
std::string Casting::path_for(const Utterance& utterance, const ScriptPart& part,
                              const SpeechChoice& choice, const TtsSettings& settings) {
  ScriptPart unmarked = part;
  unmarked.choice.voice.reset();
  const SpeechChoice otherwise = choice_for(utterance, unmarked, settings);
  for (const auto& voice : {choice.voice, otherwise.voice, std::optional(settings.voice.voice)}) {
    if (!voice) continue;
    try {
      std::string path = find_voice(*voice);
      Lock lock = core_.queue.lock();
      if (!core_.run.bad_voices.contains(path)) return path;
    } catch (const Error& error) {
      Failure failure{error.code(), error.what(), true};
      if (part.choice.voice == voice)
        GST_WARNING_OBJECT(core_.element, "the text asks for a voice: %s", error.what());
      else if (add_bad_voice(*voice))
        post_warning(core_.element, failure);
    }
  }
  Lock lock = core_.queue.lock();
  return core_.run.good_voice;
}

bool Casting::add_bad_voice(const std::string& voice) {
  Lock lock = core_.queue.lock();
  return core_.run.bad_voices.insert(voice).second;
}

bool Casting::replace_voice(const SpeechJob& job) {
  const SpeechJob::Outcome outcome = job.outcome();
  {
    Lock lock = core_.queue.lock();
    if (outcome.voice == core_.run.good_voice) return false;
  }
  if (add_bad_voice(outcome.voice)) post_warning(core_.element, outcome.failure);
  return true;
}

std::string Casting::voice_of(const Utterance& utterance, const TtsSettings& settings) {
  return choice_for(utterance, utterance.script.front(), settings)
      .voice.value_or(settings.voice.voice);
}

std::shared_ptr<SpeechJob> Casting::job_for(const Utterance& utterance, const TtsSettings& settings,
                                            int attempt) {
  SpeechJob::Request request;
  for (const ScriptPart& part : utterance.script) {
    const SpeechChoice choice = choice_for(utterance, part, settings);
    SpeechJob::Part spoken;
    spoken.text = part.text;
    spoken.voice_path = path_for(utterance, part, choice, settings);
    spoken.options = settings.speech.options();
    spoken.options.plain_text = !settings.text.read_signs;
    apply(choice, spoken.options);
    name_language(utterance, part, settings, spoken.options);
    if (attempt > 0 && spoken.options.seed) *spoken.options.seed += std::uint64_t(attempt);
    spoken.pause_seconds = part.pause;
    spoken.options.speed = std::clamp(part.speed * settings.speech.rate, kSpeed.low, kSpeed.high);
    spoken.gain = part.gain * settings.speech.volume;
    spoken.fitted = settings.timing.overflow == Overflow::kCompress &&
                    GST_CLOCK_TIME_IS_VALID(utterance.timestamp) &&
                    GST_CLOCK_TIME_IS_VALID(utterance.duration);
    request.push_back(std::move(spoken));
  }
  return std::make_shared<SpeechJob>(std::move(request));
}

void Casting::submit(Utterance& utterance, int attempt) {
  const auto speech_thread = core_.lease.product<SpeechThread>();
  if (!utterance.job) {
    sync_controls(utterance.timestamp);
    const TtsSettings settings = core_.settings.get();
    utterance.job = job_for(utterance, settings, attempt);
    utterance.voice = voice_of(utterance, settings);
    speech_thread->submit(utterance.job);
  }
  Lock lock = core_.queue.lock();
  core_.run.job = utterance.job;
  if (core_.queue.stopping() || utterance.epoch != core_.run.epoch)
    speech_thread->cancel(utterance.job);
}

void Casting::submit_ahead() {
  const auto speech_thread = core_.lease.product<SpeechThread>();
  // Properties that change with time have their values when it is spoken.
  if (!speech_thread || has_controls()) return;
  const TtsSettings settings = core_.settings.get();
  const auto waits = [](const TtsItem& item) { return item.utterance.has_value(); };
  Utterance copy;
  {
    Lock lock = core_.queue.lock();
    auto& items = core_.queue.items();
    const auto next = std::find_if(items.begin(), items.end(), waits);
    if (next == items.end() || next->utterance->job) return;
    copy = *next->utterance;
  }
  copy.job = job_for(copy, settings, 0);
  copy.voice = voice_of(copy, settings);
  Lock lock = core_.queue.lock();
  for (TtsItem& item : core_.queue.items()) {
    if (!item.utterance || item.utterance->id != copy.id) continue;
    item.utterance->job = copy.job;
    item.utterance->voice = copy.voice;
    speech_thread->submit(copy.job);
    return;
  }
}

bool Casting::has_controls() const {
  return gst_object_has_active_control_bindings(GST_OBJECT(core_.element));
}

// Properties that a program controls over time take their values.
void Casting::sync_controls(GstClockTime timestamp) {
  if (!has_controls()) return;
  const GstClockTime time = core_.clock.stream_time(
      GST_CLOCK_TIME_IS_VALID(timestamp) ? timestamp : core_.pad.output().position());
  if (GST_CLOCK_TIME_IS_VALID(time)) gst_object_sync_values(GST_OBJECT(core_.element), time);
}

}  // namespace chatterbox::gst
