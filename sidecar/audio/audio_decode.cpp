// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/audio_decode.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "audio/decode_protocol.h"
#include "chatterbox/error.h"
#include "descriptors.h"
#include "log.h"
#include "operations/fields.h"

#ifdef CHATTERBOX_SANITIZED
extern char** environ;
#endif

namespace chatterbox::sidecar {
namespace {

using Clock = std::chrono::steady_clock;

// Files of floating point may go a little beyond 1; this is no sound.
constexpr float kLoudest = 100;
constexpr std::uint32_t kLeastRateHz = 1000, kMostRateHz = 384'000;

std::string& program() {
  static std::string path = [] {
    std::error_code ignored;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const auto beside = self.parent_path() / "chatterbox-decode";
    return std::filesystem::exists(beside, ignored) ? beside.string()
                                                    : std::string(CHATTERBOX_DECODER);
  }();
  return path;
}

// Whether a decoder that the kernel does not confine decodes all the same.
std::atomic<bool>& unconfined() {
  static std::atomic<bool> allowed = false;
  return allowed;
}

// The decoder gets none of ours: keys may be in it.
char** environment() {
#ifdef CHATTERBOX_SANITIZED
  return environ;  // options of the sanitizer
#else
  static char* none[] = {nullptr};
  return none;
#endif
}

std::string registry_file() {
  const char* path = g_getenv("GST_REGISTRY_1_0");
  return path ? path : "";
}

[[noreturn]] void fail_here(const char* what) {
  throw Error(ErrorCode::kModelFailure, std::string(what) + ": " + std::strerror(errno));
}

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail_here("pipe");
  }
};

// The child; killed and reaped when this goes out of scope.
class Child {
 public:
  Child(int input, int output, int errors, double seconds, double work_seconds) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, errors, 2);
    // Whatever else is open here is none of its business.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    std::string path = program(), registry = registry_file(), most = std::to_string(seconds),
                work = std::to_string(int(std::ceil(work_seconds)));
    std::string freely = "unconfined";
    char* arguments[] = {path.data(),
                         registry.data(),
                         most.data(),
                         work.data(),
                         unconfined() ? freely.data() : nullptr,
                         nullptr};
    const int result =
        posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments, environment());
    posix_spawn_file_actions_destroy(&actions);
    if (result != 0) {
      errno = result;
      fail_here(path.c_str());
    }
  }
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  // Exit status; negative: ended by that signal.
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
};

// Appends what is readable; false at the end.
bool take(int fd, std::string& out) {
  char bytes[65536];
  const ssize_t count = read(fd, bytes, sizeof bytes);
  if (count > 0) out.append(bytes, std::size_t(count));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

struct Streams {
  std::string audio, message;
};

Streams exchange(Descriptor& to, Descriptor& from, Descriptor& errors, std::string_view file,
                 Clock::time_point deadline, const std::stop_token& stop) {
  Streams streams;
  fcntl(to.get(), F_SETFL, O_NONBLOCK);
  while (from.open() || errors.open()) {
    if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped while decoding");
    if (Clock::now() > deadline)
      throw Error(ErrorCode::kInvalidArgument, "took longer to decode than allowed");
    // -1 descriptors are skipped by poll().
    std::array<pollfd, 3> waits{
        {{to.get(), POLLOUT, 0}, {from.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), 100) < 0 && errno != EINTR) fail_here("poll");
    if (to.open() && waits[0].revents) {
      const ssize_t count = write(to.get(), file.data(), file.size());
      if (count > 0) file.remove_prefix(std::size_t(count));
      // A decoder that has heard enough closes its end.
      if (file.empty() || (count < 0 && errno != EAGAIN && errno != EINTR)) to.close();
    }
    if (from.open() && waits[1].revents && !take(from.get(), streams.audio)) from.close();
    if (errors.open() && waits[2].revents && !take(errors.get(), streams.message)) errors.close();
    if (streams.message.size() > 65536) errors.close();
  }
  return streams;
}

}  // namespace

