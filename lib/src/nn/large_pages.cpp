// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/large_pages.h"

#include <sys/mman.h>

#include <cstdlib>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr std::size_t kLargePage = std::size_t(2) << 20;

}  // namespace

at::Tensor empty_in_large_pages(at::IntArrayRef shape, at::ScalarType dtype) {
  std::size_t bytes = c10::elementSize(dtype);
  for (const std::int64_t size : shape) bytes *= std::size_t(size);
  const auto options = at::TensorOptions().dtype(dtype);
  // Rounding up to whole pages would waste a small tensor's worth many times.
  if (bytes < kLargePage) return at::empty(shape, options);
  const std::size_t rounded = (bytes + kLargePage - 1) / kLargePage * kLargePage;
  void* memory = std::aligned_alloc(kLargePage, rounded);
  if (!memory)
    throw Error(ErrorCode::kOutOfMemory, "no memory for " + std::to_string(rounded) + " bytes");
  ::madvise(memory, rounded, MADV_HUGEPAGE);
  return at::from_blob(
      memory, shape, [](void* p) { std::free(p); }, options);
}

}  // namespace chatterbox
