// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_caches.h"

#include <gtest/gtest.h>

namespace chatterbox {
namespace {

struct Heavy {
  std::int64_t bytes() const { return 10; }
};
struct Light {
  std::int64_t bytes() const { return 1; }
};

class VoiceCachesTest : public testing::Test {
 protected:
  using Voice = std::shared_ptr<const Conditionals>;

  // Whether the value had to be made.
  template <typename Value = Heavy>
  bool made(const Voice& voice, const VoiceCaches::Variant& variant = {}) {
    bool called = false;
    caches_.get<Value>(voice, variant, [&] {
      called = true;
      return std::make_shared<const Value>();
    });
    return called;
  }

  VoiceCaches caches_{25};  // room for two heavy ones
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
  EXPECT_TRUE(made(first_, {0.5}));
  EXPECT_TRUE(made(first_, {0.5, 1}));
  EXPECT_FALSE(made(first_, {0.5}));
}

TEST_F(VoiceCachesTest, TellsKindsApart) {
  EXPECT_TRUE(made(first_));
  EXPECT_TRUE(made<Light>(first_));
  EXPECT_FALSE(made(first_));
  EXPECT_FALSE(made<Light>(first_));
}

TEST_F(VoiceCachesTest, CountsTheBytesOfAllKinds) {
  EXPECT_EQ(caches_.bytes(), 0);
  made(first_);
  made<Light>(first_);
  EXPECT_EQ(caches_.bytes(), 11);
  made(second_);
  made(third_);  // no room: what was used longest ago goes
  EXPECT_EQ(caches_.bytes(), 21);
  EXPECT_FALSE(made<Light>(first_));
  third_.reset();
  EXPECT_EQ(caches_.bytes(), 11);
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
  const auto slower = caches_.get<Heavy>(first_, {}, [&] {
    quicker = caches_.get<Heavy>(first_, {}, [] { return std::make_shared<const Heavy>(); });
    return std::make_shared<const Heavy>();
  });
  EXPECT_EQ(slower, quicker);
  EXPECT_TRUE(made(second_));
  EXPECT_FALSE(made(first_)) << "there was room for two";
}

TEST_F(VoiceCachesTest, DoesNotKeepWhatDoesNotFit) {
  VoiceCaches small(5);
  int count = 0;
  const auto make = [&] {
    ++count;
    return std::make_shared<const Heavy>();
  };
  EXPECT_NE(small.get<Heavy>(first_, {}, make), nullptr);
  EXPECT_NE(small.get<Heavy>(first_, {}, make), nullptr);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(small.bytes(), 0);
}

}  // namespace
}  // namespace chatterbox
