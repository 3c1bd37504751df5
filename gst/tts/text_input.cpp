// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text_input.h"

#include <utility>

#include "chatterbox/plain_text.h"
#include "common.h"
#include "markup.h"
#include "ssml.h"
#include "tts_metas.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

namespace {

// An SSML document that does not end is read in parts of this size.
constexpr std::size_t kMaxDocumentBytes = 1 << 20;
constexpr std::string_view kDocumentEnd = "</speak>";

}  // namespace

void TextInput::set_rules(const Rules& rules) {
  rules_ = rules;
  segmenter_.set_plain(rules.plain);
  segmenter_.set_eager(rules.eager);
  segmenter_.set_max_characters(rules.max_characters);
}

void TextInput::set_caps(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* format = gst_structure_get_string(structure, "format");
  format_ = gst_structure_has_name(structure, "application/ssml+xml") ? Format::kSsml
            : format && g_str_equal(format, "pango-markup")           ? Format::kPango
                                                                      : Format::kPlain;
}

void TextInput::set_buffer(std::shared_ptr<GstBuffer> buffer) {
  const GstStructure* meta = buffer ? speech_meta_of(buffer.get()) : nullptr;
  meta_choice_ = choice_of(meta);
  meta_speaker_ = text_field(meta, "speaker");
  buffer_ = std::move(buffer);
}

void TextInput::add(Script script, Time time) {
  if (!is_speakable(script)) return;
  Utterance utterance;
  utterance.text = plain_text(script);
  utterance.script = limit_parts(std::move(script));
  utterance.timestamp = time.timestamp;
  utterance.duration = time.duration;
  utterance.speaker = meta_speaker_.empty() ? speaker_ : meta_speaker_;
  utterance.event_choice = choice_;
  utterance.meta_choice = meta_choice_;
  utterance.source = buffer_;
  ready_.push_back(std::move(utterance));
}

void TextInput::feed(std::string_view bytes, GstClockTime timestamp) {
  const std::string text = reader_.read(bytes);
  last_text_ = std::chrono::steady_clock::now();
  buffer_time_ = timestamp;
  if (format_ == Format::kSsml) {
    document_ += text;
    text_time_ = timestamp;
    return add_documents(false);
  }
  if (!segmenter_.has_pending()) text_time_ = timestamp;
  segmenter_.feed(format_ == Format::kPango ? strip_markup(text) : text);
}

void TextInput::feed_cue(std::string_view bytes, Time time) {
  std::string text = reader_.read(bytes);
  text += reader_.finish();
  add(cue_script(rules_.skip_lyrics ? without_lyrics(text) : text), time);
}

bool TextInput::has_next(bool silent) {
  if (!ready_.empty()) return true;
  // The first words after silence need not wait for the rest of the sentence.
  segmenter_.set_first_min_characters(silent ? rules_.first_min_characters : 0);
  while (ready_.empty())
    if (!add_sentence()) return false;
  return true;
}

// False when none is complete.
bool TextInput::add_sentence() {
  const auto sentence = segmenter_.next();
  if (!sentence) return false;
  add(parse_pauses(*sentence), {text_time_});
  text_time_ = buffer_time_;  // the next one begins in this buffer
  return true;
}

Utterance TextInput::next() {
  Utterance utterance = std::move(ready_.front());
  ready_.pop_front();
  return utterance;
}

// SSML documents that are complete, or `all` that has come.
void TextInput::add_documents(bool all) {
  while (!document_.empty()) {
    std::size_t end = document_.find(kDocumentEnd);
    if (end != document_.npos)
      end += kDocumentEnd.size();
    else if (all || document_.size() > kMaxDocumentBytes)
      end = document_.size();
    else
      return;
    const std::string document = document_.substr(0, end);
    document_.erase(0, end);
    if (normalize_spaces(document).empty()) return;
    for (Script& script : split_into_sentences(read_document(document)))
      add(std::move(script), {text_time_});
  }
}

// The script in the document; the text alone where it is not well formed.
Script TextInput::read_document(const std::string& document) {
  if (auto script = parse_ssml(document)) return expand_pauses(*script);
  if (!std::exchange(warned_ssml_, true))
    GST_WARNING("SSML is not well formed; its text is spoken");
  return parse_pauses(strip_markup(document));
}

Script TextInput::cue_script(const std::string& text) {
  if (format_ == Format::kSsml) return read_document(text);
  Script script =
      format_ == Format::kPango ? Script{{.text = strip_markup(text)}} : parse_cue(text);
  if (rules_.plain)
    for (ScriptPart& part : script)
      part.text = normalize_spaces(chatterbox::plain_text(part.text, /*titles=*/false));
  return expand_pauses(script);
}

void TextInput::end() {
  const std::string cut_off = reader_.finish();
  if (format_ == Format::kSsml) {
    document_ += cut_off;
    return add_documents(true);
  }
  segmenter_.feed(cut_off);
  segmenter_.set_first_min_characters(0);
  while (add_sentence()) continue;
  if (const auto rest = segmenter_.flush()) add(parse_pauses(*rest), {text_time_});
  text_time_ = GST_CLOCK_TIME_NONE;
}

bool TextInput::is_pending_since(std::chrono::milliseconds age) const {
  return segmenter_.has_pending() && std::chrono::steady_clock::now() - last_text_ >= age;
}

void TextInput::drop_text() {
  reader_.reset();
  segmenter_.reset();
  document_.clear();
  ready_.clear();
}

}  // namespace chatterbox::gst
