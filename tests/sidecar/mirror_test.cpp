// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Voices of other machines, when something fails here.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <new>
#include <numbers>
#include <thread>

#include "jobs/storage_error.h"
#include "operations/voice_mirror.h"
#include "operations/voices.h"
#include "support/temporary_directory.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kLong = std::chrono::seconds(60);

// A table in memory, which throws as often as it is told to.
class Table : public VoiceTable {
 public:
  bool put(const SharedVoice& voice, bool) override {
    const std::lock_guard lock(mutex_);
    voices_.push_back(voice);
    voices_.back().change = std::int64_t(voices_.size());
    return true;
  }
  void remove(const std::string&, const std::string&) override {}
  std::vector<SharedVoice> changed_after(std::int64_t change) override {
    const std::lock_guard lock(mutex_);
    switch (failures_) {
      case 3:
        --failures_;
        throw std::bad_alloc();
      case 2:
        --failures_;
        throw 1;
      case 1:
        --failures_;
        throw StorageError("away");
      default:
        return {voices_.begin() + change, voices_.end()};
    }
  }
  void fail() {
    const std::lock_guard lock(mutex_);
    failures_ = 3;
  }

 private:
  std::mutex mutex_;
  std::vector<SharedVoice> voices_;
  int failures_ = 0;
};

class Mirror : public testing::Test {
 protected:
  // Of another machine.
  void add(const std::string& folder, const std::string& name) {
    Audio audio;
    for (int i = 0; i < 24000; ++i)
      audio.samples.push_back(float(0.3 * std::sin(2 * std::numbers::pi * 150 * i / 24000)));
    VoiceLibrary other(directory_.path("other"), {});
    SharedVoice voice = Voices::recording_of(other.add({.name = name}, audio, true));
    voice.folder = folder;
    voice.about.name = name;
    voice.about.id = other.find(name).id;
    table_.put(voice, false);
  }
  bool comes(const std::string& folder, const std::string& name) {
    const auto end = std::chrono::steady_clock::now() + kLong;
    while (std::chrono::steady_clock::now() < end) {
      if (voices_.folder_library(folder).contains(name)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  TemporaryDirectory directory_;
  Voices voices_{directory_.path("voices"), {}, false, 60};
  Table table_;
};

TEST_F(Mirror, WhateverIsThrownVoicesCome) {
  table_.fail();
  VoiceMirror mirror(voices_, table_);
  add("", "First");
  mirror.wake();
  EXPECT_TRUE(comes("", "First"));
  table_.fail();
  add("", "Second");
  EXPECT_TRUE(comes("", "Second"));
}

TEST_F(Mirror, OneThatFindsNoPlaceComesLaterAndKeepsNoOtherAway) {
  std::filesystem::create_directories(directory_.path("voices"));
  // Where its folder would be.
  const std::string place = directory_.path("voices/owner");
  std::ofstream(place) << "in the way";
  VoiceMirror mirror(voices_, table_);
  add("owner", "Late");
  add("", "Other");
  mirror.wake();
  EXPECT_TRUE(comes("", "Other"));
  EXPECT_FALSE(voices_.folder_library("owner").contains("Late"));
  std::filesystem::remove(place);
  EXPECT_TRUE(comes("owner", "Late"));
}

}  // namespace
}  // namespace chatterbox::sidecar
