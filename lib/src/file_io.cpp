// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "chatterbox/error.h"
#include "descriptor.h"

namespace chatterbox {
namespace {

[[noreturn]] void fail(ErrorCode code, const std::string& path, const std::string& what) {
  throw Error(code, path + ": " + what + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(std::size_t(written));
  }
  return true;
}

// Different for every call in every process that may write here at once.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return path + "." + std::to_string(::getpid()) + "-" + std::to_string(++counter) + ".tmp";
}

}  // namespace

std::string read_file(const std::string& path, std::size_t max_bytes) {
  // A pipe must not make us wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) fail(ErrorCode::kNotFound, path, "cannot be opened");
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) fail(ErrorCode::kBadFile, path, "cannot be read");
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::kBadFile, path + ": is no regular file");
  if (std::size_t(status.st_size) > max_bytes)
    throw Error(ErrorCode::kBadFile, path + ": expected at most " + std::to_string(max_bytes) +
                                         " bytes, got " + std::to_string(status.st_size));
  std::string bytes(std::size_t(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ErrorCode::kBadFile, path, "cannot be read");
    if (count == 0) break;  // someone shortened it meanwhile
    filled += std::size_t(count);
  }
  bytes.resize(filled);
  return bytes;
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = temporary_name(path);
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid()) fail(ErrorCode::kNotFound, path, "cannot be created");
  const bool written = write_all(file.get(), bytes) && ::fsync(file.get()) == 0 && file.close() &&
                       std::rename(temporary.c_str(), path.c_str()) == 0;
  if (written) {
    // The name has to survive a power cut as well; some file systems cannot say so.
    const auto directory = std::filesystem::absolute(path).parent_path();
    const Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.valid()) ::fsync(folder.get());
    return;
  }
  const int reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
  fail(ErrorCode::kBadFile, path, "cannot be written");
}

void make_private_directory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code failure;
  if (fs::create_directories(path, failure)) fs::permissions(path, fs::perms::owner_all, failure);
  if (failure)
    throw Error(ErrorCode::kNotFound, path + ": cannot be created: " + failure.message());
}

}  // namespace chatterbox
