// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <atomic>

namespace chatterbox {

void use_threads(int threads) {
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
  // Looked up by name, because not every libtorch comes with this BLAS.
  using SetThreads = void (*)(int);
  static const auto set_blas_threads =
      reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  static std::atomic<int> blas_threads{0};
  if (set_blas_threads && blas_threads.exchange(threads) != threads) set_blas_threads(threads);
}

}  // namespace chatterbox
