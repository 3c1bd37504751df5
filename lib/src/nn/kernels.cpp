// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/kernels.h"

namespace chatterbox {

bool supports(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return true;
#if defined(__x86_64__)
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("f16c");
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
