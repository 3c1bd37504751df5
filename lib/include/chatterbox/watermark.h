// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chatterbox/audio.h"

// Resemble AI's PerTh watermark: an inaudible change below 2 kHz that says that speech is
// synthetic. docs/watermark.md tells what it survives, and what it does not.
#pragma GCC visibility push(default)
namespace chatterbox {

struct Internals;

// The weights, immutable and shared by any number of watermarkers, detectors and threads. Those
// that mark and those that detect are each read when first needed.
class WatermarkModel {
 public:
  // Loads the directory `path` (see find_watermark() in paths.h) of encoder.safetensors and
  // decoder.safetensors. Throws kNotFound when it does not exist.
  static std::shared_ptr<const WatermarkModel> load(const std::string& path);
  ~WatermarkModel();

 private:
  friend struct Internals;
  explicit WatermarkModel(std::string path);
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Marks a signal while it passes: every pushed sample comes out once, in order, at the same
// amplitude plus the mark. The output does not depend on how the signal was cut into pushes (but
// for rounding in the last bits). Used by one thread at a time.
class Watermarker {
 public:
  // `rate_hz`: a multiple of 500 Hz from 8000 to 192000. Throws kInvalidArgument for another,
  // kNotFound or kBadFile where its weights cannot be read.
  explicit Watermarker(std::shared_ptr<const WatermarkModel> model, int rate_hz = kOutputRateHz);
  ~Watermarker();
  Watermarker(Watermarker&&) noexcept;
  Watermarker& operator=(Watermarker&&) noexcept;

  // Samples that are still held back after pop(), at most: 64 ms.
  int lookahead() const;

  void push(std::span<const float> samples);
  // Marked samples that no later sample changes.
  std::vector<float> pop();
  // Ends the signal and returns the rest of it. The next push begins a new signal.
  std::vector<float> drain();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole recording, marked; any rate. The same samples as a Watermarker gives where it takes the
// rate; elsewhere the mark alone is computed at 48 kHz and brought back.
Audio apply_watermark(const std::shared_ptr<const WatermarkModel>& model, const Audio& audio);

// Looks for the mark. Used by one thread at a time.
class WatermarkDetector {
 public:
  // A confidence of at least this much means marked.
  static constexpr double kThreshold = 0.5;

  explicit WatermarkDetector(std::shared_ptr<const WatermarkModel> model);
  ~WatermarkDetector();
  WatermarkDetector(WatermarkDetector&&) noexcept;
  WatermarkDetector& operator=(WatermarkDetector&&) noexcept;

  // Certainty, from 0 to 1, that a recording of any rate is marked; 0 for one without sound
  // or below 64 ms. Speech of 3 s or more is judged reliably.
  double confidence(const Audio& recording) const;

  // Running: push a signal, and ask at any time about the last `window_seconds` of it, whole
  // seconds counted from its start. Rates as Watermarker's. Throws kInvalidArgument.
  void start(int rate_hz, double window_seconds = 10);
  void push(std::span<const float> samples);
  double confidence() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chatterbox
#pragma GCC visibility pop
