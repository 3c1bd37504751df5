// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace chatterbox {
#if defined(__x86_64__)
namespace {

// __builtin_cpu_supports() of clang 14 does not know this one.
bool has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C);
}

}  // namespace
#endif

bool supports(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return true;
#if defined(__x86_64__)
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    case Isa::kAvx512:
      return supports(Isa::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq");
#endif
    default:
      return false;
  }
}

const Kernels& kernels_for(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return kAvx512Kernels;
  if (isa == Isa::kAvx2) return kAvx2Kernels;
#endif
  return kPortableKernels;
}

const Kernels& kernels() {
  static const Kernels& best = supports(Isa::kAvx512) ? kernels_for(Isa::kAvx512)
                               : supports(Isa::kAvx2) ? kernels_for(Isa::kAvx2)
                                                      : kPortableKernels;
  return best;
}

}  // namespace chatterbox
