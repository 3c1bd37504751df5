// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stop_token>
#include <thread>
#include <vector>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

const std::stop_token never;

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

TEST(Turns, AsManyAtOnceAsThereArePlaces) {
  Turns turns(2);
  EXPECT_EQ(turns.places(), 2);
  ASSERT_TRUE(turns.begin(never));
  ASSERT_TRUE(turns.begin(never));
  std::atomic<bool> entered{false};
  std::thread third([&] {
    EXPECT_TRUE(turns.begin(never));
    entered = true;
  });
  while (turns.waiting() < 1) std::this_thread::yield();
  EXPECT_FALSE(entered);
  turns.end();
  third.join();
  EXPECT_TRUE(entered);
  turns.end();
  turns.end();
}

TEST(Turns, FreePlacesAreTakenInOrderByAllWhoWait) {
  Turns turns(2);
  ASSERT_TRUE(turns.begin(never));
  ASSERT_TRUE(turns.begin(never));
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      EXPECT_TRUE(turns.begin(never));
      ++inside;
      // Both are here at once, or this never ends.
      while (inside < 2) std::this_thread::yield();
      turns.end();
    });
  while (turns.waiting() < 2) std::this_thread::yield();
  turns.end();
  turns.end();
  for (auto& thread : threads) thread.join();
}

TEST(Turns, FirstComeFirstServed) {
  Turns turns;
  ASSERT_TRUE(turns.begin(never));
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_TRUE(turns.begin(never));
      order.push_back(i);
      turns.end();
    });
    while (int(turns.waiting()) <= i) std::this_thread::yield();
  }
  turns.end();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(Turns, GivingUpLetsTheNextOneIn) {
  Turns turns;
  ASSERT_TRUE(turns.begin(never));
  std::stop_source stop;
  std::atomic<bool> entered{false};
  std::thread first([&] { EXPECT_FALSE(turns.begin(stop.get_token())); });
  while (turns.waiting() < 1) std::this_thread::yield();
  std::thread second([&] {
    EXPECT_TRUE(turns.begin(never));
    entered = true;
    turns.end();
  });
  while (turns.waiting() < 2) std::this_thread::yield();
  stop.request_stop();
  first.join();
  EXPECT_FALSE(entered);
  turns.end();
  second.join();
  EXPECT_TRUE(entered);
}

TEST(Turns, WhoWasToldToStopTakesNoFreeTurn) {
  Turns turns;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(turns.begin(stop.get_token()));
  EXPECT_THROW(Turn(turns, stop.get_token()), Error);
  EXPECT_TRUE(turns.begin(never));
  turns.end();
}

// Whoever lends a turn and is told to stop meanwhile does not get it back.
TEST(Turns, ALentTurnIsFree) {
  Turns turns;
  std::stop_source stop;
  {
    Turn turn(turns, stop.get_token());
    EXPECT_THROW(turn.lend([&] {
      EXPECT_TRUE(turns.begin(never));
      turns.end();
      stop.request_stop();
      return true;
    }),
                 Error);
  }
  EXPECT_TRUE(turns.begin(never));
  turns.end();
}

}  // namespace
}  // namespace chatterbox
