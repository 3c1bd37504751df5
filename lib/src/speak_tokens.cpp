// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speak_tokens.h"

#include "nn/threads.h"
#include "token_feed.h"

namespace chatterbox {
namespace {

// Chunks that T3 may be ahead of the speech. Few, as they are wasted when a listener leaves.
constexpr std::size_t kChunksAhead = 2;

// Each token is made when the last has been spoken.
void speak_in_turns(const TokenWork& work, const TokenSteps& steps) {
  const auto speak_each = [&](std::int64_t token, int text_position) {
    check_stop(work.stop);
    steps.speak(token, text_position);
    return true;
  };
  steps.make(speak_each, nullptr);
}

// The next tokens are made at another place while the last are spoken.
void speak_at_two_places(const TokenWork& work, const TokenSteps& steps) {
  const auto make_beside = [&](const TokenSink& sink) {
    use_threads(work.model.threads);
    steps.make(sink, nullptr);
  };
  TokenFeed feed(*work.model.turns, make_beside, kChunksAhead * work.chunk, work.stop);
  const auto next = [&] { return work.turn.lend([&] { return feed.take(steps.missing()); }); };
  for (auto tokens = next(); !tokens.empty(); tokens = next())
    for (const TokenFeed::Token& token : tokens) steps.speak(token.id, token.text_position);
}

// Chunks in which something is heard and that all threads speak: a listener waits for them.
constexpr int kUrgentChunks = 1;

// The same at one place, whose threads are shared out. T3 makes the next chunk's tokens beside each
// chunk, and is waited for. Kernels that speak take all threads as soon as it rests. Where libtorch
// speaks it is the tokens' number alone, not the time they take, that decides how many threads it
// has: the BLAS rounds otherwise with each.
void speak_at_one_place(const TokenWork& work, const TokenSteps& steps) {
  const int all = work.model.threads, half = all / 2;
  std::atomic<int> making{all};
  const auto make_beside = [&](const TokenSink& sink) {
    use_threads(1);  // T3 has a team of its own
    steps.make(sink, &making);
  };
  TokenFeed feed(work.turn, make_beside, work.stop);
  const SerialLibtorch serial([&] { return feed.at_work() ? all - half : all; });
  for (int heard = 0;;) {
    making = all;
    const auto tokens = feed.take(steps.missing());
    if (tokens.empty()) break;
    making = half;
    if (heard == kUrgentChunks) feed.set_ahead(work.chunk);
    if (!serial.works()) use_threads(feed.busy() ? all - half : all);
    for (const TokenFeed::Token& token : tokens) steps.speak(token.id, token.text_position);
    heard += steps.heard();
  }
  if (!serial.works()) use_threads(all);
}

}  // namespace

void speak_tokens(const TokenWork& work, const TokenSteps& steps) {
  const ModelParts& model = work.model;
  if (model.turns->places() > 1)
    speak_at_two_places(work, steps);
  else if (work.streaming && model.threads > 1 && model.placement.device.is_cpu())
    speak_at_one_place(work, steps);
  else
    speak_in_turns(work, steps);
}

}  // namespace chatterbox
