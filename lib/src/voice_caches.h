// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <typeindex>
#include <vector>

#include "conditionals.h"

namespace chatterbox {

// Values that are computed once for a voice and used by all its utterances. Keeps those of the
// voices used last, in a bounded number of bytes over all voices and kinds of value. A value has
// bytes(). Safe to use from any thread.
class VoiceCaches {
 public:
  // Tells values of one kind and voice apart.
  using Variant = std::array<double, 2>;

  // Those used longest ago are dropped while all together exceed `most_bytes`; what
  // alone exceeds it is not kept.
  explicit VoiceCaches(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  // The value of a voice, made by `make` if it is not here.
  template <typename Value, typename Make>
  std::shared_ptr<const Value> get(const std::shared_ptr<const Conditionals>& voice,
                                   const Variant& variant, const Make& make) {
    if (auto known = find(voice, typeid(Value), variant))
      return std::static_pointer_cast<const Value>(known);
    std::shared_ptr<const Value> value = make();
    return std::static_pointer_cast<const Value>(
        keep({voice, typeid(Value), variant, value, value->bytes()}));
  }

  // Bytes of everything kept now.
  std::int64_t bytes() {
    const std::lock_guard guard(lock_);
    forget_the_gone();
    std::int64_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.bytes;
    return sum;
  }

 private:
  struct Entry {
    std::weak_ptr<const Conditionals> voice;
    std::type_index kind;
    Variant variant;
    std::shared_ptr<const void> value;
    std::int64_t bytes;
  };

  std::shared_ptr<const void> find(const std::shared_ptr<const Conditionals>& voice,
                                   std::type_index kind, const Variant& variant) {
    const std::lock_guard guard(lock_);
    return find_locked(voice, kind, variant);
  }

  std::shared_ptr<const void> find_locked(const std::shared_ptr<const Conditionals>& voice,
                                          std::type_index kind, const Variant& variant) {
    forget_the_gone();
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.voice.lock() == voice && entry.kind == kind && entry.variant == variant;
    });
    if (found == entries_.end()) return nullptr;
    std::rotate(entries_.begin(), found, found + 1);
    return entries_.front().value;
  }

  std::shared_ptr<const void> keep(const Entry& entry) {
    const std::lock_guard guard(lock_);
    // Somebody else may have made it meanwhile.
    if (auto known = find_locked(entry.voice.lock(), entry.kind, entry.variant)) return known;
    if (entry.bytes > most_bytes_) return entry.value;
    entries_.insert(entries_.begin(), entry);
    std::int64_t sum = 0;
    const auto full = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) {
      return (sum += each.bytes) > most_bytes_;
    });
    entries_.erase(full, entries_.end());
    return entry.value;
  }

  void forget_the_gone() {
    std::erase_if(entries_, [](const Entry& entry) { return entry.voice.expired(); });
  }

  const std::int64_t most_bytes_;
  // Guards the entries; not held while a value is made.
  std::mutex lock_;
  std::vector<Entry> entries_;  // last used first
};

}  // namespace chatterbox
