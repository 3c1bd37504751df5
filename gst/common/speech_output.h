// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "chatterbox/engine.h"
#include "glib_raii.h"

namespace chatterbox::gst {

// A word with the time at which its speech begins in the output.
struct SpokenWord {
  std::string text;
  GstClockTime timestamp = 0;
  GstClockTime duration = 0;
};

// Speech as the engine makes it (24 kHz, float) to buffers in the negotiated
// format: rate conversion, 20 to 100 ms a buffer, timestamps that follow each
// other without gap or overlap, DISCONT exactly where they do not.
//
// Conversion does not dither, so that equal seeds give equal bytes.
class SpeechOutput {
 public:
  // Takes the buffer; `words` are those whose speech begins in it. Anything but
  // GST_FLOW_OK ends the call that made it.
  using Push = std::function<GstFlowReturn(OwnedBuffer, std::span<const SpokenWord> words)>;

  // False when no conversion to `info` exists.
  bool configure(const GstAudioInfo& info);
  bool configured() const { return GST_AUDIO_INFO_IS_VALID(&info_); }
  const GstAudioInfo& info() const { return info_; }
  void reset();

  // Timestamp of the next sample to be pushed, samples held back included.
  GstClockTime position() const;
  // Continues there; a move of a sample or more makes the next buffer DISCONT.
  void move_to(GstClockTime position);
  void mark_discont() { stream_.discont = true; }
  // Between begin() and finish().
  bool speaking() const { return stream_.speaking; }

  // An utterance: begin, write any number of times, finish. Words have their
  // place in the utterance, and are written before their samples or with them.
  void begin();
  GstFlowReturn write(std::span<const float> samples, std::span<const WordTime> words,
                      const Push& push);
  // Pushes what was held back; the utterance then has exactly its length.
  GstFlowReturn finish(const Push& push);
  // Pushes samples held back because they are fewer than a buffer should have.
  GstFlowReturn push_pending(const Push& push);
  // Silence after the finished utterance that was not written, in samples of the engine.
  void rest(std::int64_t silence) { stream_.rested = position() + engine_time(silence); }
  // Start of the next utterance after that silence and its own, so that the pause stays.
  GstClockTime after_rest(std::int64_t silence) const {
    return stream_.rested > 0 ? stream_.rested + engine_time(silence) : 0;
  }
  // Duration of what has been pushed of the utterance.
  GstClockTime utterance_duration() const { return time_of(utterance_.emitted); }

  // Silence up to `until`, as buffers marked GAP.
  GstFlowReturn silence(GstClockTime until, const Push& push);

 private:
  void convert(std::span<const float> samples);
  GstFlowReturn emit(std::size_t frames, const Push& push);
  std::vector<SpokenWord> take_words(std::size_t frames);
  OwnedBuffer stamp(OwnedBuffer buffer, std::size_t frames);
  GstClockTime time_of(std::uint64_t samples) const;
  static GstClockTime engine_time(std::int64_t samples) {
    return gst_util_uint64_scale(guint64(samples), GST_SECOND, kOutputRateHz);
  }
  std::size_t frames_of(GstClockTime time) const;

  // Both are reset by assignment.
  struct Stream {
    GstClockTime base = 0;     // position at the last move
    std::uint64_t sent = 0;    // samples pushed since
    std::uint64_t offset = 0;  // samples pushed in all
    GstClockTime rested = 0;   // end of the last utterance and of its silence; 0: none
    bool discont = true;
    bool speaking = false;
  };
  struct Utterance {
    std::uint64_t read = 0;      // samples at the engine's rate
    std::uint64_t written = 0;   // the same, converted
    std::uint64_t emitted = 0;   // of these, pushed
    std::deque<WordTime> words;  // that begin in what was not pushed yet
  };

  GstAudioInfo info_ = no_format();
  OwnedConverter converter_;     // none when the format is the engine's own
  std::vector<guint8> pending_;  // converted, not pushed
  Stream stream_;
  Utterance utterance_;
};

}  // namespace chatterbox::gst
