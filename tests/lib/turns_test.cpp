// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace chatterbox {
namespace {

const auto never = [] { return false; };

TEST(Turns, OneAtATime) {
  Turns turns;
  std::atomic<int> inside{0}, most{0}, total{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        ASSERT_TRUE(turns.begin(never));
        const int now = ++inside;
        if (now > most) most = now;
        ++total;
        --inside;
        turns.end();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(total, 8 * 200);
}

TEST(Turns, FirstComeFirstServed) {
  Turns turns;
  ASSERT_TRUE(turns.begin(never));
  std::vector<int> order;
  std::vector<std::thread> threads;
  std::atomic<int> queued{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      // give_up runs under the queue's lock once the ticket is drawn.
      bool counted = false;
      turns.begin([&] {
        if (!counted) ++queued;
        counted = true;
        return false;
      });
      order.push_back(i);
      turns.end();
    });
    while (queued <= i) std::this_thread::yield();
  }
  turns.end();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(Turns, GivingUpLetsTheNextOneIn) {
  Turns turns;
  ASSERT_TRUE(turns.begin(never));
  std::atomic<bool> stop{false}, entered{false};
  std::atomic<int> queued{0};
  std::thread first([&] {
    EXPECT_FALSE(turns.begin([&] {
      ++queued;
      return stop.load();
    }));
  });
  while (queued < 1) std::this_thread::yield();
  std::thread second([&] {
    EXPECT_TRUE(turns.begin([&] {
      ++queued;
      return false;
    }));
    entered = true;
    turns.end();
  });
  while (queued < 2) std::this_thread::yield();
  stop = true;
  turns.wake();
  first.join();
  EXPECT_FALSE(entered);
  turns.end();
  second.join();
  EXPECT_TRUE(entered);
}

}  // namespace
}  // namespace chatterbox
