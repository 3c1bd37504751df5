// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Speaks a text file and writes WebVTT captions of it that show each word when it
// is said, from the metas that chatterboxtts attaches to its buffers:
//   caption-words TEXT.txt SPEECH.wav CAPTIONS.vtt [PROPERTY=VALUE...]

#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

struct Word {
  guint64 utterance = 0;
  std::string text;
  GstClockTime begin = 0, end = 0;
};

// Collects the words of each buffer. Runs in the streaming thread.
GstPadProbeReturn collect(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& words = *static_cast<std::vector<Word>*>(data);
  const GstMetaInfo* word_info = gst_meta_get_info("GstChatterboxWordMeta");
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta(GST_PAD_PROBE_INFO_BUFFER(info), &state)) {
    if (meta->info != word_info) continue;
    const GstStructure* fields =
        gst_custom_meta_get_structure(reinterpret_cast<GstCustomMeta*>(meta));
    Word word;
    guint64 duration = 0;
    gst_structure_get(fields, "utterance", G_TYPE_UINT64, &word.utterance, "timestamp",
                      G_TYPE_UINT64, &word.begin, "duration", G_TYPE_UINT64, &duration, nullptr);
    word.text = gst_structure_get_string(fields, "text");
    word.end = word.begin + duration;
    words.push_back(word);
  }
  return GST_PAD_PROBE_OK;
}

std::string time_text(GstClockTime time) {
  const guint64 ms = time / GST_MSECOND;
  char text[32];
  std::snprintf(text, sizeof text, "%02u:%02u:%02u.%03u", unsigned(ms / 3600000),
                unsigned(ms / 60000 % 60), unsigned(ms / 1000 % 60), unsigned(ms % 1000));
  return text;
}

// Markup characters of WebVTT.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

// One cue for each utterance; the time before each word is when it lights up.
void write_captions(const std::vector<Word>& words, GstClockTime end, std::ostream& file) {
  file << "WEBVTT\n";
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool first = i == 0 || words[i].utterance != words[i - 1].utterance;
    if (first) {
      std::size_t last = i;
      while (last + 1 < words.size() && words[last + 1].utterance == words[i].utterance) ++last;
      const GstClockTime until = last + 1 < words.size() ? words[last + 1].begin : end;
      file << "\n" << time_text(words[i].begin) << " --> " << time_text(until) << "\n";
    } else {
      file << " <" << time_text(words[i].begin) << ">";
    }
    file << escaped(words[i].text);
    if (i + 1 == words.size() || words[i + 1].utterance != words[i].utterance) file << "\n";
  }
}

bool run(GstElement* pipeline, gint64& duration) {
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool done = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  if (!done) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    std::cerr << "error: " << error->message << '\n';
    g_error_free(error);
  }
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_query_position(pipeline, GST_FORMAT_TIME, &duration);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 4) {
    std::cerr << "usage: caption-words TEXT.txt SPEECH.wav CAPTIONS.vtt [PROPERTY=VALUE...]\n";
    return 2;
  }
  std::string properties;
  for (int i = 4; i < argc; ++i) properties += std::string(" ") + argv[i];
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(("filesrc name=text ! chatterboxtts name=speech" +
                                           properties + " ! wavenc ! filesink name=wav")
                                              .c_str(),
                                          &error);
  if (!pipeline || error) {
    std::cerr << (error ? error->message : "no pipeline") << '\n';
    return 1;
  }
  for (const auto& [name, path] : {std::pair("text", argv[1]), std::pair("wav", argv[2])}) {
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), name);
    g_object_set(element, "location", path, nullptr);
    gst_object_unref(element);
  }
  std::vector<Word> words;
  GstElement* speech = gst_bin_get_by_name(GST_BIN(pipeline), "speech");
  GstPad* pad = gst_element_get_static_pad(speech, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, collect, &words, nullptr);
  gint64 duration = 0;
  const bool done = run(pipeline, duration);
  gst_object_unref(pad);
  gst_object_unref(speech);
  gst_object_unref(pipeline);
  if (!done) return 1;

  GstClockTime end = GstClockTime(std::max<gint64>(duration, 0));
  for (const Word& word : words) end = std::max(end, word.end);
  std::ofstream file(argv[3]);
  write_captions(words, end, file);
  return file ? 0 : 1;
}
