// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

namespace chatterbox::sidecar {

// Rights that this kernel lets a process give up.
struct Sandbox {
  // Version of Landlock's interface; 0: none. Files below the given folders can be read and
  // loaded, no others, and nothing can be written or reached over the network.
  int landlock = 0;
  // System calls are few: none that opens a socket, starts a program or writes a file.
  bool seccomp = false;
  bool any() const { return landlock > 0 || seccomp; }
};

// Gives it up for good, for this thread and those it starts.
Sandbox enter_sandbox(const std::vector<std::string>& readable);

}  // namespace chatterbox::sidecar
