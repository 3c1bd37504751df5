// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <atomic>

#include "nn/kernels.h"

namespace chatterbox {
namespace {

using SetThreads = void (*)(int);

// Looked up by name, because not every libtorch comes with this BLAS.
void use_blas_threads(int threads) {
  static const auto set =
      reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  static std::atomic<int> current{0};
  if (set && current.exchange(threads) != threads) set(threads);
}

// Of this thread's calls alone; libtorch's own function makes threads anew every time. Looked
// up by name, as not every libtorch is built with OpenMP.
bool use_openmp_threads(int threads) {
  static const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set) set(threads);
  return at::get_num_threads() == threads;
}

// What libtorch used before it became serial; 0: it is not.
thread_local int shared_threads = 0;

}  // namespace

void use_threads(int threads) {
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
  use_blas_threads(threads);
}

int kernel_threads() { return shared_threads > 0 ? shared_threads : at::get_num_threads(); }

SerialLibtorch::SerialLibtorch() : before_(shared_threads) {
  const int threads = kernel_threads();
  // Where there are no kernels, libtorch does everything.
  if (before_ > 0 || threads == 1 || !supports(Isa::kAvx2) || !use_openmp_threads(1)) return;
  use_blas_threads(1);
  shared_threads = threads;
}

SerialLibtorch::~SerialLibtorch() {
  if (before_ > 0 || shared_threads == 0) return;
  use_openmp_threads(shared_threads);
  use_blas_threads(shared_threads);
  shared_threads = 0;
}

}  // namespace chatterbox
