// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "token_feed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

const std::stop_token never;

// Makes tokens 0, 1, ..., each at ten times its place in the text.
TokenFeed::Make count_to(std::int64_t end, std::atomic<std::int64_t>* made = nullptr) {
  return [=](const TokenSink& sink) {
    for (std::int64_t id = 0; id < end; ++id) {
      if (made) *made = id + 1;
      if (!sink(id, int(10 * id))) return;
    }
  };
}

std::vector<std::int64_t> ids(const std::vector<TokenFeed::Token>& tokens) {
  std::vector<std::int64_t> ids;
  for (const TokenFeed::Token& token : tokens) {
    EXPECT_EQ(token.text_position, 10 * token.id);
    ids.push_back(token.id);
  }
  return ids;
}

TEST(TokenFeed, GivesAllInOrder) {
  Turns turns(2);
  TokenFeed feed(turns, count_to(7), /*ahead=*/2, never);
  EXPECT_EQ(ids(feed.take(1)), (std::vector<std::int64_t>{0}));
  // More than may wait.
  EXPECT_EQ(ids(feed.take(4)), (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(ids(feed.take(4)), (std::vector<std::int64_t>{5, 6}));
  EXPECT_TRUE(feed.take(4).empty());
  EXPECT_TRUE(feed.take(1).empty());
}

TEST(TokenFeed, RunsOnlyALittleAheadAndLeavesItsPlaceMeanwhile) {
  Turns turns(1);
  std::atomic<std::int64_t> made{0};
  TokenFeed feed(turns, count_to(1000, &made), /*ahead=*/3, never);
  while (made < 3) std::this_thread::yield();
  ASSERT_TRUE(turns.begin(never));
  EXPECT_EQ(made, 3);
  turns.end();
  EXPECT_EQ(ids(feed.take(2)), (std::vector<std::int64_t>{0, 1}));
  while (made < 5) std::this_thread::yield();
  EXPECT_EQ(ids(feed.take(2)), (std::vector<std::int64_t>{2, 3}));
}

// However many are wanted at once, others have their turn in between.
TEST(TokenFeed, GivesWayToOthers) {
  Turns turns(1);
  std::atomic<bool> begun{false}, others{false};
  const auto until_others = [&](const TokenSink& sink) {
    for (std::int64_t id = 0; !others; ++id) {
      begun = true;
      sink(id, int(10 * id));
    }
  };
  TokenFeed feed(turns, until_others, /*ahead=*/2, never);
  std::thread other([&] {
    while (!begun) std::this_thread::yield();
    EXPECT_TRUE(turns.begin(never));
    others = true;
    turns.end();
  });
  EXPECT_FALSE(feed.take(std::size_t(-1)).empty());
  other.join();
}

TEST(TokenFeed, PassesOnWhatIsThrownAfterTheTokensBeforeIt) {
  Turns turns(2);
  const auto fail = [](const TokenSink& sink) {
    sink(0, 0);
    throw Error(ErrorCode::kModelFailure, "expected a token, got none");
  };
  TokenFeed feed(turns, fail, /*ahead=*/8, never);
  EXPECT_EQ(ids(feed.take(5)), (std::vector<std::int64_t>{0}));
  EXPECT_THROW(feed.take(5), Error);
}

TEST(TokenFeed, StopsWhenItsCallerIsToldTo) {
  Turns turns(2);
  std::stop_source stop;
  const auto endless = [](const TokenSink& sink) {
    for (;;) sink(0, 0);
  };
  TokenFeed feed(turns, endless, /*ahead=*/8, stop.get_token());
  std::thread other([&] { stop.request_stop(); });
  try {
    for (;;) feed.take(3);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCancelled);
  }
  other.join();
}

// At the caller's place: only what is asked for, until some may be made ahead; then all that may
// wait in one go, and no more before half of it is taken.
TEST(TokenFeed, SharesAPlace) {
  Turns turns(1);
  Turn turn(turns, never);
  std::atomic<std::int64_t> made{0};
  TokenFeed feed(turn, count_to(13, &made), never);
  EXPECT_EQ(ids(feed.take(2)), (std::vector<std::int64_t>{0, 1}));
  EXPECT_FALSE(feed.busy());
  EXPECT_EQ(ids(feed.take(1)), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(made, 3);
  feed.set_ahead(4);
  EXPECT_TRUE(feed.busy());
  EXPECT_EQ(ids(feed.take(2)), (std::vector<std::int64_t>{3, 4}));
  EXPECT_FALSE(feed.busy());
  EXPECT_EQ(made, 7);
  EXPECT_EQ(ids(feed.take(1)), (std::vector<std::int64_t>{5}));
  EXPECT_TRUE(feed.busy());
  EXPECT_EQ(ids(feed.take(1)), (std::vector<std::int64_t>{6}));
  EXPECT_FALSE(feed.busy());
  EXPECT_EQ(made, 10);
  EXPECT_EQ(feed.take(1000).size(), 6U);
  EXPECT_FALSE(feed.busy());
  EXPECT_TRUE(feed.take(1).empty());
}

TEST(TokenFeed, RestsWhileTheSharedPlaceIsLent) {
  Turns turns(1);
  Turn turn(turns, never);
  std::atomic<std::int64_t> made{0};
  std::atomic<bool> lent{false};
  const auto until_lent = [&](const TokenSink& sink) {
    while (!lent) std::this_thread::yield();
    for (std::int64_t id = 0; id < 3; ++id) {
      sink(id, int(10 * id));
      made = id + 1;
    }
  };
  TokenFeed feed(turn, until_lent, never);
  feed.set_ahead(8);
  turn.lend([&] {
    lent = true;
    // Others may have it.
    EXPECT_TRUE(turns.begin(never));
    EXPECT_EQ(made, 0);
    turns.end();
    return true;
  });
  EXPECT_EQ(feed.take(8).size(), 3U);
}

TEST(TokenFeed, EndsWhereTheSharedPlaceIsLost) {
  Turns turns(1);
  std::stop_source stop;
  Turn turn(turns, stop.get_token());
  TokenFeed feed(turn, count_to(1000), stop.get_token());
  feed.set_ahead(4);
  EXPECT_THROW(turn.lend([&] {
    stop.request_stop();
    return true;
  }),
               Error);
}

TEST(TokenFeed, EndsWhateverItsThreadDoes) {
  Turns turns(1);
  // Waits for room; for its turn; for nothing.
  {
    std::atomic<std::int64_t> made{0};
    TokenFeed feed(turns, count_to(1000, &made), /*ahead=*/1, never);
    while (made < 1) std::this_thread::yield();
  }
  ASSERT_TRUE(turns.begin(never));
  { TokenFeed feed(turns, count_to(1000), /*ahead=*/1, never); }
  turns.end();
  {
    std::atomic<bool> making{false};
    const auto endless = [&](const TokenSink& sink) {
      for (;; making = true) sink(0, 0);
    };
    TokenFeed feed(turns, endless, /*ahead=*/1000000, never);
    while (!making) std::this_thread::yield();
  }
  EXPECT_TRUE(turns.begin(never)) << "the place is free again";
  turns.end();
}

}  // namespace
}  // namespace chatterbox
