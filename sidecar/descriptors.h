// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace chatterbox::sidecar {

// Owns a file descriptor; a negative one is none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

// True when the process can open no more files: then what is not found may well be there.
inline bool descriptors_exhausted() {
  const Descriptor probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return !probe.open() && (errno == EMFILE || errno == ENFILE);
}

}  // namespace chatterbox::sidecar
