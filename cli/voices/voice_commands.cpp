// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/voice_library.h"
#include "commands.h"
#include "speech/audio_output.h"
#include "speech/speech_source.h"
#include "voices/voice_file.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json described(const VoiceEntry& voice) {
  return {{"name", voice.name},
          {"id", voice.id},
          {"gender", voice.gender},
          {"description", voice.description},
          {"seconds", voice.seconds},
          {"provenance", voice.provenance},
          {"created_at", voice.created_at},
          {"own", voice.own},
          {"path", voice.path}};
}

void print(const json& value) {
  std::puts(value.dump(1, ' ', false, json::error_handler_t::replace).c_str());
}

int list(const Arguments& arguments, const Console& console) {
  json array = json::array();
  for (const VoiceEntry& voice : VoiceLibrary().list()) {
    if (arguments.has("own") && !voice.own) continue;
    array.push_back(described(voice));
    if (arguments.has("names"))
      std::puts(voice.name.c_str());
    else if (!console.json())
      std::printf("%s%s%s%s\n", padded(voice.name, 20).c_str(), padded(voice.gender, 8).c_str(),
                  voice.own ? "own  " : "     ", voice.description.c_str());
  }
  if (console.json())
    print(array);
  else if (array.empty())
    console.note("no voices; chatterbox clone RECORDING NAME makes one");
  return kDone;
}

int show(const Arguments& arguments, const Console& console) {
  const VoiceLibrary library;
  json array = json::array();
  for (const std::string& word : arguments.words()) {
    const VoiceEntry voice = library.find(word);
    array.push_back(described(voice));
    if (console.json()) continue;
    std::printf("%s (%s)\n", voice.name.c_str(), voice.id.c_str());
    for (const auto& [label, value] :
         {std::pair("gender", voice.gender), std::pair("description", voice.description),
          std::pair("length", readable_time(voice.seconds)), std::pair("origin", voice.provenance),
          std::pair("created", voice.created_at), std::pair("file", voice.path)})
      if (!value.empty()) std::printf("  %s%s\n", padded(label, 13).c_str(), value.c_str());
  }
  if (console.json()) print(array);
  return kDone;
}

int play(const Arguments& arguments, const Console& console) {
  const VoiceEntry voice = VoiceLibrary().find(arguments.words()[0]);
  const bool speaks = arguments.has("say") || voice.path.ends_with(".safetensors");
  AudioOutput output(arguments.text("output"), arguments.text("sink"));
  Pipeline pipeline(
      (speaks ? "chatterboxtts name=speech ! " : "filesrc name=input ! decodebin ! ") +
      output.elements());
  if (speaks) {
    set_model(pipeline, "speech", arguments);
    pipeline.set("speech", "voice", voice.path);
    pipeline.set("speech", "text",
                 arguments.text("say", "Hello, this is the voice " + voice.name + "."));
  } else {
    pipeline.set("input", "location", voice.path);
  }
  output.prepare(pipeline);
  pipeline.run(console);
  output.publish();
  if (console.json()) print(described(voice));
  return kDone;
}

void tell(const VoiceEntry& voice, const char* what, const Console& console) {
  if (console.json()) return print(described(voice));
  std::printf("%s (%s) %s\n", voice.name.c_str(), voice.id.c_str(), what);
}

int add(const Arguments& arguments, const Console& console) {
  NewVoice voice;
  voice.name = arguments.words()[0];
  voice.gender = arguments.text("gender");
  voice.description = arguments.text("description");
  voice.provenance = arguments.text("provenance");
  const std::string& path = arguments.words()[1];
  voice.original_file = fs::path(path).filename().string();
  tell(VoiceLibrary().add(voice, read_audio_file(path), arguments.has("overwrite")), "is added",
       console);
  return kDone;
}

int rename(const Arguments& arguments, const Console& console) {
  tell(VoiceLibrary().rename(arguments.words()[0], arguments.words()[1]), "is its name now",
       console);
  return kDone;
}

int remove_voices(const Arguments& arguments, const Console& console) {
  VoiceLibrary library;
  json array = json::array();
  for (const std::string& word : arguments.words()) {
    const VoiceEntry voice = library.find(word);
    library.remove(word);
    array.push_back(described(voice));
    if (!console.json()) console.note(voice.name + " is removed");
  }
  if (console.json()) print(array);
  return kDone;
}

int export_it(const Arguments& arguments, const Console& console) {
  const VoiceEntry voice = VoiceLibrary().find(arguments.words()[0]);
  export_voice(voice, arguments.words()[1], console);
  if (console.json())
    print(described(voice));
  else
    console.note(arguments.words()[1] + " is written; chatterbox voices import takes it");
  return kDone;
}

// A .safetensors file needs no entry: it is a voice where it lies.
VoiceEntry import_conditionals(const std::string& path, const std::string& name, bool overwrite) {
  if (!fs::is_regular_file(path))
    throw Error(ErrorCode::kNotFound, path + ": expected a voice's file, found no such file");
  check_voice_name(name);
  const fs::path target = fs::path(own_voice_directory()) / (name + ".safetensors");
  if (VoiceLibrary().contains(name) && !overwrite)
    throw Error(ErrorCode::kInvalidArgument,
                "expected a new name for a voice, got '" + name + "', which is taken");
  std::error_code failed;
  fs::create_directories(target.parent_path(), failed);
  fs::copy_file(path, target, fs::copy_options::overwrite_existing, failed);
  if (failed)
    throw Error(ErrorCode::kNotFound, target.string() + ": cannot be written: " + failed.message());
  return VoiceLibrary().find(name);
}

int import_them(const Arguments& arguments, const Console& console) {
  if (arguments.has("name") && arguments.words().size() > 1)
    throw UsageError("voices import: expected one file with --name, got " +
                     std::to_string(arguments.words().size()));
  const bool overwrite = arguments.has("overwrite");
  for (const std::string& path : arguments.words()) {
    if (path.ends_with(".safetensors")) {
      tell(import_conditionals(path, arguments.text("name", fs::path(path).stem().string()),
                               overwrite),
           "is imported", console);
      continue;
    }
    NewVoice voice = read_voice_tags(path, console);
    voice.name = arguments.text("name", voice.name);
    tell(VoiceLibrary().add(voice, read_audio_file(path), overwrite), "is imported", console);
  }
  return kDone;
}

}  // namespace

void add_voice_commands(Runs& runs) {
  runs["voices list"] = list;
  runs["voices show"] = show;
  runs["voices play"] = play;
  runs["voices add"] = add;
  runs["voices rename"] = rename;
  runs["voices remove"] = remove_voices;
  runs["voices export"] = export_it;
  runs["voices import"] = import_them;
}

}  // namespace chatterbox::cli
