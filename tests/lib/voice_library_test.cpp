// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/voice_library.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "support/temporary_directory.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = R"({"voices": [
  {"voice_id": "a563a2ba", "speaker_name": "Amy", "gender": "female", "duration": 20.5,
   "original_file": "Amy - female, calm narrator.wav", "type": "chattts_embedding",
   "file": "amy.opus", "description": "calm narrator", "provenance": {"speaker": "synthetic"}},
  {"voice_id": "1fc6c6ab", "speaker_name": "Aaron", "gender": "male", "duration": 23.7,
   "file": "aaron.opus"}]})";

Audio recording(float value = 0.25F) { return {std::vector<float>(8000, value), 8000}; }

struct Thrown {
  ErrorCode code = ErrorCode::kModelFailure;
  std::string message;
};

Thrown thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

class VoiceLibraryTest : public testing::Test {
 protected:
  VoiceLibraryTest() {
    fs::create_directory(directory_.path("installed"));
    write("installed/index.json", kIndex);
  }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(directory_.path(file)) << text;
  }
  VoiceLibrary library() const {
    return {directory_.path("own"), {directory_.path("missing"), directory_.path("installed")}};
  }
  std::vector<std::string> own_files() const {
    std::vector<std::string> files;
    for (const auto& file : fs::directory_iterator(directory_.path("own")))
      files.push_back(file.path().filename().string());
    std::sort(files.begin(), files.end());
    return files;
  }

  TemporaryDirectory directory_;
};

TEST_F(VoiceLibraryTest, ListsInAlphabeticalOrder) {
  const auto voices = library().list();
  ASSERT_EQ(voices.size(), 2U);
  EXPECT_EQ(voices[0].name, "Aaron");
  EXPECT_EQ(voices[1].name, "Amy");
  EXPECT_EQ(voices[1].id, "a563a2ba");
  EXPECT_EQ(voices[1].gender, "female");
  EXPECT_EQ(voices[1].seconds, 20.5);
  EXPECT_EQ(voices[1].original_file, "Amy - female, calm narrator.wav");
  EXPECT_EQ(voices[1].type, "chattts_embedding");
  EXPECT_EQ(voices[1].provenance, R"({"speaker":"synthetic"})");
  EXPECT_EQ(voices[1].path, directory_.path("installed") + "/amy.opus");
  EXPECT_FALSE(voices[1].own);
}

TEST_F(VoiceLibraryTest, FindsByNameAndId) {
  for (const char* spelling : {"Amy", "amy", "AMY", "a563a2ba", "A563A2BA", "\uFF21\uFF2D\uFF39"})
    EXPECT_EQ(library().find(spelling).id, "a563a2ba") << spelling;
  EXPECT_TRUE(library().contains("aaron"));
  EXPECT_FALSE(library().contains("Zed"));
}

TEST_F(VoiceLibraryTest, SaysWhatItHasInstead) {
  const Thrown near = thrown_by([&] { library().find("Aron"); });
  EXPECT_EQ(near.code, ErrorCode::kNotFound);
  EXPECT_EQ(near.message, "Voice 'Aron' not found in any library; did you mean 'Aaron'?");
  EXPECT_EQ(thrown_by([&] { library().find("Xylophonist"); }).message,
            "Voice 'Xylophonist' not found in any library");
  EXPECT_EQ(thrown_by([&] { VoiceLibrary("", {}).find("Amy"); }).code, ErrorCode::kNotFound);
}

TEST_F(VoiceLibraryTest, TakesPathsAsVoices) {
  write("me.wav", "");
  EXPECT_EQ(library().path_of(directory_.path("me.wav")), directory_.path("me.wav"));
  EXPECT_EQ(library().path_of("Amy"), directory_.path("installed") + "/amy.opus");
  EXPECT_EQ(thrown_by([&] { library().path_of(directory_.path("you.wav")); }).code,
            ErrorCode::kNotFound);
}

