// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "chatterbox/converter.h"

namespace chatterbox::gst {

// Converter for chatterboxvc: chatterbox::Converter with voices by their files. Tests link a
// scripted one (see synthesizer.h).
class VoiceConverter {
 public:
  virtual ~VoiceConverter() = default;
  // From the next chunk on. From any thread, while another converts; two such
  // calls wait for each other. An empty path is the model's own voice.
  virtual void set_voice(const std::string& path) = 0;

  virtual void push(std::span<const float> samples) = 0;
  virtual std::vector<float> pop(std::stop_token stop) = 0;
  virtual std::vector<float> drain(std::stop_token stop) = 0;
  virtual std::vector<float> abandon() = 0;
  virtual void reset() = 0;
  virtual void set_chunk_size(int tokens) = 0;
  virtual void set_muted(bool muted) = 0;
  virtual std::int64_t next_chunk() const = 0;
  virtual ConversionStats stats() const = 0;
  virtual void warm_up(std::stop_token stop) = 0;
};

}  // namespace chatterbox::gst
