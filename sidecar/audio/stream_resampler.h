// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace chatterbox::sidecar {

// Band-limited rate change of mono audio that arrives in pieces: the pieces
// joined are what the whole would have given. Equal rates pass unchanged.
class StreamResampler {
 public:
  StreamResampler(int from_hz, int to_hz);
  ~StreamResampler();

  std::vector<float> push(std::span<const float> samples);
  // The last samples, still in the filter; nothing may follow.
  std::vector<float> finish();

 private:
  std::vector<float> run(const float* samples, std::size_t count);

  struct Filter;
  std::unique_ptr<Filter> filter_;
  int from_hz_, to_hz_;
  std::int64_t taken_ = 0, given_ = 0;
};

}  // namespace chatterbox::sidecar
