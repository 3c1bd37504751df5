// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "objects/file_objects.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "descriptors.h"

namespace chatterbox::sidecar {
namespace {

namespace fs = std::filesystem;

// Suffix of an object that is being written; an object has one writer.
constexpr const char* kHalf = ".part";

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  const int why = errno;
  throw ObjectError(why == ENOENT ? ObjectError::Kind::kMissing : ObjectError::Kind::kLater,
                    what + " " + path + ": " + std::strerror(why));
}

// One that is open.
class File {
 public:
  File(const std::string& path, int flags)
      : path_(path), fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (!fd_.open()) fail("cannot open", path_);
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(fd_.get(), bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail("cannot write", path_);
      bytes.remove_prefix(std::size_t(done));
    }
  }
  void sync() {
    if (fsync(fd_.get()) != 0) fail("cannot write", path_);
  }
  std::string read(std::int64_t first, std::int64_t most) {
    // No more than there is: `most` may be anything.
    const std::int64_t size = lseek(fd_.get(), 0, SEEK_END);
    std::string bytes(std::size_t(std::clamp<std::int64_t>(size - first, 0, most)), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
      const ssize_t done =
          pread(fd_.get(), bytes.data() + have, bytes.size() - have, off_t(first) + off_t(have));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail("cannot read", path_);
      if (done == 0) break;
      have += std::size_t(done);
    }
    bytes.resize(have);
    return bytes;
  }

 private:
  const std::string& path_;
  const Descriptor fd_;
};

}  // namespace

FileObjects::FileObjects(std::string directory, bool power_safe)
    : directory_(std::move(directory)), power_safe_(power_safe) {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (!fs::is_directory(directory_) || access(directory_.c_str(), R_OK | W_OK | X_OK) != 0)
    throw ObjectError(ObjectError::Kind::kRefused,
                      "expected a directory that this server may write to, got " + directory_);
}

void FileObjects::put(const std::string& name, std::string_view bytes, const Patience&,
                      const std::stop_token&) {
  const std::string target = path(name);
  std::error_code ignored;
  fs::create_directories(fs::path(target).parent_path(), ignored);
  // Readers find the whole object.
  const std::string half = target + kHalf;
  try {
    File file(half, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(bytes);
    if (power_safe_) file.sync();
  } catch (...) {
    unlink(half.c_str());
    throw;
  }
  if (std::rename(half.c_str(), target.c_str()) != 0) {
    const int why = errno;
    unlink(half.c_str());
    errno = why;
    fail("cannot write", target);
  }
  if (power_safe_) File(fs::path(target).parent_path(), O_RDONLY | O_DIRECTORY).sync();
}

std::string FileObjects::get(const std::string& name, std::int64_t first, std::int64_t most,
                             const Patience&, const std::stop_token&) {
  return File(path(name), O_RDONLY).read(first, most);
}

void FileObjects::remove(const std::string& name, const Patience&) {
  unlink((path(name) + kHalf).c_str());
  if (unlink(path(name).c_str()) != 0 && errno != ENOENT) fail("cannot remove", path(name));
}

}  // namespace chatterbox::sidecar
