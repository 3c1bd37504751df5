// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The thread that speaks, without an element.
#include "speech_thread.h"

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "background.h"
#include "chatterbox/error.h"
#include "tts_cases.h"

using namespace chatterbox;
using namespace chatterbox::gst;

namespace {

class CountingSynthesizer final : public Synthesizer {
 public:
  std::function<void()> at_voice;
  std::atomic<int>* speeches;

  void set_voice(const std::string&, std::stop_token) override {
    if (at_voice) std::exchange(at_voice, nullptr)();
  }
  SynthesisStats speak(std::string_view, const SynthesisOptions&, const Sink& sink,
                       std::stop_token stop) override {
    if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "before speech");
    ++*speeches;
    const std::vector<float> samples(100, 0.5F);
    sink({samples, 0, true, {}});
    return {};
  }
  Marker marker() override { return {}; }
  void warm_up(std::stop_token) override {}
};

SpeechJob::State end_of(SpeechJob& job) {
  SpeechPiece piece;
  SpeechJob::State state = SpeechJob::State::kPending;
  do state = job.take(piece, std::chrono::milliseconds(2000));
  while (state == SpeechJob::State::kPiece);
  return state;
}

std::shared_ptr<SpeechJob> make_job() {
  SpeechJob::Part part;
  part.text = "words";
  return std::make_shared<SpeechJob>(SpeechJob::Request{part});
}

}  // namespace

// Cancelled when the engine was about to begin: nothing is spoken at all.
GST_START_TEST(test_cancel_before_speech) {
  std::atomic<int> speeches{0};
  auto synthesizer = std::make_unique<CountingSynthesizer>();
  synthesizer->speeches = &speeches;
  std::unique_ptr<SpeechThread> thread;
  const auto job = make_job(), next = make_job();
  synthesizer->at_voice = [&] { thread->cancel(job); };
  thread = std::make_unique<SpeechThread>(std::move(synthesizer));
  thread->submit(job);
  thread->submit(next);
  fail_unless(end_of(*next) == SpeechJob::State::kDone);
  fail_unless(end_of(*job) == SpeechJob::State::kCancelled);
  fail_unless_equals_int(speeches, 1);
  thread = nullptr;
  wait_for_background();
}
GST_END_TEST;

GST_START_TEST(test_pause_alone) {
  std::atomic<int> speeches{0};
  auto synthesizer = std::make_unique<CountingSynthesizer>();
  synthesizer->speeches = &speeches;
  SpeechThread thread(std::move(synthesizer));
  SpeechJob::Part part;
  part.pause_seconds = 0.5;
  const auto job = std::make_shared<SpeechJob>(SpeechJob::Request{part});
  thread.submit(job);
  SpeechPiece piece;
  fail_unless(job->take(piece, std::chrono::milliseconds(2000)) == SpeechJob::State::kPiece);
  fail_unless_equals_int(int(piece.samples.size()), 12000);
  fail_unless(end_of(*job) == SpeechJob::State::kDone);
  fail_unless_equals_int(speeches, 0);
}
GST_END_TEST;

TCase* speech_thread_cases() {
  TCase* cases = tcase_create("speech-thread");
  tcase_add_test(cases, test_cancel_before_speech);
  tcase_add_test(cases, test_pause_alone);
  return cases;
}