void set_decoder_program(const std::string& path) { program() = path; }

void check_decoder(bool required) {
  std::string path = program(), registry = registry_file(), option = "--check";
  char* arguments[] = {path.data(), registry.data(), option.data(), nullptr};
  gchar* told = nullptr;
  gint status = 0;
  GError* error = nullptr;
  const bool ran = g_spawn_sync(nullptr, arguments, environment(), G_SPAWN_STDERR_TO_DEV_NULL,
                                nullptr, nullptr, &told, nullptr, &status, &error);
  std::string what = ran && told ? told : error ? error->message : "nothing";
  g_clear_error(&error);
  g_free(told);
  what.erase(what.find_last_not_of("\n") + 1);
#ifdef CHATTERBOX_SANITIZED
  return;
#endif
  if (ran && WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return log(Level::kInfo, "chatterbox-decode is confined by " + what);
  const std::string fault =
      "chatterbox-decode: expected a kernel with Landlock or seccomp to "
      "confine it, got " +
      what;
  if (required)
    throw Error(ErrorCode::kModelFailure, fault + "; decoder-sandbox=optional goes on without");
  log(Level::kWarning, fault);
  unconfined() = true;
}

Audio decode_upload(std::string_view what, std::string_view file, const DecodeLimits& limits,
                    const std::stop_token& stop) {
  const std::string field(what);
  const auto refuse = [&](const std::string& got) {
    throw RequestError("Could not decode " + field, field + ": expected an audio file, got " +
                                                        std::to_string(file.size()) +
                                                        " bytes that " + got);
  };
  Pipe in, out, err;
  Descriptor to(in.ends[1]), from(out.ends[0]), errors(err.ends[0]);
  Descriptor child_in(in.ends[0]), child_out(out.ends[1]), child_err(err.ends[1]);
  Child child(child_in.get(), child_out.get(), child_err.get(), limits.seconds,
              limits.work_seconds);
  child_in.close();
  child_out.close();
  child_err.close();

  const auto deadline = Clock::now() + std::chrono::milliseconds(int(limits.work_seconds * 1000));
  Streams streams;
  try {
    streams = exchange(to, from, errors, file, deadline, stop);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled) throw;
    refuse(error.what());
  }
  const int status = child.wait();
  if (status < 0) refuse("ended the decoder with signal " + std::to_string(-status));
  DecodeHeader header;
  if (status != 0 || streams.audio.size() < sizeof header) {
    std::string message = streams.message.substr(0, streams.message.find('\n'));
    refuse(message.empty() ? "hold no audio" : "cannot be read: " + message.substr(0, 200));
  }
  std::memcpy(&header, streams.audio.data(), sizeof header);
  if (header.rate_hz < kLeastRateHz || header.rate_hz > kMostRateHz)
    refuse("claim " + std::to_string(header.rate_hz) + " samples per second");
  Audio audio;
  audio.rate_hz = int(header.rate_hz);
  audio.samples.resize((streams.audio.size() - sizeof header) / sizeof(float));
  std::memcpy(audio.samples.data(), streams.audio.data() + sizeof header,
              audio.samples.size() * sizeof(float));
  if (audio.samples.empty()) refuse("hold no audio");
  const auto most = std::size_t(limits.seconds * audio.rate_hz);
  if (audio.samples.size() > most) {
    if (!limits.cut)
      throw RequestError("Audio too long", field + ": expected at most " +
                                               std::to_string(int(limits.seconds)) +
                                               " s of audio, got more");
    audio.samples.resize(most);
  }
  for (float& sample : audio.samples) {
    if (!std::isfinite(sample)) sample = 0;
    if (std::abs(sample) > kLoudest) refuse("hold samples far beyond full scale");
  }
  return audio;
}

}  // namespace chatterbox::sidecar
