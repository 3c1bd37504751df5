// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "speech_choice.h"

namespace chatterbox::gst {

// A stretch of an utterance that is spoken in one way.
struct ScriptPart {
  std::string text;           // may be empty: then there is only the pause
  double pause = 0;           // seconds of silence before it
  std::string speaker;        // who the text says is speaking; empty: nobody
  SpeechChoice choice;        // what the text itself asks for
  double speed = 1;           // 2: twice as fast
  double gain = 1;            // of the amplitude
  bool new_sentence = false;  // the text says that a sentence begins here
};

using Script = std::vector<ScriptPart>;

// Longest pause that text may ask for, seconds.
inline constexpr double kLongestPause = 60;

// Cuts text at its pauses: "[pause:500ms]", "[pause:1.5]", "[pause:2s]". Any
// other bracket, such as "[laugh]", is left to the model.
Script parse_pauses(std::string_view text);

// The same within each part of a script.
Script expand_pauses(const Script& script);

// The words alone.
std::string plain_text(const Script& script);

// There is a word to speak or a pause to make.
bool is_speakable(const Script& script);

// No part longer than an engine takes; cut between words.
Script limit_parts(Script script);

// "500ms", "1.5s" or "1.5" in seconds, no longer than kLongestPause; negative
// when it is none of these.
double parse_duration(std::string_view text);

}  // namespace chatterbox::gst
