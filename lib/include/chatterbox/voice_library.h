// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "chatterbox/audio.h"
#include "chatterbox/voice.h"

#pragma GCC visibility push(default)
namespace chatterbox {

class Engine;

// One voice of a library.
struct VoiceEntry {
  std::string id;             // 8 lower-case hexadecimal digits, the same for ever
  std::string name;           // as check_voice_name() allows
  std::string gender;         // "female", "male", or empty
  std::string description;    // a few words
  double seconds = 0;         // length of the recording; 0 for a file of conditionals
  std::string original_file;  // name of the recording
  std::string type;           // where it comes from, "user_cloned_voice" for those added here
  std::string provenance;     // who or what spoke
  std::string created_at;     // ISO 8601, UTC; empty when not known
  std::string path;           // a recording, or a .safetensors file of Voice::save()
  bool own = false;           // the user's own: can be removed
};

// Description of a voice that is added. Only the name is required.
struct NewVoice {
  std::string name;
  std::string gender;
  std::string description;
  std::string original_file;
  std::string provenance;
  // The id that it has on another machine already; empty: a new one.
  std::string id;
};

// Throws kInvalidArgument unless `name` can name a voice: 1 to 64 characters of UTF-8; no path
// separators, control or direction characters; no dot in front, no space at either end; and not
// 8 hexadecimal digits, which are an id.
void check_voice_name(std::string_view name);

// The voices of this machine: those in directories that others filled, and the user's own. Each
// directory holds an index.json (see docs/design/voice-library.md) beside its recordings;
// .safetensors files that it does not mention are voices too, named after the file.
//
// Holds no state but the paths: any number of threads and processes may use the same directories
// at once, and each call sees what is there at that moment. A broken index is logged and skipped.
class VoiceLibrary {
 public:
  // Directories as in paths.h.
  VoiceLibrary();
  // `own`: where voices are added; may be empty. It is looked through first.
  VoiceLibrary(std::string own, std::vector<std::string> installed);

  // Every voice that find() finds by name, in alphabetical order.
  std::vector<VoiceEntry> list() const;

  // The voice of that name (letter case and Unicode form do not matter) or, if none has it, of that
  // id. Throws kNotFound "Voice 'X' not found in any library", with names spelt alike.
  VoiceEntry find(const std::string& name_or_id) const;
  bool contains(const std::string& name_or_id) const;

  // Path of the file of a voice that a user named by name, id, or the path of a recording or
  // .safetensors file. Throws kNotFound.
  std::string path_of(const std::string& setting) const;

  // Adds a voice to the user's own: the recording, rounded to 16 bits, is stored as FLAC.
  // Complete on disk when this returns, or not there at all. Throws kInvalidArgument for a bad
  // name, a name that is taken (unless `overwrite`; a voice of one's own then keeps its id),
  // or an empty recording; kNotFound or kBadFile when it cannot be written.
  VoiceEntry add(const NewVoice& voice, const Audio& recording, bool overwrite = false);

  // Removes one of the user's own voices. Throws kNotFound, or kInvalidArgument for a voice
  // that is installed.
  void remove(const std::string& name_or_id);

  // Gives one of the user's own voices another name; its id stays. Throws kNotFound, or
  // kInvalidArgument for a voice that is installed, a bad name, or one that is taken.
  VoiceEntry rename(const std::string& name_or_id, const std::string& new_name);

  // Voice of an entry, for `engine`. A recording is analysed once per model, then found in a
  // bounded cache on disk ($XDG_CACHE_HOME/gst-chatterbox/voices). A call of the engine like any
  // other: one thread at a time.
  Voice voice(const VoiceEntry& entry, Engine& engine, std::stop_token stop = {}) const;

 private:
  VoiceEntry find_own(const std::string& name_or_id) const;
  std::string own_;
  std::vector<std::string> installed_;
};

// The voice in a file: what Voice::save() wrote (.safetensors, or upstream's .pt), else
// a recording. Throws as Voice::load(), read_audio_file() and Engine::make_voice() do.
Voice load_voice(const std::string& path, Engine& engine, std::stop_token stop = {});

}  // namespace chatterbox
#pragma GCC visibility pop
