// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace chatterbox {

// Running text to sentences. The result depends on the text alone, not on how it was cut on its
// way here, except when eager. Engine::synthesize cuts long text by the same rule.
class SentenceSegmenter {
 public:
  // An utterance ends at white space before this many characters at the latest.
  static constexpr std::size_t kMaxCharacters = 600;
  // Sentences shorter than this are joined with the next one, because very
  // short utterances come out worse; never when eager.
  static constexpr std::size_t kMinBytes = 24;

  // Eager: somebody is waiting (live text). A line is then a sentence, a
  // sentence ends with its full stop though nothing follows it yet, and short
  // sentences stay alone.
  void set_eager(bool eager) { eager_ = eager; }
  void set_max_characters(std::size_t count) { max_characters_ = count; }
  // When eager, the next sentence may already end at a comma or the like after
  // this many characters, because somebody waits in silence; 0: it may not.
  void set_first_min_characters(std::size_t count) { first_min_characters_ = count; }

  // Sentences are their words alone (plain_text.h), lines told from each other.
  void set_plain(bool plain) { plain_ = plain; }

  // UTF-8, in whole characters.
  void feed(std::string_view text);
  // The next sentence that is complete, white space normalised.
  std::optional<std::string> next();
  // Whatever is left, complete or not. Call after next() has no more.
  std::optional<std::string> flush();
  // Something that can be spoken waits to be completed.
  bool has_pending() const;
  void reset();

 private:
  std::u32string_view pending() const { return std::u32string_view(text_).substr(begin_); }
  std::optional<std::string> take(std::size_t end);

  std::u32string text_;
  std::size_t begin_ = 0;  // what lies before it has been taken
  bool eager_ = false;
  bool plain_ = false;
  std::size_t max_characters_ = kMaxCharacters;
  std::size_t first_min_characters_ = 0;
};

// Runs of white space become one space, none at the ends.
std::string normalize_spaces(std::string_view text);

// Has a letter or a digit: there is something to say.
bool is_speakable(std::string_view text);

}  // namespace chatterbox
#pragma GCC visibility pop
