// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/share_out.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "nn/kernels.h"
#include "nn/threads.h"

namespace chatterbox {
namespace {

class ShareOut : public ::testing::Test {
 protected:
  void TearDown() override { at::set_num_threads(before_); }

 private:
  const int before_ = at::get_num_threads();
};

TEST_F(ShareOut, DoesEveryPieceOnce) {
  for (const int threads : {1, 2, 5}) {
    at::set_num_threads(threads);
    for (int run = 0; run < 300; ++run) {
      std::vector<std::atomic<int>> done(std::size_t(run % 23));
      share_out(std::int64_t(done.size()), [&](std::int64_t i) { ++done[std::size_t(i)]; });
      for (const auto& times : done) ASSERT_EQ(times, 1) << threads << " threads, run " << run;
    }
  }
}

TEST_F(ShareOut, ManyThreadsOfLibtorchMayBecomeOne) {
  if (!supports(Isa::kAvx2)) GTEST_SKIP() << "this processor has no kernels";
  at::set_num_threads(3);
  EXPECT_EQ(kernel_threads(), 3);
  {
    const SerialLibtorch serial;
    if (at::get_num_threads() != 1) GTEST_SKIP() << "this libtorch is not built with OpenMP";
    EXPECT_EQ(kernel_threads(), 3);
    {
      const SerialLibtorch again;
      EXPECT_EQ(kernel_threads(), 3);
    }
    EXPECT_EQ(at::get_num_threads(), 1);
    EXPECT_EQ(kernel_threads(), 3);
  }
  EXPECT_EQ(at::get_num_threads(), 3);
  EXPECT_EQ(kernel_threads(), 3);
}

}  // namespace
}  // namespace chatterbox
