// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "chatterbox/sentences.h"
#include "utf8_reader.h"
#include "utterance.h"

namespace chatterbox::gst {

// Reads text buffers of any format into utterances. Knows of no queue and no lock.
class TextInput {
 public:
  // Rules of cutting text. Eager: somebody is waiting, see SentenceSegmenter.
  struct Rules {
    bool eager = false;
    std::size_t max_characters = SentenceSegmenter::kMaxCharacters;
    std::size_t first_min_characters = 0;  // for what comes first after silence
    bool plain = true;         // words alone, not the signs around them (chatterbox/plain_text.h)
    bool skip_lyrics = false;  // of subtitles
  };
  // When text is to be said; NONE where upstream does not tell.
  struct Time {
    GstClockTime timestamp = GST_CLOCK_TIME_NONE;
    GstClockTime duration = GST_CLOCK_TIME_NONE;
  };

  void set_rules(const Rules& rules);
  void set_caps(const GstCaps* caps);
  // Speaker and manner of the text that follows.
  void set_speaker(const std::string& speaker) { speaker_ = speaker; }
  void set_choice(const SpeechChoice& choice) { choice_ = choice; }
  const SpeechChoice& choice() const { return choice_; }
  void set_voice(const std::string& voice) { choice_.voice = voice; }
  // The buffer being read, whose speech meta holds for it alone; null: none.
  void set_buffer(std::shared_ptr<GstBuffer> buffer);

  // Running text, cut into sentences across buffers.
  void feed(std::string_view bytes, GstClockTime timestamp);
  // One utterance.
  void feed_cue(std::string_view bytes, Time time);
  // The text ends, complete or not.
  void end();

  // The next utterance that is complete; `silent`: nothing is being said.
  bool has_next(bool silent);
  Utterance next();
  // Something that can be spoken waits to be completed since `age` ago or longer.
  bool is_pending_since(std::chrono::milliseconds age) const;
  // True once after bytes that are no UTF-8.
  bool take_invalid() { return reader_.take_invalid(); }
  // Forgets text, not who speaks.
  void drop_text();

 private:
  enum class Format { kPlain, kPango, kSsml };
  void add(Script script, Time time);
  bool add_sentence();
  void add_documents(bool all);
  Script read_document(const std::string& document);
  Script cue_script(const std::string& text);

  Rules rules_;
  Format format_ = Format::kPlain;
  bool warned_ssml_ = false;
  Utf8Reader reader_;
  SentenceSegmenter segmenter_;
  std::string document_;                            // SSML up to where it was read
  std::deque<Utterance> ready_;                     // complete, not taken
  GstClockTime text_time_ = GST_CLOCK_TIME_NONE;    // of the sentence not complete yet
  GstClockTime buffer_time_ = GST_CLOCK_TIME_NONE;  // of the buffer read last
  std::chrono::steady_clock::time_point last_text_;
  std::string speaker_, meta_speaker_;
  SpeechChoice choice_, meta_choice_;
  std::shared_ptr<GstBuffer> buffer_;
};

}  // namespace chatterbox::gst
