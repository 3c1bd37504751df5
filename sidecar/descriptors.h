// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace chatterbox::sidecar {

// True when the process can open no more files: then what is not found may well be there.
inline bool descriptors_exhausted() {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == EMFILE || errno == ENFILE;
  ::close(fd);
  return false;
}

}  // namespace chatterbox::sidecar
