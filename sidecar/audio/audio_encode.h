// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace chatterbox::sidecar {

// Turns speech into a file while it is being made. Each call returns the bytes
// that are ready. For one thread at a time.
class AudioEncoder {
 public:
  virtual ~AudioEncoder() = default;
  virtual std::string push(std::span<const float> samples) = 0;
  virtual std::string finish() = 0;
};

struct SpeechFormat {
  const char* name;
  const char* content_type;
};

// wav, pcm, and those of opus, mp3, flac, aac that GStreamer has an encoder for.
std::vector<SpeechFormat> speech_formats();

// Takes mono input at `rate_hz`, of `samples` samples where that is known. Throws RequestError
// naming the formats there are.
std::unique_ptr<AudioEncoder> make_encoder(const std::string& format, int rate_hz,
                                           std::optional<std::int64_t> samples);

// The content type of a format of speech_formats().
std::string content_type(const std::string& format);

}  // namespace chatterbox::sidecar
