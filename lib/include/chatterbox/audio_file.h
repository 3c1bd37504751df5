// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chatterbox/audio.h"

#pragma GCC visibility push(default)
namespace chatterbox {

// Most sample frames of a recording that is read: 23 minutes at 48 kHz.
inline constexpr std::size_t kMaxRecordingFrames = std::size_t(1) << 26;

// A recording in any form libsndfile knows (WAV, FLAC, Ogg Opus, Ogg Vorbis, MP3, ...), at its own
// rate, its channels averaged into one. `max_frames`: a longer one is refused. Samples that are
// not finite become 0. Throws kNotFound when it cannot be opened, kBadFile when it is no
// recording, is empty, or too long.
Audio read_audio_file(const std::string& path, std::size_t max_frames = kMaxRecordingFrames);

// The same from memory; errors call it `name`.
Audio decode_audio(std::string_view bytes, const std::string& name,
                   std::size_t max_frames = kMaxRecordingFrames);

// Formats that encode_audio() makes, with 16 bits a sample and one channel.
enum class AudioFormat { kWav, kFlac };

// A sample as files, streams and elements of 16 bits hold it: clipped outside of [-1, 1], 0 for one
// that is not finite.
inline std::int16_t to_16_bits(float sample) {
  if (!std::isfinite(sample)) return 0;
  return std::int16_t(std::lrint(std::clamp(sample * 32768.0F, -32768.0F, 32767.0F)));
}

// The bytes of such a file. Samples outside [-1, 1] are clipped. Throws kInvalidArgument for
// a rate the format cannot hold (FLAC: 1 to 655350 Hz).
std::string encode_audio(const Audio& audio, AudioFormat format);

// Writes one, atomically. Throws kNotFound or kBadFile as file writing does.
void write_audio_file(const std::string& path, const Audio& audio,
                      AudioFormat format = AudioFormat::kWav);

// The samples as decode_audio(encode_audio()) gives them back.
Audio round_to_16_bits(Audio audio);

}  // namespace chatterbox
#pragma GCC visibility pop
