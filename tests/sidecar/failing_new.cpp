// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Preloaded into the server by barrier_test.py: of what C++ asks for memory in the threads of one
// name, those that the test chose fail. Memory of C is as it was: without that GLib ends the
// process.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

namespace {

// A file that the test has mapped too.
struct Control {
  std::atomic<std::int64_t> left;    // the how manieth from now on fails; 0: none
  std::atomic<std::int64_t> seen;    // how many there were
  std::atomic<std::int64_t> failed;  // how many failed
  std::atomic<std::int64_t> kind;    // what is thrown; 3: each in turn
  std::atomic<std::int64_t> every;   // 0, or every how manieth fails, for as long as it is set
  char thread[16];                   // the name of the threads; none: the main thread
};

bool chosen(Control* shared) {
  if (shared->thread[0] == 0) return gettid() == getpid();
  char name[16] = "";
  prctl(PR_GET_NAME, name);
  return std::strncmp(name, shared->thread, sizeof name) == 0;
}

Control* control() {
  static Control* const shared = [] {
    const char* path = std::getenv("CHATTERBOX_TEST_ALLOCATIONS");
    const int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return static_cast<Control*>(nullptr);
    void* place = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return place == MAP_FAILED ? nullptr : static_cast<Control*>(place);
  }();
  return shared;
}

void fail_if_chosen() {
  Control* shared = control();
  if (!shared || !chosen(shared)) return;
  const std::int64_t seen = shared->seen.fetch_add(1), every = shared->every.load();
  if (every ? seen % every != 0 : shared->left.load() <= 0 || shared->left.fetch_sub(1) != 1)
    return;
  const std::int64_t failed = shared->failed.fetch_add(1), kind = shared->kind.load();
  switch (kind == 3 ? failed % 3 : kind) {
    case 0:
      throw std::bad_alloc();
    case 1:
      throw std::runtime_error("thrown by a test");
    default:
      throw 1;  // of no class that anybody knows
  }
}

}  // namespace

void* operator new(std::size_t size) {
  fail_if_chosen();
  if (void* place = std::malloc(size ? size : 1)) return place;
  throw std::bad_alloc();
}

void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
