// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech/word_list.h"

#include <algorithm>
#include <cstdio>

namespace chatterbox::cli {
namespace {

constexpr std::size_t kMostBytes = 84;  // of a cue: two lines on a screen

struct Cue {
  std::size_t first = 0, behind = 0;  // words
};

// A cue for each utterance, and more where one is long.
std::vector<Cue> cues_of(const std::vector<SpokenWord>& words, bool each_word) {
  std::vector<Cue> cues;
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < words.size(); ++at) {
    bytes += words[at].text.size() + 1;
    if (each_word || at == 0 || words[at].utterance != words[at - 1].utterance ||
        bytes > kMostBytes) {
      cues.push_back({at, at});
      bytes = words[at].text.size();
    }
    cues.back().behind = at + 1;
  }
  return cues;
}

std::string time_text(GstClockTime time, char point) {
  const guint64 ms = time / GST_MSECOND;
  char text[32];
  std::snprintf(text, sizeof text, "%02u:%02u:%02u%c%03u", unsigned(ms / 3600000),
                unsigned(ms / 60000 % 60), unsigned(ms / 1000 % 60), point, unsigned(ms % 1000));
  return text;
}

std::string span_text(const std::vector<SpokenWord>& words, const Cue& cue, char point) {
  GstClockTime end = words[cue.behind - 1].end;
  // A cue ends before the next one of its utterance begins.
  if (cue.behind < words.size()) end = std::min(end, words[cue.behind].begin);
  const GstClockTime begin = words[cue.first].begin;
  return time_text(begin, point) + " --> " + time_text(std::max(end, begin + GST_MSECOND), point) +
         "\n";
}

// Markup characters of WebVTT.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

}  // namespace

void WordList::listen(GstElement* speech) {
  GstPad* pad = gst_element_get_static_pad(speech, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, collect, this, nullptr);
  gst_object_unref(pad);
}

GstPadProbeReturn WordList::collect(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const GstMetaInfo* word_info = gst_meta_get_info("GstChatterboxWordMeta");
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta(GST_PAD_PROBE_INFO_BUFFER(info), &state)) {
    if (meta->info != word_info) continue;
    const GstStructure* fields =
        gst_custom_meta_get_structure(reinterpret_cast<GstCustomMeta*>(meta));
    SpokenWord word;
    guint64 duration = 0;
    gst_structure_get(fields, "utterance", G_TYPE_UINT64, &word.utterance, "timestamp",
                      G_TYPE_UINT64, &word.begin, "duration", G_TYPE_UINT64, &duration, nullptr);
    word.text = gst_structure_get_string(fields, "text");
    word.end = word.begin + duration;
    // The end of a word that is still being spoken is where the speech made so far ends.
    auto& words = static_cast<WordList*>(self)->words_;
    if (!words.empty() && words.back().utterance == word.utterance)
      words.back().end = std::max(words.back().end, word.begin);
    words.push_back(std::move(word));
  }
  return GST_PAD_PROBE_OK;
}

std::string webvtt(const std::vector<SpokenWord>& words, bool each_word) {
  std::string text = "WEBVTT\n";
  for (const Cue& cue : cues_of(words, each_word)) {
    text.append("\n").append(span_text(words, cue, '.'));
    for (std::size_t at = cue.first; at < cue.behind; ++at) {
      if (at > cue.first) text.append(" <").append(time_text(words[at].begin, '.')).append(">");
      text += escaped(words[at].text);
    }
    text += "\n";
  }
  return text;
}

std::string subrip(const std::vector<SpokenWord>& words, bool each_word) {
  std::string text;
  int number = 0;
  for (const Cue& cue : cues_of(words, each_word)) {
    if (number++ > 0) text += '\n';
    text += std::to_string(number) + "\n" + span_text(words, cue, ',');
    for (std::size_t at = cue.first; at < cue.behind; ++at)
      text += (at > cue.first ? " " : "") + words[at].text;
    text += "\n";
  }
  return text;
}

}  // namespace chatterbox::cli
