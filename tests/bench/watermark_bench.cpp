// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Marks a signal while it passes and says what that costs:
//   watermark_bench DIRECTORY RATE_HZ [SAMPLES_PER_PUSH] < plain.f32 > marked.f32
// Raw float32 in and out; a line of JSON on standard error. Times are the thread's own, so that
// other work on the machine counts little.

#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "chatterbox/error.h"
#include "chatterbox/watermark.h"
#include "nn/threads.h"

namespace {

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

std::vector<float> read_all(std::FILE* file) {
  std::vector<float> samples;
  float block[4096];
  for (std::size_t got; (got = std::fread(block, sizeof(float), 4096, file)) > 0;)
    samples.insert(samples.end(), block, block + got);
  return samples;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: %s DIRECTORY RATE_HZ [SAMPLES_PER_PUSH] < PLAIN > MARKED\n",
                 argv[0]);
    return 2;
  }
  try {
    chatterbox::use_threads(1);
    const chatterbox::Audio plain{read_all(stdin), std::atoi(argv[2])};
    const std::size_t per_push =
        argc == 4 ? std::size_t(std::max(1, std::atoi(argv[3]))) : plain.samples.size();
    const auto model = chatterbox::WatermarkModel::load(argv[1]);
    chatterbox::WatermarkDetector detector(model);
    chatterbox::Watermarker watermarker(model, plain.rate_hz);
    // The first call of each kind readies libtorch.
    watermarker.push(std::vector<float>(std::size_t(plain.rate_hz), 0.1F));
    watermarker.drain();

    chatterbox::Audio marked{{}, plain.rate_hz};
    std::size_t held_back = 0;
    const auto append = [&](const std::vector<float>& samples) {
      marked.samples.insert(marked.samples.end(), samples.begin(), samples.end());
    };
    const double start = thread_seconds();
    for (std::size_t begin = 0; begin < plain.samples.size(); begin += per_push) {
      const std::size_t end = std::min(begin + per_push, plain.samples.size());
      watermarker.push({plain.samples.data() + begin, end - begin});
      append(watermarker.pop());
      held_back = std::max(held_back, end - marked.samples.size());
    }
    append(watermarker.drain());
    const double marking = thread_seconds() - start;
    const double before = detector.confidence(plain);
    const double detecting_since = thread_seconds();
    const double after = detector.confidence(marked);
    const double detecting = thread_seconds() - detecting_since;

    std::fwrite(marked.samples.data(), sizeof(float), marked.samples.size(), stdout);
    std::fprintf(stderr,
                 "{\"seconds\": %.3f, \"marking\": %.5f, \"detecting\": %.5f, "
                 "\"held_back_ms\": %.2f, \"before\": %.6f, \"after\": %.6f}\n",
                 plain.seconds(), marking / plain.seconds(), detecting / plain.seconds(),
                 1000.0 * double(held_back) / plain.rate_hz, before, after);
  } catch (const chatterbox::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
