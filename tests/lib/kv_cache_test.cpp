// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nn/attention.h"

namespace chatterbox {
namespace {

std::int64_t resident_bytes(const at::Tensor& tensor) {
  const auto page = std::uintptr_t(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.data_ptr()) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(tensor.data_ptr()) + tensor.nbytes();
  std::vector<unsigned char> pages((end - begin + page - 1) / page);
  if (::mincore(reinterpret_cast<void*>(begin), end - begin, pages.data()) != 0) return -1;
  return std::int64_t(page) *
         std::count_if(pages.begin(), pages.end(), [](unsigned char flags) { return flags & 1; });
}

// A request reserves what the longest speech takes, and most speech is short. With transparent
// large pages for everything, Debian's default, one position of each head would make all of it
// resident.
TEST(KvCache, PositionsThatAreNotFilledTakeNoMemory) {
  const KvCache cache(/*layers=*/8, /*rows=*/2, /*heads=*/16, /*capacity=*/1400, /*head_dim=*/64,
                      at::kBFloat16);
  cache.k.narrow(3, 0, 100).zero_();
  const std::int64_t filled = std::int64_t(cache.k.nbytes()) * 100 / 1400;
  EXPECT_GE(resident_bytes(cache.k), filled);
  EXPECT_LT(resident_bytes(cache.k), 2 * filled);
}

}  // namespace
}  // namespace chatterbox
