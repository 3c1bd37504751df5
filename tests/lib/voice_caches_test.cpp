// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_caches.h"

#include <gtest/gtest.h>

namespace chatterbox {
namespace {

struct Heavy {
  std::int64_t bytes() const { return 10; }
};

class VoiceCachesTest : public testing::Test {
 protected:
  using Voice = std::shared_ptr<const Conditionals>;

  // Whether the value had to be made.
  bool made(const Voice& voice, double variant = 0) {
    bool called = false;
    caches_.get(voice, variant, [&] {
      called = true;
      return std::make_shared<const Heavy>();
    });
    return called;
  }

  VoiceCaches<Heavy> caches_{25};  // room for two
  Voice first_ = std::make_shared<Conditionals>();
  Voice second_ = std::make_shared<Conditionals>();
  Voice third_ = std::make_shared<Conditionals>();
};

TEST_F(VoiceCachesTest, KeepsThoseUsedLast) {
  EXPECT_TRUE(made(first_));
  EXPECT_TRUE(made(second_));
  EXPECT_FALSE(made(first_));  // now the second is the oldest
  EXPECT_TRUE(made(third_));
  EXPECT_FALSE(made(first_));
  EXPECT_FALSE(made(third_));
  EXPECT_TRUE(made(second_));
}

TEST_F(VoiceCachesTest, TellsVariantsApart) {
  EXPECT_TRUE(made(first_, 0.5));
  EXPECT_TRUE(made(first_, 0.7));
  EXPECT_FALSE(made(first_, 0.5));
}

TEST_F(VoiceCachesTest, ForgetsVoicesThatAreGone) {
  EXPECT_TRUE(made(first_));
  EXPECT_TRUE(made(second_));
  first_.reset();
  EXPECT_TRUE(made(third_));
  EXPECT_FALSE(made(second_)) << "the one that is gone made room";
}

// As two engines do that begin with one voice at once.
TEST_F(VoiceCachesTest, KeepsOneOfWhatTwoMakeAtOnce) {
  std::shared_ptr<const Heavy> quicker;
  const auto slower = caches_.get(first_, 0, [&] {
    quicker = caches_.get(first_, 0, [] { return std::make_shared<const Heavy>(); });
    return std::make_shared<const Heavy>();
  });
  EXPECT_EQ(slower, quicker);
  EXPECT_TRUE(made(second_));
  EXPECT_FALSE(made(first_)) << "there was room for two";
}

TEST_F(VoiceCachesTest, AlwaysKeepsTheNewest) {
  VoiceCaches<Heavy> small(5);
  int count = 0;
  const auto make = [&] {
    ++count;
    return std::make_shared<const Heavy>();
  };
  small.get(first_, 0, make);
  small.get(first_, 0, make);
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace chatterbox
