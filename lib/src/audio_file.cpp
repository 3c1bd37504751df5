// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/audio_file.h"

#include <fcntl.h>
#include <sndfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "chatterbox/error.h"
#include "descriptor.h"
#include "file_io.h"

namespace chatterbox {
namespace {

constexpr int kMaxChannels = 64;
constexpr int kMaxRateHz = 768000;
constexpr int kMaxFlacRateHz = 655350;
constexpr std::size_t kBlockFrames = 4096;
constexpr float kFullScale = 32768.0F;

struct Close {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, Close>;

// Bytes in memory as a file that libsndfile reads or writes.
class Memory {
 public:
  // Reads what somebody else keeps alive; writing starts with nothing.
  explicit Memory(std::string_view readable = {}) : view_(readable) {}

  SF_VIRTUAL_IO* calls() {
    static SF_VIRTUAL_IO calls{size, seek, read, write, tell};
    return &calls;
  }
  std::string take() { return std::move(bytes_); }

 private:
  static Memory& self(void* data) { return *static_cast<Memory*>(data); }
  static sf_count_t size(void* data) { return sf_count_t(self(data).view_.size()); }
  static sf_count_t tell(void* data) { return self(data).at_; }

  static sf_count_t seek(sf_count_t offset, int whence, void* data) {
    Memory& memory = self(data);
    const sf_count_t base = whence == SEEK_SET   ? 0
                            : whence == SEEK_CUR ? memory.at_
                                                 : sf_count_t(memory.view_.size());
    // A header may point anywhere; nothing lies outside of the file.
    const __int128 target = __int128(base) + offset;
    memory.at_ = sf_count_t(std::clamp<__int128>(target, 0, __int128(memory.view_.size())));
    return memory.at_;
  }

  static sf_count_t read(void* target, sf_count_t count, void* data) {
    Memory& memory = self(data);
    const auto left = sf_count_t(memory.view_.size()) - memory.at_;
    const sf_count_t taken = std::clamp<sf_count_t>(count, 0, left);
    // An empty view has no address that memcpy() may be given.
    if (taken > 0) std::memcpy(target, memory.view_.data() + memory.at_, std::size_t(taken));
    memory.at_ += taken;
    return taken;
  }

  static sf_count_t write(const void* source, sf_count_t count, void* data) {
    Memory& memory = self(data);
    const auto end = std::size_t(memory.at_ + count);
    if (end > memory.bytes_.size()) memory.bytes_.resize(end);
    std::memcpy(memory.bytes_.data() + memory.at_, source, std::size_t(count));
    memory.view_ = memory.bytes_;
    memory.at_ += count;
    return count;
  }

  std::string bytes_;
  std::string_view view_;
  sf_count_t at_ = 0;
};

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kBadFile, name + ": expected a recording, got " + what);
}

// Contents of an opened file. Its header is a stranger's word: frames are counted while they are
// read.
Audio read_all(SNDFILE* file, const SF_INFO& info, const std::string& name,
               std::size_t max_frames) {
  if (info.channels < 1 || info.channels > kMaxChannels)
    refuse(name, std::to_string(info.channels) + " channels");
  if (info.samplerate < 1 || info.samplerate > kMaxRateHz)
    refuse(name, "a rate of " + std::to_string(info.samplerate) + " Hz");
  const auto channels = std::size_t(info.channels);
  Audio audio;
  audio.rate_hz = info.samplerate;
  std::vector<float> block(kBlockFrames * channels);
  for (;;) {
    const sf_count_t frames = sf_readf_float(file, block.data(), kBlockFrames);
    if (frames <= 0) break;
    if (audio.samples.size() + std::size_t(frames) > max_frames)
      refuse(name, "more than " + std::to_string(double(max_frames) / audio.rate_hz) + " s");
    for (std::size_t i = 0; i < std::size_t(frames); ++i) {
      float sum = 0;
      for (std::size_t channel = 0; channel < channels; ++channel)
        sum += block[i * channels + channel];
      const float mean = sum / float(channels);
      audio.samples.push_back(std::isfinite(mean) ? mean : 0.0F);
    }
  }
  if (audio.samples.empty()) refuse(name, "no samples");
  return audio;
}

}  // namespace

Audio read_audio_file(const std::string& path, std::size_t max_frames) {
  // A pipe must not make us wait for a writer.
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid())
    throw Error(ErrorCode::kNotFound, path + ": cannot be opened: " + std::strerror(errno));
  struct stat status = {};
  if (::fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    refuse(path, "something that is no file");
  SF_INFO info = {};
  const SoundFile file(sf_open_fd(descriptor.get(), SFM_READ, &info, SF_FALSE));
  if (!file) refuse(path, std::string("a file of another kind: ") + sf_strerror(nullptr));
  return read_all(file.get(), info, path, max_frames);
}

Audio decode_audio(std::string_view bytes, const std::string& name, std::size_t max_frames) {
  Memory memory(bytes);
  SF_INFO info = {};
  const SoundFile file(sf_open_virtual(memory.calls(), SFM_READ, &info, &memory));
  if (!file) refuse(name, std::string("data of another kind: ") + sf_strerror(nullptr));
  return read_all(file.get(), info, name, max_frames);
}

std::string encode_audio(const Audio& audio, AudioFormat format) {
  const int highest = format == AudioFormat::kFlac ? kMaxFlacRateHz : kMaxRateHz;
  if (audio.rate_hz < 1 || audio.rate_hz > highest)
    throw Error(ErrorCode::kInvalidArgument, "recording: expected a rate of 1 to " +
                                                 std::to_string(highest) + " Hz, got " +
                                                 std::to_string(audio.rate_hz));
  std::vector<std::int16_t> samples(audio.samples.size());
  std::transform(audio.samples.begin(), audio.samples.end(), samples.begin(), to_16_bits);
  SF_INFO info = {};
  info.samplerate = audio.rate_hz;
  info.channels = 1;
  info.format = SF_FORMAT_PCM_16 | (format == AudioFormat::kFlac ? SF_FORMAT_FLAC : SF_FORMAT_WAV);
  Memory memory;
  SoundFile file(sf_open_virtual(memory.calls(), SFM_WRITE, &info, &memory));
  const auto count = sf_count_t(samples.size());
  if (!file || sf_writef_short(file.get(), samples.data(), count) != count ||
      sf_close(file.release()) != 0)
    throw Error(ErrorCode::kInvalidArgument,
                std::string("recording: cannot be encoded: ") + sf_strerror(nullptr));
  return memory.take();
}

void write_audio_file(const std::string& path, const Audio& audio, AudioFormat format) {
  write_file_atomically(path, encode_audio(audio, format));
}

Audio round_to_16_bits(Audio audio) {
  for (float& sample : audio.samples) sample = float(to_16_bits(sample)) / kFullScale;
  return audio;
}

}  // namespace chatterbox
