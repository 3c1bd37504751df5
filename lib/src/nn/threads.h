// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>

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
  // `kernels` says how many threads kernels share their work out to, call by call, 1 or more;
  // empty: as many as libtorch used. Their results do not depend on it, as libtorch's do.
  explicit SerialLibtorch(std::function<int()> kernels = {});
  SerialLibtorch(const SerialLibtorch&) = delete;
  SerialLibtorch& operator=(const SerialLibtorch&) = delete;
  ~SerialLibtorch();

  // False where libtorch goes on with all its threads, and kernels as well: there are no kernels,
  // one thread, or one that lives already.
  bool works() const { return threads_ > 0; }

 private:
  std::function<int()> kernels_;
  int threads_ = 0;  // that libtorch used before
};

}  // namespace chatterbox
