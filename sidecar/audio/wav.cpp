// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/wav.h"

#include "chatterbox/audio_file.h"

namespace chatterbox::sidecar {
namespace {

void append_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += char(value >> (8 * i));
}

}  // namespace

void append_pcm16(std::string& out, std::span<const float> samples) {
  std::size_t at = out.size();
  out.resize(at + samples.size() * 2);
  for (const float sample : samples) {
    const std::int16_t value = to_16_bits(sample);
    out[at++] = char(value);
    out[at++] = char(value >> 8);
  }
}

std::string wav_header(int rate_hz, std::int64_t samples) {
  const bool known = samples >= 0 && samples < (std::int64_t(1) << 30);
  const std::uint32_t bytes = known ? std::uint32_t(samples * 2) : 0xffffffffu;
  std::string header = "RIFF";
  append_le(header, known ? bytes + 36 : bytes, 4);
  header += "WAVEfmt ";
  append_le(header, 16, 4);
  append_le(header, 1, 2);  // integer samples
  append_le(header, 1, 2);  // channels
  append_le(header, std::uint32_t(rate_hz), 4);
  append_le(header, std::uint32_t(rate_hz) * 2, 4);
  append_le(header, 2, 2);   // bytes per frame
  append_le(header, 16, 2);  // bits per sample
  header += "data";
  append_le(header, bytes, 4);
  return header;
}

std::string wav_file(std::span<const float> samples, int rate_hz) {
  std::string file = wav_header(rate_hz, std::int64_t(samples.size()));
  append_pcm16(file, samples);
  return file;
}

}  // namespace chatterbox::sidecar
