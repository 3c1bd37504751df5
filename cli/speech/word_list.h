// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace chatterbox::cli {

// A word of spoken text, and when it is said.
struct SpokenWord {
  guint64 utterance = 0;
  std::string text;
  GstClockTime begin = 0, end = 0;
};

// Collects the words that chatterboxtts attaches to its buffers. Filled by the streaming thread:
// to be read once the pipeline has ended.
class WordList {
 public:
  // Listens at the source pad of `speech`.
  void listen(GstElement* speech);
  const std::vector<SpokenWord>& words() const { return words_; }

 private:
  static GstPadProbeReturn collect(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  std::vector<SpokenWord> words_;
};

// Captions of the words, in cues of at most about 80 characters. WebVTT lights up each word when it
// is said; SRT cannot. `each_word`: a cue for every word.
std::string webvtt(const std::vector<SpokenWord>& words, bool each_word);
std::string subrip(const std::vector<SpokenWord>& words, bool each_word);

}  // namespace chatterbox::cli
