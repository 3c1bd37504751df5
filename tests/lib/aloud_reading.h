// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace chatterbox::test {

// Text as it is written, and the words a person reads: both must have the same phones, pauses
// and punctuation aside.
struct Reading {
  const char* written;
  const char* said;
};

// Phones without stress, borders and pauses.
std::string sounds(const std::string& text);
// What of read_aloud() reaches flite.
std::string handed_over(const std::string& text);

class AloudTest : public testing::TestWithParam<Reading> {
 protected:
  void SetUp() override;
};

}  // namespace chatterbox::test
