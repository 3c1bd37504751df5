// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/wide_product.h"

#include "nn/cpu_features.h"
#include "nn/wide_product_table.h"

namespace chatterbox {

std::vector<const WideProduct*> wide_products(Storage type) {
  std::vector<const WideProduct*> runnable;
#if defined(__x86_64__)
  if (supports(Isa::kAvx512)) {
    if (type == Storage::kBFloat16 && has_fast_bfloat16()) runnable.push_back(&kWideAvx512BFloat16);
    if (type == Storage::kInt8 && has_fast_int8()) runnable.push_back(&kWideAvx512Vnni);
    runnable.push_back(&kWideAvx512[int(type)]);
  }
  if (supports(Isa::kAvx2)) runnable.push_back(&kWideAvx2[int(type)]);
#endif
  runnable.push_back(&kWidePortable[int(type)]);
  return runnable;
}

const WideProduct& best_wide_product(Storage type) { return *wide_products(type).front(); }

}  // namespace chatterbox
