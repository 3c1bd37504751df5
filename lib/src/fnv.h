// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chatterbox {

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): a short name of bytes. No protection
// against bytes that somebody chose to have the same name.
template <typename Word, Word offset, Word prime>
class Fnv {
 public:
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) state_ = (state_ ^ bytes[i]) * prime;
  }
  void add(std::string_view bytes) { add(bytes.data(), bytes.size()); }

  std::string hexadecimal() const {
    std::string digits;
    for (int shift = 8 * int(sizeof(Word)) - 4; shift >= 0; shift -= 4)
      digits += "0123456789abcdef"[unsigned(state_ >> shift) & 0xfU];
    return digits;
  }

 private:
  Word state_ = offset;
};

__extension__ using Uint128 = unsigned __int128;

using Fnv32 = Fnv<std::uint32_t, 0x811c9dc5, (std::uint32_t(1) << 24) + 0x193>;
using Fnv64 = Fnv<std::uint64_t, 0xcbf29ce484222325, (std::uint64_t(1) << 40) + 0x1b3>;
using Fnv128 = Fnv<Uint128, Uint128(0x6c62272e07bb0142) << 64 | 0x62b821756295c58d,
                   (Uint128(1) << 88) + 0x13b>;

}  // namespace chatterbox