TEST_F(VoiceLibraryTest, NamesLooseVoiceFilesAfterThemselves) {
  write("installed/Bert.safetensors", "");
  write("installed/.hidden.safetensors", "");
  const VoiceEntry bert = library().find("bert");
  EXPECT_EQ(bert.name, "Bert");
  EXPECT_EQ(bert.seconds, 0);
  EXPECT_EQ(library().find(bert.id).name, "Bert");
  EXPECT_EQ(library().list().size(), 3U);
}

TEST_F(VoiceLibraryTest, AddsAndRemoves) {
  VoiceLibrary voices = library();
  const VoiceEntry added =
      voices.add({"Zo\u00eb", "female", "me", "me.wav", "consent"}, recording());
  EXPECT_EQ(added.seconds, 1.0);
  EXPECT_EQ(added.type, "user_cloned_voice");
  const VoiceEntry found = library().find("ZO\u00cb");
  EXPECT_EQ(found.id, added.id);
  EXPECT_EQ(found.path, added.path);
  EXPECT_EQ(found.description, "me");
  EXPECT_EQ(found.created_at, added.created_at);
  EXPECT_EQ(found.created_at.size(), 20U);
  EXPECT_TRUE(found.own);
  EXPECT_EQ(read_audio_file(found.path).samples, recording().samples);
  EXPECT_EQ(fs::status(directory_.path("own")).permissions(), fs::perms::owner_all);

  voices.remove(added.id);
  EXPECT_FALSE(voices.contains("Zo\u00eb"));
  EXPECT_FALSE(fs::exists(added.path));
  EXPECT_EQ(thrown_by([&] { voices.remove("Zo\u00eb"); }).code, ErrorCode::kNotFound);
  EXPECT_EQ(thrown_by([&] { voices.remove("Amy"); }).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(own_files(), (std::vector<std::string>{".lock", "index.json"}));
}

TEST_F(VoiceLibraryTest, OverwritesOnlyWhenTold) {
  VoiceLibrary voices = library();
  const VoiceEntry first = voices.add({"Me"}, recording(0.25F));
  const Thrown refused = thrown_by([&] { voices.add({"ME"}, recording(0.5F)); });
  EXPECT_EQ(refused.code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.message.find("taken"), std::string::npos);
  EXPECT_EQ(read_audio_file(voices.find("me").path).samples, recording(0.25F).samples);

  const VoiceEntry second = voices.add({"Me"}, recording(0.5F), true);
  EXPECT_EQ(second.id, first.id);
  EXPECT_NE(second.path, first.path);
  EXPECT_FALSE(fs::exists(first.path));
  EXPECT_EQ(read_audio_file(voices.find("me").path).samples, recording(0.5F).samples);
}

TEST_F(VoiceLibraryTest, KeepsTheIdOfAnotherMachine) {
  VoiceLibrary own = library();
  NewVoice voice;
  voice.name = "Traveller";
  voice.id = "0123abcd";
  EXPECT_EQ(own.add(voice, recording()).id, voice.id);
  EXPECT_EQ(own.find(voice.id).name, voice.name);
  voice.name = "Another";
  EXPECT_EQ(thrown_by([&] { own.add(voice, recording()); }).code, ErrorCode::kInvalidArgument);
  voice.id = "no id";
  EXPECT_EQ(thrown_by([&] { own.add(voice, recording()); }).code, ErrorCode::kInvalidArgument);
}

TEST_F(VoiceLibraryTest, OwnVoicesHideInstalledOnesWhenTold) {
  VoiceLibrary voices = library();
  EXPECT_EQ(thrown_by([&] { voices.add({"Amy"}, recording()); }).code, ErrorCode::kInvalidArgument);
  voices.add({"Amy"}, recording(), true);
  EXPECT_TRUE(voices.find("Amy").own);
  EXPECT_EQ(voices.list().size(), 2U);
  voices.remove("Amy");
  EXPECT_EQ(voices.find("Amy").id, "a563a2ba");
}

TEST_F(VoiceLibraryTest, RefusesBadNames) {
  const std::string bad[] = {"",         ".amy",
                             "a/b",      "a\\b",
                             " amy",     "amy ",
                             "a\nb",     "..",
                             "\xff\xfe", std::string("a\0b", 3),
                             "a\u202eb", "deadbeef",
                             "\u0085",   std::string(65, 'a'),
                             "\u200b"};
  for (const std::string& name : bad)
    EXPECT_EQ(thrown_by([&] { library().add({name}, recording()); }).code,
              ErrorCode::kInvalidArgument)
        << name;
  for (const char* name : {"a", "Jean-Luc", "\u5c71\u7530", "O'Brien 2", "me.wav", "deadbee"})
    EXPECT_NO_THROW(check_voice_name(name)) << name;
  EXPECT_EQ(thrown_by([&] { library().add({"Me"}, {}); }).code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists(directory_.path("own")));
}

TEST_F(VoiceLibraryTest, LeavesOutWhatBreaksTheRules) {
  write("installed/index.json", R"([
    {"voice_id": "00000001", "speaker_name": "Up", "file": "../up.flac"},
    {"voice_id": "00000002", "speaker_name": "Hidden", "file": ".hidden.flac"},
    {"voice_id": "zz", "speaker_name": "Bad Id", "file": "a.flac"},
    {"voice_id": "00000003", "speaker_name": "a/b", "file": "a.flac"},
    {"voice_id": "00000004", "speaker_name": "Long", "file": "a.flac", "duration": -1},
    {"voice_id": "00000005", "speaker_name": 5, "file": "a.flac"},
    17, null,
    {"voice_id": "00000006", "speaker_name": "Good", "file": "a.flac"}])");
  const auto voices = library().list();
  ASSERT_EQ(voices.size(), 1U);
  EXPECT_EQ(voices[0].name, "Good");
}

