// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/download.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "chatterbox/error.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;
using Kind = HubError::Kind;

constexpr int kMostFruitless = 5;                   // attempts one after another that win no byte
constexpr int kMostWrong = 3;                       // whole files with wrong bytes
constexpr std::int64_t kMostUnlisted = 64'000'000;  // bytes of a file of which no size is known

// File of which a part has come.
class Part {
 public:
  explicit Part(std::string path)
      : path_(std::move(path)), fd_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail();
    size_ = lseek(fd_, 0, SEEK_END);
  }
  ~Part() { close(fd_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  std::int64_t size() const { return size_; }

  void cut(std::int64_t size) {
    if (ftruncate(fd_, size) != 0 || lseek(fd_, size, SEEK_SET) != size) fail();
    size_ = size;
  }

  void append(const char* data, std::size_t size) {
    while (size > 0) {
      const ssize_t written = write(fd_, data, size);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail();
      data += written;
      size -= std::size_t(written);
      size_ += written;
    }
  }

  void publish(const std::string& name) {
    if (fsync(fd_) != 0 || rename(path_.c_str(), name.c_str()) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    const int why = errno;
    throw Error(
        ErrorCode::kNotFound,
        path_ + ": cannot be written: " + std::strerror(why) +
            (why == ENOSPC || why == EDQUOT ? "; free some, and run it again to go on where it was"
                                            : ""));
  }

  std::string path_;
  int fd_;
  std::int64_t size_ = 0;
};

class Download {
 public:
  Download(HubClient& hub, const std::string& address, const PublishedFile& file,
           const std::string& path, const DownloadReports& reports, std::stop_token stop)
      : hub_(hub),
        address_(address),
        file_(file),
        path_(path),
        reports_(reports),
        stop_(std::move(stop)),
        part_(path + ".part") {
    if (!file.sha256.empty()) digest_ = {ContentDigest::Kind::kSha256, file.sha256};
    whole_ = file.size;
    // Without a digest nothing tells whether the old bytes and the new ones are of one file.
    if (file.sha256.empty()) part_.cut(0);
  }

  void run() {
    for (int wrong = 0;;) {
      bring_all();
      const std::string found = digest_.kind == ContentDigest::Kind::kNone
                                    ? ""
                                    : digest_of_file(path_ + ".part", digest_.kind);
      if (found == digest_.hex) return part_.publish(path_);
      part_.cut(0);
      const std::string told =
          file_.name + ": expected the digest " + digest_.hex + ", got " + found;
      if (++wrong == kMostWrong) throw HubError(Kind::kRefused, told);
      reports_.trouble(told + "; fetching it again");
    }
  }

 private:
  void bring_all() {
    for (int fruitless = 0; !complete();) {
      const std::int64_t before = part_.size();
      try {
        bring_more();
        if (complete()) return;
        throw HubError(Kind::kBroken, "the server ended after " + std::to_string(part_.size()) +
                                          " bytes of " + std::to_string(whole_));
      } catch (const HubError& error) {
        if (error.kind == Kind::kRefused || (error.kind == Kind::kOffline && !reached_)) throw;
        fruitless = part_.size() > before ? 0 : fruitless + 1;
        if (fruitless == kMostFruitless)
          throw HubError(error.kind, file_.name + ": " + error.what());
        reports_.trouble(file_.name + ": " + error.what() + "; going on at byte " +
                         std::to_string(part_.size()));
        wait(std::max(error.wait_seconds * 1'000'000L, 250'000L << fruitless));
      }
    }
  }

  void wait(long us) const {
    for (const gint64 end = g_get_monotonic_time() + us; g_get_monotonic_time() < end;) {
      stop_if_asked();
      g_usleep(20'000);
    }
  }

  void stop_if_asked() const {
    if (stop_.stop_requested()) throw HubError(Kind::kRefused, file_.name + ": stopped");
  }

  bool complete() const { return ended_ || (whole_ >= 0 && part_.size() == whole_); }

  void bring_more() {
    hub_.get(
        address_, part_.size(), [this](const HubAnswer& answer) { begin(answer); },
        [this](const char* data, std::size_t size) { return take(data, size); });
    // Where nobody said how long the file is, its end is where the server ends it.
    if (whole_ < 0) ended_ = true;
  }

  void begin(const HubAnswer& answer) {
    reached_ = true;
    // It is another file than its namesake in a repository of the family.
    if (!file_.listed && answer.digest.kind != ContentDigest::Kind::kNone &&
        answer.digest.hex != digest_.hex) {
      digest_ = answer.digest;
      whole_ = answer.whole;
      if (answer.first > 0) {
        part_.cut(0);
        throw HubError(Kind::kBroken, "it is not the file of its name that others have");
      }
    }
    if (answer.whole >= 0 && whole_ >= 0 && answer.whole != whole_)
      throw HubError(Kind::kBroken, "expected a file of " + std::to_string(whole_) +
                                        " bytes, the server says " + std::to_string(answer.whole));
    if (answer.first > part_.size())
      throw HubError(Kind::kBroken, "expected the bytes from " + std::to_string(part_.size()) +
                                        " on, got those from " + std::to_string(answer.first));
    part_.cut(answer.first);  // all of it, from a server that knows no parts
    if (whole_ < 0) whole_ = answer.whole;
  }

  bool take(const char* data, std::size_t size) {
    stop_if_asked();
    const std::int64_t most = whole_ >= 0 ? whole_ : kMostUnlisted;
    part_.append(data, std::size_t(std::min(std::int64_t(size), most - part_.size())));
    reports_.progress(part_.size(), whole_);
    if (part_.size() < most) return true;
    if (whole_ < 0)
      throw HubError(Kind::kRefused, file_.name + ": expected less than " + std::to_string(most) +
                                         " bytes, got more");
    return false;
  }

  HubClient& hub_;
  const std::string address_;
  const PublishedFile& file_;
  const std::string path_;
  const DownloadReports& reports_;
  const std::stop_token stop_;
  Part part_;
  ContentDigest digest_;
  std::int64_t whole_ = -1;
  bool reached_ = false, ended_ = false;
};

}  // namespace

void download(HubClient& hub, const std::string& address, const PublishedFile& file,
              const std::string& path, const DownloadReports& reports, std::stop_token stop) {
  Download(hub, address, file, path, reports, std::move(stop)).run();
}

}  // namespace chatterbox::cli
