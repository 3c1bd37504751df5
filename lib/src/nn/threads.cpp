// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <atomic>
#include <utility>

#include "nn/kernels.h"

namespace chatterbox {
namespace {

using SetThreads = void (*)(int);

// The function is looked up by name, because not every libtorch comes with this BLAS.
void use_blas_threads(int threads) {
  static const auto set =
      reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  static std::atomic<int> current{0};
  if (set && current.exchange(threads) != threads) set(threads);
}

// OpenMP's function changes this thread's calls alone, while libtorch's own makes threads anew
// every time. It is looked up by name, as not every libtorch is built with OpenMP.
bool use_openmp_threads(int threads) {
  static const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set) set(threads);
  return at::get_num_threads() == threads;
}

// Threads of the kernels while libtorch is serial; null outside such a scope.
thread_local const std::function<int()>* shared_threads = nullptr;

}  // namespace

void use_threads(int threads) {
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
  use_blas_threads(threads);
}

int kernel_threads() { return shared_threads ? (*shared_threads)() : at::get_num_threads(); }

SerialLibtorch::SerialLibtorch(std::function<int()> kernels) : kernels_(std::move(kernels)) {
  const int threads = at::get_num_threads();
  // Without kernels libtorch does everything and keeps its threads.
  if (shared_threads || threads == 1 || !supports(Isa::kAvx2) || !use_openmp_threads(1)) return;
  use_blas_threads(1);
  threads_ = threads;
  if (!kernels_) kernels_ = [threads] { return threads; };
  shared_threads = &kernels_;
}

SerialLibtorch::~SerialLibtorch() {
  if (!works()) return;
  shared_threads = nullptr;
  use_openmp_threads(threads_);
  use_blas_threads(threads_);
}

}  // namespace chatterbox
