// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/model_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "chatterbox/error.h"
#include "models/digest.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;

std::int64_t size_of(const fs::path& path) {
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  return missing ? -1 : std::int64_t(size);
}

// On disk before anybody relies on it.
void sync_directory(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

ModelLock::ModelLock(const std::string& directory, const std::string& name, void (*waiting)(void*),
                     void* data)
    : path_(directory + "/." + name + ".lock") {
  bool told = false;
  for (;;) {
    fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0)
      throw Error(ErrorCode::kNotFound, path_ + ": cannot be written: " + std::strerror(errno));
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (!told && waiting) waiting(data);
      told = true;
      flock(fd_, LOCK_EX);
    }
    // The lock's last owner removed the file: then ours locks nothing.
    struct stat ours {
    }, there{};
    if (fstat(fd_, &ours) == 0 && stat(path_.c_str(), &there) == 0 && ours.st_ino == there.st_ino)
      return;
    close(fd_);
  }
}

ModelLock::~ModelLock() {
  unlink(path_.c_str());
  close(fd_);
}

std::string stage_of(const std::string& directory, const std::string& name) {
  return directory + "/." + name + ".part";
}

bool is_whole(const PublishedModel& model, const std::string& path) {
  for (const PublishedFile& file : model.files) {
    const std::int64_t size = size_of(fs::path(path) / file.name);
    if (size < 0 || (file.listed && size != file.size)) return false;
  }
  return true;
}

void publish_stage(const std::string& directory, const std::string& name) {
  const std::string stage = stage_of(directory, name), path = directory + "/" + name;
  sync_directory(stage);
  std::error_code failed;
  if (!fs::exists(path)) {
    fs::rename(stage, path, failed);
  } else if (renameat2(AT_FDCWD, stage.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(stage, failed);
  } else {
    fs::remove_all(path, failed);
    fs::rename(stage, path, failed);
  }
  if (failed) throw Error(ErrorCode::kNotFound, path + ": cannot be written: " + failed.message());
  sync_directory(directory);
}

std::vector<std::string> faults_of(const PublishedModel& model, const std::string& path,
                                   std::vector<std::string>& unlisted) {
  std::vector<std::string> faults;
  for (const PublishedFile& file : model.files) {
    const fs::path at = fs::path(path) / file.name;
    const std::int64_t size = size_of(at);
    if (size < 0) {
      faults.push_back(file.name + ": missing");
    } else if (!file.listed && !is_published_file(at.string(), file)) {
      unlisted.push_back(file.name);
    } else if (size != file.size) {
      faults.push_back(file.name + ": expected " + std::to_string(file.size) + " bytes, got " +
                       std::to_string(size));
    } else if (!is_published_file(at.string(), file)) {
      faults.push_back(file.name + ": expected the digest " + file.sha256 + ", got another");
    }
  }
  return faults;
}

bool is_published_file(const std::string& path, const PublishedFile& file) {
  return !file.sha256.empty() && size_of(path) == file.size &&
         digest_of_file(path, ContentDigest::Kind::kSha256) == file.sha256;
}

void link_or_copy(const std::string& from, const std::string& to) {
  std::error_code failed;
  fs::create_hard_link(fs::canonical(from), to, failed);
  if (failed) fs::copy_file(from, to, failed);
  if (failed) throw Error(ErrorCode::kNotFound, to + ": cannot be written: " + failed.message());
}

}  // namespace chatterbox::cli
