// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/audio_file.h"

#include <gtest/gtest.h>
#include <sndfile.h>
#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "chatterbox/error.h"
#include "support/temporary_directory.h"

namespace chatterbox {
namespace {

Audio tone(int rate_hz, double seconds, double hz = 440) {
  Audio audio;
  audio.rate_hz = rate_hz;
  for (int i = 0; i < int(rate_hz * seconds); ++i)
    audio.samples.push_back(float(0.5 * std::sin(2 * M_PI * hz * i / rate_hz)));
  return audio;
}

void write_with_sndfile(const std::string& path, int format, int channels, const Audio& audio) {
  SF_INFO info = {};
  info.samplerate = audio.rate_hz;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr) << sf_strerror(nullptr);
  std::vector<float> frames;
  for (const float sample : audio.samples)  // the channels differ, their mean is `sample`
    for (int channel = 0; channel < channels; ++channel)
      frames.push_back(channels == 1 ? sample : sample + (channel == 0 ? 0.25F : -0.25F));
  const auto count = sf_count_t(audio.samples.size());
  EXPECT_EQ(sf_writef_float(file, frames.data(), count), count);
  sf_close(file);
}

double power(const Audio& audio) {
  double sum = 0;
  for (const float sample : audio.samples) sum += double(sample) * sample;
  return sum / double(audio.samples.size());
}

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kModelFailure;
}

struct Format {
  const char* name;
  int format;
  int rate_hz;
};

TEST(AudioFile, ReadsWhatPeopleHave) {
  const TemporaryDirectory directory;
  const Format formats[] = {
      {"pcm16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000},
      {"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000},
      {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 44100},
      {"a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000},
      {"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 22050},
      {"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 8000},
  };
  for (const Format& format : formats) {
    for (const int channels : {1, 2}) {
      SCOPED_TRACE(std::string(format.name) + ", " + std::to_string(channels) + " channels");
      const std::string path = directory.path(format.name);
      const Audio original = tone(format.rate_hz, 1.0);
      write_with_sndfile(path, format.format, channels, original);
      const Audio audio = read_audio_file(path);
      EXPECT_EQ(audio.rate_hz, format.rate_hz);
      EXPECT_NEAR(audio.seconds(), 1.0, 0.01);
      EXPECT_NEAR(power(audio), 0.125, 0.01);
    }
  }
}

TEST(AudioFile, AveragesChannels) {
  const TemporaryDirectory directory;
  const Audio original = tone(8000, 0.1);
  write_with_sndfile(directory.path("a.wav"), SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2, original);
  const Audio audio = read_audio_file(directory.path("a.wav"));
  ASSERT_EQ(audio.samples.size(), original.samples.size());
  for (std::size_t i = 0; i < audio.samples.size(); ++i)
    ASSERT_NEAR(audio.samples[i], original.samples[i], 1e-6);
}

TEST(AudioFile, RoundTripsSixteenBits) {
  Audio audio = tone(24000, 0.2);
  audio.samples.insert(audio.samples.end(),
                       {2.0F, -2.0F, std::numeric_limits<float>::quiet_NaN(), 1.0F, -1.0F});
  const Audio rounded = round_to_16_bits(audio);
  for (const AudioFormat format : {AudioFormat::kWav, AudioFormat::kFlac}) {
    const Audio back = decode_audio(encode_audio(audio, format), "bytes");
    EXPECT_EQ(back.rate_hz, 24000);
    EXPECT_EQ(back.samples, rounded.samples);
  }
  EXPECT_EQ(round_to_16_bits(rounded).samples, rounded.samples);
}

TEST(AudioFile, WritesFiles) {
  const TemporaryDirectory directory;
  write_audio_file(directory.path("a.wav"), tone(16000, 0.5));
  EXPECT_EQ(read_audio_file(directory.path("a.wav")).samples.size(), 8000U);
  EXPECT_EQ(code_of([&] { write_audio_file(directory.path("no/a.wav"), tone(16000, 0.5)); }),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] {
              encode_audio({{0.0F}, 0}, AudioFormat::kWav);
            }),
            ErrorCode::kInvalidArgument);
}

TEST(AudioFile, RefusesWhatIsNoRecording) {
  const TemporaryDirectory directory;
  EXPECT_EQ(code_of([&] { read_audio_file(directory.path("none.wav")); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { read_audio_file(directory.path("")); }), ErrorCode::kBadFile);
  ASSERT_EQ(mkfifo(directory.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(code_of([&] { read_audio_file(directory.path("pipe")); }), ErrorCode::kBadFile);
  std::ofstream(directory.path("text.wav")) << "These are words, not samples.";
  EXPECT_EQ(code_of([&] { read_audio_file(directory.path("text.wav")); }), ErrorCode::kBadFile);
  EXPECT_EQ(code_of([&] { decode_audio("", "bytes"); }), ErrorCode::kBadFile);
  const std::string empty = encode_audio({{}, 16000}, AudioFormat::kWav);
  EXPECT_EQ(code_of([&] { decode_audio(empty, "bytes"); }), ErrorCode::kBadFile);
}

TEST(AudioFile, RefusesWhatIsTooLong) {
  const std::string bytes = encode_audio(tone(16000, 1.0), AudioFormat::kFlac);
  EXPECT_EQ(decode_audio(bytes, "bytes", 16000).samples.size(), 16000U);
  EXPECT_EQ(code_of([&] { decode_audio(bytes, "bytes", 15999); }), ErrorCode::kBadFile);
}

TEST(AudioFile, SurvivesTruncation) {
  const std::string bytes = encode_audio(tone(16000, 0.3), AudioFormat::kFlac);
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    try {
      EXPECT_LE(decode_audio(bytes.substr(0, size), "bytes").samples.size(), 4800U);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    }
  }
}

}  // namespace
}  // namespace chatterbox
