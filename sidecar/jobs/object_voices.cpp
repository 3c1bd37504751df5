// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/object_voices.h"

#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr std::int64_t kMostRecording = 256 << 20;
constexpr Patience kWriting{3, 20};
constexpr Patience kReading{3, 30};

}  // namespace

bool ObjectVoices::put(const SharedVoice& voice, bool replace) {
  const auto object = shelf_.put("voices", voice.recording, kWriting, {});
  if (!object) return table_.put(voice, replace);
  SharedVoice elsewhere = voice;
  elsewhere.recording.clear();
  elsewhere.object = object->name;
  const bool kept = table_.put(elsewhere, replace);
  if (!kept) shelf_.drop(*object);
  return kept;
}

std::vector<SharedVoice> ObjectVoices::changed_after(std::int64_t change) {
  std::vector<SharedVoice> voices = table_.changed_after(change);
  std::vector<SharedVoice> whole;
  for (SharedVoice& voice : voices) {
    if (!voice.object.empty()) try {
        voice.recording = shelf_.objects().get(voice.object, 0, kMostRecording, kReading, {});
      } catch (const ObjectError& error) {
        shelf_.count_failure();
        // Those before it are of use; the rest is asked for again.
        if (error.kind() != ObjectError::Kind::kMissing) {
          if (whole.empty()) throw;
          return whole;
        }
        // It was replaced or removed since, which a later change will tell. Without its recording
        // it is left out.
        log(Level::kInfo, std::string("objects: a voice has no recording: ") + error.what());
      }
    whole.push_back(std::move(voice));
  }
  return whole;
}

}  // namespace chatterbox::sidecar
