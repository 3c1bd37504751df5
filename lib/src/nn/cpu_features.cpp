// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/cpu_features.h"

namespace chatterbox {

bool has_fast_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

bool has_fast_int8() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

}  // namespace chatterbox
