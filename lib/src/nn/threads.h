// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

namespace chatterbox {

// How many threads libtorch and the BLAS below it use for calls of this thread.
// A BLAS with threads of its own (OpenBLAS) does not listen to libtorch, and
// where it has more threads than there are free cores they wait for each other
// by spinning.
void use_threads(int threads);

// Threads that kernels of our own share their work out to: as many as libtorch uses, or would.
int kernel_threads();

// While one lives, libtorch and its BLAS do the calls of this thread in this thread alone, and
// kernels of our own still share theirs. For work in which those do nearly everything and
// libtorch's operations are short: threads that it woke for them would spin through the time
// between, on cores that the kernels want, and where a core is busy everybody waits for it.
class SerialLibtorch {
 public:
  SerialLibtorch();
  SerialLibtorch(const SerialLibtorch&) = delete;
  SerialLibtorch& operator=(const SerialLibtorch&) = delete;
  ~SerialLibtorch();

 private:
  int before_;  // kernel_threads() outside of all of them
};

}  // namespace chatterbox
