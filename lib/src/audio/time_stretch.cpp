// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Waveform similarity overlap-add (Verhelst and Roelands, ICASSP 1993): the
// output is made of frames of the input, overlapping by half; each is taken from
// near where it belongs, at the lag where it goes on best from the frame before,
// so that pitch periods join.

#include "chatterbox/time_stretch.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "chatterbox/error.h"

namespace chatterbox {

namespace {

// Half a frame: 12 ms hold two periods of a low voice per frame.
constexpr double kHopSeconds = 0.012;
// Furthest from its place that a frame may be taken.
constexpr double kSearchSeconds = 0.008;

class Stretcher {
 public:
  Stretcher(std::span<const float> in, int rate_hz, double speed)
      : in_(in),
        speed_(speed),
        hop_(std::max(2L, std::lround(rate_hz * kHopSeconds))),
        search_(std::lround(rate_hz * kSearchSeconds)) {
    window_.resize(std::size_t(2 * hop_));
    for (long i = 0; i < 2 * hop_; ++i)
      window_[std::size_t(i)] =
          float(0.5 - 0.5 * std::cos(M_PI * (double(i) + 0.5) / double(hop_)));
  }

  std::vector<float> run() {
    const long length = std::lround(double(in_.size()) / speed_);
    std::vector<float> out(std::size_t(length), 0.0F);
    // The first frame begins a hop early: the first half of its window is lost.
    long taken = -hop_;
    for (long at = -hop_; at < length; at += hop_) {
      if (at > -hop_) taken = best_near(std::lround(double(at) * speed_), taken + hop_);
      for (long i = std::max(0L, -at); i < std::min(2 * hop_, length - at); ++i)
        out[std::size_t(at + i)] += window_[std::size_t(i)] * sample(taken + i);
    }
    return out;
  }

 private:
  float sample(long at) const {
    return at >= 0 && at < long(in_.size()) ? in_[std::size_t(at)] : 0.0F;
  }

  // The frame start within the search range of `place` whose first half is most
  // like what would have followed the frame before, at `natural`.
  long best_near(long place, long natural) const {
    if (natural == place) return place;
    long best = place;
    double best_score = -2;
    for (long lag = -search_; lag <= search_; ++lag) {
      // Every other sample tells enough, at half the cost.
      double product = 0, energy = 1e-9;
      for (long i = 0; i < hop_; i += 2) {
        const double x = sample(place + lag + i);
        product += x * sample(natural + i);
        energy += x * x;
      }
      const double score = product / std::sqrt(energy);
      if (score > best_score) {
        best_score = score;
        best = place + lag;
      }
    }
    return best;
  }

  std::span<const float> in_;
  const double speed_;
  const long hop_, search_;
  std::vector<float> window_;
};

}  // namespace

std::vector<float> stretch_time(std::span<const float> samples, int rate_hz, double speed) {
  if (rate_hz <= 0)
    throw Error(ErrorCode::kInvalidArgument,
                "expected a rate above 0 Hz, got " + std::to_string(rate_hz));
  if (!(speed >= kMinSpeed && speed <= kMaxSpeed))
    throw Error(ErrorCode::kInvalidArgument,
                "expected a speed between " + std::to_string(kMinSpeed) + " and " +
                    std::to_string(kMaxSpeed) + ", got " + std::to_string(speed));
  if (speed == 1 || samples.empty()) return {samples.begin(), samples.end()};
  return Stretcher(samples, rate_hz, speed).run();
}

}  // namespace chatterbox