TEST_F(VoiceLibraryTest, KeepsABrokenIndex) {
  for (const char* text : {"", "[", "7", "{}", "\xff"}) {
    fs::create_directories(directory_.path("own"));
    write("own/index.json", text);
    EXPECT_EQ(library().list().size(), 2U);
    EXPECT_EQ(thrown_by([&] { library().add({"Me"}, recording()); }).code, ErrorCode::kBadFile);
    EXPECT_EQ(own_files(), (std::vector<std::string>{".lock", "index.json"})) << text;
  }
}

TEST_F(VoiceLibraryTest, NeedsSomewhereToWrite) {
  EXPECT_EQ(thrown_by([&] { VoiceLibrary("", {}).add({"Me"}, recording()); }).code,
            ErrorCode::kNotFound);
  write("file", "");
  VoiceLibrary inside(directory_.path("file/own"), {});
  EXPECT_EQ(thrown_by([&] { inside.add({"Me"}, recording()); }).code, ErrorCode::kNotFound);
}

// Several processes add, overwrite, remove and read the same directory: every voice that was
// added is there in the end, and nobody ever reads half of one.
TEST_F(VoiceLibraryTest, ManyProcessesAtOnce) {
  constexpr int kProcesses = 4;
  constexpr int kVoices = 12;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    if (child == 0) {
      int failures = 0;
      try {
        VoiceLibrary voices = library();
        for (int i = 0; i < kVoices; ++i) {
          const std::string name = "voice " + std::to_string(process) + " " + std::to_string(i);
          voices.add({name}, recording());
          voices.add({"shared"}, recording(float(process) / 8), true);
          if (!voices.contains(name)) ++failures;
          if (i % 3 == 0) voices.remove(name);
        }
      } catch (const std::exception&) {
        ++failures;
      }
      _exit(failures);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const auto voices = VoiceLibrary(directory_.path("own"), {}).list();
  EXPECT_EQ(voices.size(), std::size_t(kProcesses * kVoices * 2 / 3 + 1));
  std::set<std::string> ids;
  for (const VoiceEntry& voice : voices) {
    ids.insert(voice.id);
    EXPECT_EQ(read_audio_file(voice.path).samples.size(), 8000U);
  }
  EXPECT_EQ(ids.size(), voices.size());
  EXPECT_EQ(own_files().size(), voices.size() + 2);  // the index and the lock
}

// One process gives a voice recording after recording while others remove it: whoever removes it
// removes what is there at that moment, and no recording stays behind.
TEST_F(VoiceLibraryTest, RemovesWhatOthersOverwrite) {
  std::vector<pid_t> children;
  for (int process = 0; process < 3; ++process) {
    const pid_t child = fork();
    if (child == 0) {
      int failures = 0;
      VoiceLibrary voices = library();
      for (int i = 1; i <= 20; ++i) try {
          if (process == 0)
            voices.add({"shared"}, recording(float(i) / 32), true);
          else
            voices.remove("shared");
        } catch (const Error& error) {
          if (process == 0 || error.code() != ErrorCode::kNotFound) ++failures;
        } catch (const std::exception&) {
          ++failures;
        }
      _exit(failures);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const auto voices = VoiceLibrary(directory_.path("own"), {}).list();
  EXPECT_LE(voices.size(), 1U);
  EXPECT_EQ(own_files().size(), voices.size() + 2);  // the index and the lock
}

// The recording still fits, the index does not.
TEST_F(VoiceLibraryTest, LeavesNothingOfAVoiceThatCannotBeAdded) {
  VoiceLibrary voices = library();
  const VoiceEntry kept = voices.add({"Kept"}, recording());
  const auto before = own_files();
  rlimit unlimited = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  rlimit full = unlimited;
  full.rlim_cur = fs::file_size(kept.path) + 1000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  NewVoice talkative{"Me"};
  talkative.description = std::string(full.rlim_cur, 'a');
  const Thrown failure = thrown_by([&] { voices.add(talkative, recording(0.5F)); });
  setrlimit(RLIMIT_FSIZE, &unlimited);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(failure.code, ErrorCode::kBadFile);
  EXPECT_NE(failure.message.find("index.json"), std::string::npos) << failure.message;
  EXPECT_EQ(own_files(), before);
  EXPECT_TRUE(voices.contains("Kept"));
  EXPECT_FALSE(voices.contains("Me"));
}

TEST_F(VoiceLibraryTest, NamesAtMostThreeNearOnes) {
  VoiceLibrary voices = library();
  for (const char* name : {"Anna", "Anne", "Hanna", "Ana"}) voices.add({name}, recording());
  EXPECT_EQ(thrown_by([&] { voices.find("ANNAA"); }).message,
            "Voice 'ANNAA' not found in any library; did you mean 'Anna', 'Ana', 'Anne'?");
  const Thrown other = thrown_by([&] { voices.remove("ann"); });
  EXPECT_EQ(other.code, ErrorCode::kNotFound);
  EXPECT_NE(other.message.find("did you mean"), std::string::npos);
}

TEST(VoiceLibrary, RenamesVoicesOfItsOwn) {
  const TemporaryDirectory directory;
  const TemporaryDirectory installed;
  std::ofstream(installed.path("index.json")) << kIndex;
  VoiceLibrary library(directory.path(""), {installed.path("")});
  const VoiceEntry added = library.add({"Ann", "female", "calm", "", ""}, recording());
  const VoiceEntry renamed = library.rename("ann", "Anna");
  EXPECT_EQ(renamed.id, added.id);
  EXPECT_EQ(library.find("Anna").path, added.path);
  EXPECT_EQ(library.find("Anna").description, "calm");
  EXPECT_FALSE(library.contains("Ann"));
  EXPECT_EQ(library.rename("Anna", "ANNA").name, "ANNA");  // of its own name, another spelling
  EXPECT_THROW(library.rename("Anna", "Amy"), Error);      // taken
  EXPECT_THROW(library.rename("Amy", "Amelia"), Error);    // installed
  EXPECT_THROW(library.rename("Anna", "a/b"), Error);
  EXPECT_THROW(library.rename("Nobody", "Somebody"), Error);
  // A file that no index mentions.
  std::ofstream(directory.path("made.safetensors")) << "x";
  const std::string id = library.find("made").id;
  library.rename("made", "Maid");
  EXPECT_EQ(library.find("Maid").id, id);
  EXPECT_FALSE(library.contains("made"));
}

// The library that comes with the project: ids that clients know, recordings as told.
TEST(TreeLibrary, HasItsVoices) {
  const VoiceLibrary library("", {TESTS_DIR "/../voices"});
  const auto voices = library.list();
  ASSERT_EQ(voices.size(), 37U);
  EXPECT_EQ(library.find("Aaron").id, "1fc6c6ab");
  EXPECT_EQ(library.find("Amy").id, "a563a2ba");
  EXPECT_EQ(library.find("Benjamin").id, "b2422835");
  std::set<std::string> ids;
  for (const VoiceEntry& voice : voices) {
    SCOPED_TRACE(voice.name);
    ids.insert(voice.id);
    EXPECT_TRUE(voice.gender == "female" || voice.gender == "male");
    EXPECT_TRUE(voice.original_file.starts_with(voice.name + " - " + voice.gender + ", "));
    EXPECT_FALSE(voice.provenance.empty());
    EXPECT_GE(voice.seconds, 15);
    EXPECT_LE(voice.seconds, 25);
    const Audio recording = read_audio_file(voice.path);
    EXPECT_NEAR(recording.seconds(), voice.seconds, 0.1);
    double power = 0;
    for (const float sample : recording.samples) power += double(sample) * sample;
    EXPECT_GT(power / double(recording.samples.size()), 1e-4);
  }
  EXPECT_EQ(ids.size(), voices.size());
}

TEST(Paths, FollowTheEnvironment) {
  setenv("XDG_DATA_HOME", "/data", 1);
  setenv("CHATTERBOX_VOICES_PATH", "/a::/b", 1);
  EXPECT_EQ(own_voice_directory(), "/data/gst-chatterbox/voices");
  const auto directories = installed_voice_directories();
  ASSERT_GE(directories.size(), 3U);
  EXPECT_EQ(directories[0], "/a");
  EXPECT_EQ(directories[1], "/b");
  setenv("XDG_DATA_HOME", "relative", 1);
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(own_voice_directory(), "/home/me/.local/share/gst-chatterbox/voices");
  setenv("CHATTERBOX_MODEL_PATH", "/model", 1);
  EXPECT_EQ(find_model(""), "/model");
  EXPECT_EQ(find_model("/other"), "/other");
}

TEST(Paths, FindModelsByName) {
  const TemporaryDirectory data;
  setenv("XDG_DATA_HOME", data.path("").c_str(), 1);
  unsetenv("CHATTERBOX_MODEL_PATH");
  EXPECT_EQ(own_model_directory() + "/", data.path("") + "/gst-chatterbox/models/");
  try {
    find_model("nano");
    FAIL() << "found a model that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(error.what()).find("chatterbox models fetch nano"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(find_model("unknown"), "unknown");  // left to who reads it
  const std::string nano = own_model_directory() + "/nano";
  fs::create_directories(nano);
  EXPECT_EQ(find_model("nano"), nano);
  EXPECT_EQ(find_model("./nano"), "./nano");
  setenv("CHATTERBOX_MODEL_PATH", "nano", 1);
  EXPECT_EQ(find_model(""), nano);
  EXPECT_EQ(find_model("/other"), "/other");
  unsetenv("CHATTERBOX_MODEL_PATH");
}

}  // namespace
}  // namespace chatterbox
