// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>

namespace chatterbox {

// Sets the threads of libtorch and of the BLAS below it for calls of this thread. A BLAS with
// threads of its own (OpenBLAS) ignores libtorch's number, and its threads spin for each other
// where they are more than the free cores.
void use_threads(int threads);

// Threads that kernels of our own share their work out to: as many as libtorch uses, or would.
int kernel_threads();

// Scope in which libtorch and its BLAS work in the calling thread alone, while our own kernels
// still share their work out. It is for work that is nearly all kernels: libtorch's threads, woken
// for its short operations, would spin in between on cores that the kernels need.
class SerialLibtorch {
 public:
  // `kernels` says how many threads kernels share their work out to, call by call, 1 or more;
  // empty: as many as libtorch used. Their results do not depend on it, as libtorch's do.
  explicit SerialLibtorch(std::function<int()> kernels = {});
  SerialLibtorch(const SerialLibtorch&) = delete;
  SerialLibtorch& operator=(const SerialLibtorch&) = delete;
  ~SerialLibtorch();

  // False where the scope changes nothing: there are no kernels, only one thread, or such a scope
  // already.
  bool works() const { return threads_ > 0; }

 private:
  std::function<int()> kernels_;
  int threads_ = 0;  // libtorch's before the scope
};

}  // namespace chatterbox
