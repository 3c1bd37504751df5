// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "conditionals.h"

namespace chatterbox {

// What is computed once for a voice and used by all its utterances; for the voices used
// last. Value has bytes(). Safe to use from any thread.
template <typename Value>
class VoiceCaches {
 public:
  // Those used longest ago are dropped while all together exceed `most_bytes`.
  explicit VoiceCaches(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  // The value of a voice, made by `make` if it is not here. `variant` tells values of one
  // voice apart.
  template <typename Make>
  std::shared_ptr<const Value> get(const std::shared_ptr<const Conditionals>& voice, double variant,
                                   const Make& make) {
    if (auto known = find(voice, variant)) return known;
    std::shared_ptr<const Value> value = make();
    const std::lock_guard guard(lock_);
    // Somebody else may have made it meanwhile.
    if (auto known = find_locked(voice, variant)) return known;
    entries_.insert(entries_.begin(), Entry{voice, variant, value});
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      sum += entries_[i].value->bytes();
      if (i > 0 && sum > most_bytes_) {
        entries_.resize(i);
        break;
      }
    }
    return value;
  }

 private:
  struct Entry {
    std::weak_ptr<const Conditionals> voice;
    double variant;
    std::shared_ptr<const Value> value;
  };

  std::shared_ptr<const Value> find(const std::shared_ptr<const Conditionals>& voice,
                                    double variant) {
    const std::lock_guard guard(lock_);
    return find_locked(voice, variant);
  }

  std::shared_ptr<const Value> find_locked(const std::shared_ptr<const Conditionals>& voice,
                                           double variant) {
    std::erase_if(entries_, [](const Entry& entry) { return entry.voice.expired(); });
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.voice.lock() == voice && entry.variant == variant;
    });
    if (found == entries_.end()) return nullptr;
    std::rotate(entries_.begin(), found, found + 1);
    return entries_.front().value;
  }

  std::int64_t most_bytes_;
  // Guards the entries; not held while a value is made.
  std::mutex lock_;
  std::vector<Entry> entries_;  // last used first
};

}  // namespace chatterbox
