// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "fnv.h"

#include <gtest/gtest.h>

namespace chatterbox {
namespace {

template <typename Hash>
std::string named(std::string_view first, std::string_view second) {
  Hash hash;
  hash.add(first);
  hash.add(second);
  return hash.hexadecimal();
}

// The authors' own examples.
TEST(Fnv, GivesPublishedNames) {
  EXPECT_EQ(named<Fnv32>("", ""), "811c9dc5");
  EXPECT_EQ(named<Fnv32>("foo", "bar"), "bf9cf968");
  EXPECT_EQ(named<Fnv64>("", ""), "cbf29ce484222325");
  EXPECT_EQ(named<Fnv64>("foo", "bar"), "85944171f73967e8");
  EXPECT_EQ(named<Fnv128>("", ""), "6c62272e07bb014262b821756295c58d");
  EXPECT_EQ(named<Fnv128>("foo", "bar"), "343e1662793c64bf6f0d3597ba446f18");
}

}  // namespace
}  // namespace chatterbox
