// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voices/voice_file.h"

#include <gst/tag/tag.h>

#include <filesystem>
#include <system_error>

#include "chatterbox/error.h"
#include "pipeline.h"
#include "speech/audio_output.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGender = "gender=";  // of an extended comment

std::string tag_text(const GstTagList* tags, const char* name) {
  gchar* text = nullptr;
  if (!gst_tag_list_get_string(tags, name, &text)) return {};
  const std::string value = text;
  g_free(text);
  return value;
}

void take_tags(GstMessage* message, NewVoice& voice) {
  GstTagList* tags = nullptr;
  gst_message_parse_tag(message, &tags);
  const auto take = [&](const char* name, std::string& into) {
    if (std::string text = tag_text(tags, name); !text.empty()) into = std::move(text);
  };
  take(GST_TAG_TITLE, voice.name);
  take(GST_TAG_DESCRIPTION, voice.description);
  take(GST_TAG_COPYRIGHT, voice.provenance);
  if (const std::string comment = tag_text(tags, GST_TAG_EXTENDED_COMMENT);
      comment.starts_with(kGender))
    voice.gender = comment.substr(std::char_traits<char>::length(kGender));
  gst_tag_list_unref(tags);
}

void add_tag(GstElement* encoder, const char* name, const std::string& text) {
  if (!text.empty())
    gst_tag_setter_add_tags(GST_TAG_SETTER(encoder), GST_TAG_MERGE_REPLACE, name, text.c_str(),
                            nullptr);
}

}  // namespace

void export_voice(const VoiceEntry& voice, const std::string& path, const Console& console) {
  const bool conditionals = voice.path.ends_with(".safetensors");
  const std::string ending = conditionals ? ".safetensors" : ".flac";
  if (!path.ends_with(ending))
    throw Error(ErrorCode::kInvalidArgument,
                path + ": expected a name that ends in " + ending + " for the voice " + voice.name);
  if (conditionals) {
    std::error_code failed;
    fs::copy_file(voice.path, path, fs::copy_options::overwrite_existing, failed);
    if (failed)
      throw Error(ErrorCode::kNotFound, path + ": cannot be written: " + failed.message());
    return;
  }
  AudioOutput output(path, "");
  Pipeline pipeline(
      "filesrc name=input ! decodebin ! audioconvert ! flacenc name=encoder ! filesink "
      "name=output");
  pipeline.set("input", "location", voice.path);
  output.prepare(pipeline);
  GstElement* encoder = pipeline.element("encoder");
  // Tags of the recording itself would say what the voice is not.
  gst_tag_setter_set_tag_merge_mode(GST_TAG_SETTER(encoder), GST_TAG_MERGE_KEEP_ALL);
  add_tag(encoder, GST_TAG_TITLE, voice.name);
  add_tag(encoder, GST_TAG_DESCRIPTION, voice.description);
  add_tag(encoder, GST_TAG_COPYRIGHT, voice.provenance);
  if (!voice.gender.empty()) add_tag(encoder, GST_TAG_EXTENDED_COMMENT, kGender + voice.gender);
  pipeline.run(console);
  output.publish();
}

NewVoice read_voice_tags(const std::string& path, const Console& console) {
  NewVoice voice;
  voice.name = fs::path(path).stem().string();
  voice.original_file = fs::path(path).filename().string();
  if (!fs::is_regular_file(path))
    throw Error(ErrorCode::kNotFound, path + ": expected a recording, found no such file");
  Pipeline pipeline("filesrc name=input ! decodebin ! fakesink");
  pipeline.set("input", "location", path);
  pipeline.run(console, [&](GstMessage* message) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_TAG) take_tags(message, voice);
  });
  return voice;
}

}  // namespace chatterbox::cli
