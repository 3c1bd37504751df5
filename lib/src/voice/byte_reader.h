// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "chatterbox/error.h"

namespace chatterbox {

// Reads little-endian numbers and runs of bytes from a file that a stranger may
// have made: past the end it throws kBadFile.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes, std::size_t position = 0) : bytes_(bytes) {
    take(position);
  }

  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - position_)
      throw Error(ErrorCode::kBadFile, "torch archive: ends before its contents do");
    const std::string_view taken = bytes_.substr(position_, count);
    position_ += count;
    return taken;
  }

  template <typename T>
  T number() {
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    const std::string_view bytes = take(sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = T(value | T(T(std::uint8_t(bytes[i])) << (8 * i)));
    return value;
  }

  // Up to a newline, which is taken too.
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos)
      throw Error(ErrorCode::kBadFile, "torch archive: a line does not end");
    const std::string_view text = take(end - position_);
    take(1);
    return text;
  }

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
};

}  // namespace chatterbox
