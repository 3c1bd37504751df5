// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/upkeep.h"

#include <malloc.h>

#include <chrono>

namespace chatterbox::sidecar {
namespace {

constexpr Rounds::Pause kRound = std::chrono::milliseconds(250);
constexpr int kRoundsPerCheckpoint = 4;
constexpr int kRoundsPerTrim = 8;

}  // namespace

Upkeep::Upkeep(JobStore& store, Hooks hooks)
    : store_(store), hooks_(std::move(hooks)), rounds_("upkeep", kRound, [this] {
        make_round();
        return kRound;
      }) {}

void Upkeep::make_round() {
  const int round = round_++;
  // Requests of many megabytes, and all that a synthesis makes on its way, leave holes that the
  // allocator keeps otherwise: some megabytes a second, up to a fifth of the process.
  if (round % kRoundsPerTrim == 0) malloc_trim(0);
  try {
    if (const auto ids = store_.expire(); !ids.empty()) hooks_.stopped(ids);
    hooks_.round();
    if (round % kRoundsPerCheckpoint == 0) store_.checkpoint();
  } catch (const StorageError&) {
    // That it is away has been said once.
    if (store_.available()) throw;
  }
}

}  // namespace chatterbox::sidecar
