// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Threads that go on whatever is thrown in them.
#include "rounds.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <new>
#include <stdexcept>

#include "background.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kLong = std::chrono::seconds(60);

void throw_by_turn(int turn) {
  switch (turn % 3) {
    case 0:
      throw std::bad_alloc();
    case 1:
      throw std::runtime_error("thrown by a test");
    default:
      throw 1;
  }
}

TEST(RoundsTest, OneThatThrowsIsFollowedByTheNext) {
  std::atomic<int> made = 0;
  std::promise<void> there;
  Rounds rounds("test", std::chrono::milliseconds(1), [&]() -> Rounds::Pause {
    const int number = made++;
    if (number < 9) throw_by_turn(number);
    if (number == 9) there.set_value();
    return kLong;
  });
  ASSERT_EQ(there.get_future().wait_for(kLong), std::future_status::ready);
  EXPECT_EQ(made, 10);
}

TEST(RoundsTest, WhoIsWokenBeginsAtOnceAndTheEndWaitsForNoPause) {
  const auto start = std::chrono::steady_clock::now();
  {
    std::promise<void> first, second;
    int made = 0;
    Rounds rounds("test", kLong, [&]() -> Rounds::Pause {
      (made++ ? second : first).set_value();
      return kLong;
    });
    first.get_future().wait();
    rounds.wake();
    ASSERT_EQ(second.get_future().wait_for(kLong), std::future_status::ready);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, kLong);
}

TEST(BackgroundTest, ATaskThatThrowsIsFollowedByTheNext) {
  Background background("test");
  std::promise<void> there;
  for (int turn = 0; turn < 3; ++turn) background.run([turn] { throw_by_turn(turn); });
  background.run([&] { there.set_value(); });
  EXPECT_EQ(there.get_future().wait_for(kLong), std::future_status::ready);
}

}  // namespace
}  // namespace chatterbox::sidecar
