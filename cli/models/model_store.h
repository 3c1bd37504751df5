// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

#include "models/manifest.h"

namespace chatterbox::cli {

// Holds the right to change one model of a directory: other processes wait. The file that says
// so goes when it ends.
class ModelLock {
 public:
  // `waiting` is called once when another process has it.
  ModelLock(const std::string& directory, const std::string& name, void (*waiting)(void*),
            void* data);
  ~ModelLock();
  ModelLock(const ModelLock&) = delete;
  ModelLock& operator=(const ModelLock&) = delete;

 private:
  std::string path_;
  int fd_ = -1;
};

// Where a model of `directory` is gathered before it gets its name.
std::string stage_of(const std::string& directory, const std::string& name);

// Whether every file of the model is in `path` with its size.
bool is_whole(const PublishedModel& model, const std::string& path);

// Makes the whole stage the model, in one step for readers.
void publish_stage(const std::string& directory, const std::string& name);

// Faults of the files in `path`: missing, of another size, of another digest. `unlisted` names
// files whose digest is not known for sure.
std::vector<std::string> faults_of(const PublishedModel& model, const std::string& path,
                                   std::vector<std::string>& unlisted);

// True when `path` is that file, to the last byte; never for unlisted files.
bool is_published_file(const std::string& path, const PublishedFile& file);

// A second name for the bytes of a file or, where that cannot be, a copy.
void link_or_copy(const std::string& from, const std::string& to);

}  // namespace chatterbox::cli
