// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice/voice_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "chatterbox/error.h"
#include "file_io.h"
#include "support/synthetic.h"
#include "voice_cache.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "0123456789abcdef";

Conditionals sample_voice() {
  Conditionals voice;
  voice.speaker_embedding = synthetic::uniform_tensor("speaker", {1, 16});
  voice.speech_prompt = at::tensor({3, 1, 4, 1, 5}, at::kLong).view({1, 5});
  voice.exaggeration = 0.7;
  voice.prompt_tokens = at::tensor({9, 2, 6560}, at::kLong).view({1, 3});
  voice.prompt_mel = synthetic::uniform_tensor("mel", {1, 6, 80});
  voice.xvector = synthetic::uniform_tensor("xvector", {1, 12});
  return voice;
}

Conditionals decode(std::string_view bytes) {
  return decode_voice(bytes, "voice", kModel, synthetic::config());
}

void expect_same(const Conditionals& a, const Conditionals& b) {
  EXPECT_TRUE(a.speaker_embedding.equal(b.speaker_embedding));
  EXPECT_TRUE(a.speech_prompt.equal(b.speech_prompt));
  EXPECT_EQ(a.exaggeration, b.exaggeration);
  EXPECT_TRUE(a.prompt_tokens.equal(b.prompt_tokens));
  EXPECT_TRUE(a.prompt_mel.equal(b.prompt_mel));
  EXPECT_TRUE(a.xvector.equal(b.xvector));
}

void expect_refusal(const std::function<void()>& action, ErrorCode code, const std::string& part) {
  try {
    action();
    ADD_FAILURE() << "no error with \"" << part << "\"";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

std::string decode_base64(const std::string& text) {
  std::string bytes;
  unsigned bits = 0, held = 0;
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const char letter : text) {
    const std::size_t value = alphabet.find(letter);
    if (value == std::string::npos) break;
    bits = bits << 6 | unsigned(value);
    if ((held += 6) >= 8) bytes += char(bits >> (held -= 8) & 0xff);
  }
  return bytes;
}

std::string upstream_voice() {
  return decode_base64(synthetic::golden().at("conds_pt").get<std::string>());
}

// What torch.save made of one voice in many forms.
std::string saved_form(const char* form) {
  static const synthetic::Json json = [] {
    std::ifstream file(std::string(TESTS_DIR) + "/golden/voices/cases.json");
    return synthetic::Json::parse(file);
  }();
  return decode_base64(json.at("files").at(form).get<std::string>());
}

// A directory that goes with the test.
class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "chatterbox-voice-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Directory() { fs::remove_all(path_); }
  std::string operator/(const char* name) const { return (path_ / name).string(); }
  std::size_t files() const {
    return std::size_t(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

TEST(VoiceFile, ComesBackAsItWas) {
  const Conditionals voice = sample_voice();
  expect_same(decode(encode_voice(voice, kModel)), voice);
}

TEST(VoiceFile, BelongsToItsModel) {
  expect_refusal([] { decode(encode_voice(sample_voice(), "fedcba9876543210")); },
                 ErrorCode::kInvalidArgument, "got one of model fedcba9876543210");
  expect_refusal([] { decode(encode_voice(sample_voice(), "fedcba9876543210", "other")); },
                 ErrorCode::kInvalidArgument,
                 "expected a voice of model 0123456789abcdef (chatterbox), got one of model "
                 "fedcba9876543210 (other)");
}

TEST(VoiceFile, RefusesWhatTheModelCannotUse) {
  struct Case {
    const char* part;
    std::function<void(Conditionals&)> spoil;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Case cases[] = {
      {"speaker_embedding: expected shape [1, 16], got [1, 17]",
       [](Conditionals& v) {
         v.speaker_embedding = at::zeros({1, 17});
       }},
      {"speaker_embedding: expected finite",
       [&](Conditionals& v) {
         v.speaker_embedding = at::full({1, 16}, nan);
       }},
      {"speech_prompt: expected shape [1, 1 to 150], got [1, 151]",
       [](Conditionals& v) {
         v.speech_prompt = at::zeros({1, 151}, at::kLong);
       }},
      {"speech_prompt: expected shape",
       [](Conditionals& v) {
         v.speech_prompt = at::zeros({1, 0}, at::kLong);
       }},
      {"speech_prompt: expected tokens from 0 to 6560, got 6561 to 6561",
       [](Conditionals& v) {
         v.speech_prompt = at::full({1, 4}, 6561, at::kLong);
       }},
      {"prompt_tokens: expected tokens",
       [](Conditionals& v) {
         v.prompt_tokens = at::full({1, 3}, -1, at::kLong);
       }},
      {"prompt_mel: expected shape [1, 6, 80], got [1, 5, 80]",
       [](Conditionals& v) {
         v.prompt_mel = at::zeros({1, 5, 80});
       }},
      {"xvector: expected shape [1, 12], got [12]",
       [](Conditionals& v) { v.xvector = at::zeros({12}); }},
      {"exaggeration", [](Conditionals& v) { v.exaggeration = 2.5; }},
      {"exaggeration", [&](Conditionals& v) { v.exaggeration = nan; }},
  };
  for (const Case& c : cases) {
    Conditionals voice = sample_voice();
    c.spoil(voice);
    expect_refusal([&] { decode(encode_voice(voice, kModel)); }, ErrorCode::kBadFile, c.part);
  }
}

TEST(VoiceFile, RefusesOtherFiles) {
  for (const std::string& bytes : {std::string(), std::string("RIFF"), std::string(100, '\0'),
                                   std::string("PK\x03\x04"), synthetic::weight_file()})
    expect_refusal([&] { decode(bytes); }, ErrorCode::kBadFile, "voice");
}

TEST(TorchVoice, ReadsWhatUpstreamSaved) {
  const Conditionals voice = decode(upstream_voice());
  EXPECT_TRUE(voice.speaker_embedding.equal(synthetic::uniform_tensor("speaker_emb", {1, 16})));
  EXPECT_TRUE(voice.speech_prompt.equal(at::tensor({5, 6560, 0, 81, 7}, at::kLong).view({1, 5})));
  EXPECT_EQ(voice.exaggeration, 0.75);
  EXPECT_TRUE(voice.prompt_tokens.equal(at::tensor({1, 2, 6560}, at::kLong).view({1, 3})));
  // Saved transposed, and with a seventh frame for three tokens.
  const at::Tensor mel = synthetic::uniform_tensor("prompt_feat", {1, 80, 7}).transpose(1, 2);
  EXPECT_TRUE(voice.prompt_mel.equal(mel));
  EXPECT_TRUE(voice.xvector.equal(synthetic::uniform_tensor("embedding", {1, 12})));
}

TEST(TorchVoice, ReadsEveryFormThatIsMet) {
  const Conditionals plain = decode(saved_form("plain"));
  EXPECT_TRUE(plain.speaker_embedding.equal(synthetic::uniform_tensor("speaker_emb", {1, 16})));
  EXPECT_EQ(plain.speech_prompt.size(1), 150);
  for (const char* form : {"int32_tokens", "parameters", "cuda", "long_prompt"})
    expect_same(decode(saved_form(form)), plain);
  const Conditionals half = decode(saved_form("half_t3"));
  EXPECT_TRUE(half.speaker_embedding.equal(plain.speaker_embedding.to(at::kHalf).to(at::kFloat)));
  EXPECT_TRUE(half.speech_prompt.equal(plain.speech_prompt));
  EXPECT_EQ(decode(saved_form("odd_mel")).prompt_mel.size(1), 7);
}

TEST(TorchVoice, GivesT3AsMuchOfThePromptAsItHears) {
  ModelConfig turbo = synthetic::config();
  turbo.t3.speech_prompt_tokens = 375;
  const auto prompt = [&](const char* form, const ModelConfig& config) {
    return decode_voice(saved_form(form), "voice", kModel, config).speech_prompt;
  };
  const at::Tensor all = prompt("long_prompt", turbo);
  EXPECT_EQ(all.size(1), 375);
  EXPECT_TRUE(prompt("long_prompt", synthetic::config()).equal(all.narrow(1, 0, 150)));
  EXPECT_EQ(prompt("plain", turbo).size(1), 150);
}

TEST(TorchVoice, SaysWhatIsExpectedOfOtherForms) {
  expect_refusal([] { decode(saved_form("float_tokens")); }, ErrorCode::kBadFile,
                 "speech_prompt: expected int64, got Float");
  expect_refusal([] { decode(saved_form("before_1_6")); }, ErrorCode::kBadFile,
                 "expected a voice (.safetensors, or conds.pt), got a PyTorch file in the form of "
                 "before version 1.6; save it anew");
  expect_refusal(
      [] { decode("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"); },
      ErrorCode::kBadFile, "got a Git LFS pointer");
}

TEST(TorchVoice, RunsNoCode) {
  std::string bytes = upstream_voice();
  const std::string harmless = "collections\nOrderedDict", other = "collections\nOrderedDoor";
  bytes.replace(bytes.find(harmless), harmless.size(), other);
  expect_refusal([&] { decode(bytes); }, ErrorCode::kBadFile,
                 "expected dictionaries of tensors, got collections.OrderedDoor");
}

TEST(TorchVoice, RefusesTensorsBeyondTheirStorage) {
  std::string bytes = upstream_voice();
  // Sizes and strides of the mel, (1, 7, 80) and (560, 1, 7).
  const std::string sizes = "K\x01K\x07KP\x87", larger = "K\x01K\x08KP\x87";
  const std::size_t place = bytes.find(sizes);
  ASSERT_NE(place, std::string::npos);
  bytes.replace(place, sizes.size(), larger);
  expect_refusal([&] { decode(bytes); }, ErrorCode::kBadFile, "beyond its storage");
}

// Whatever happens to a file, it is read or refused.
TEST(VoiceFile, SurvivesDamage) {
  const std::string originals[] = {encode_voice(sample_voice(), kModel), upstream_voice()};
  int refused = 0;
  for (const std::string& original : originals) {
    const std::vector<double> random = synthetic::uniform("damage", 6000);
    for (std::size_t i = 0; i + 2 < random.size(); i += 3) {
      std::string bytes = original;
      // Headers and directories, at the ends of a file, matter most.
      const double where = std::pow(std::abs(random[i]), 2.0);
      const auto distance = std::size_t(where * double(bytes.size() - 1));
      const std::size_t place = random[i] < 0 ? distance : bytes.size() - 1 - distance;
      if (i % 5 == 0)
        bytes.resize(place);
      else
        bytes[place] = char(std::int64_t(random[i + 1] * 128));
      try {
        decode(bytes);
      } catch (const Error& error) {
        ++refused;
        EXPECT_TRUE(error.code() == ErrorCode::kBadFile ||
                    error.code() == ErrorCode::kInvalidArgument)
            << error.what();
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(FileIo, WritesWholeFilesOnly) {
  const Directory directory;
  const std::string path = directory / "voice";
  write_file_atomically(path, "first");
  write_file_atomically(path, "second");
  EXPECT_EQ(read_file(path, 6), "second");
  EXPECT_EQ(directory.files(), 1U);
  expect_refusal([&] { read_file(path, 5); }, ErrorCode::kBadFile, "expected at most 5 bytes");
  expect_refusal([&] { read_file(directory / "none", 5); }, ErrorCode::kNotFound, "opened");
  expect_refusal([&] { read_file(directory / "", 5); }, ErrorCode::kBadFile, "regular");
  expect_refusal([&] { write_file_atomically(directory / "no/voice", "x"); }, ErrorCode::kNotFound,
                 "created");
}

TEST(VoiceCache, KeysDependOnEverything) {
  const Audio audio{{0.1F, 0.2F, 0.3F}, 16000};
  const std::string key = VoiceCache::key(audio, kModel);
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(key, VoiceCache::key(audio, kModel));
  EXPECT_NE(key, VoiceCache::key({{0.1F, 0.2F, 0.4F}, 16000}, kModel));
  EXPECT_NE(key, VoiceCache::key({audio.samples, 24000}, kModel));
  EXPECT_NE(key, VoiceCache::key(audio, "fedcba9876543210"));
}

TEST(VoiceCache, FindsWhatItStored) {
  const Directory directory;
  const VoiceCache cache(directory / "cache/voices");
  const std::string key = VoiceCache::key({{0.1F}, 16000}, kModel);
  EXPECT_FALSE(cache.find(key, kModel, synthetic::config()));
  cache.store(key, sample_voice(), kModel);
  const auto found = cache.find(key, kModel, synthetic::config());
  ASSERT_TRUE(found);
  expect_same(*found, sample_voice());
}

TEST(VoiceCache, DropsWhatIsBroken) {
  const Directory directory;
  const VoiceCache cache(directory / "");
  std::ofstream(directory / "broken.voice") << "not a voice";
  EXPECT_FALSE(cache.find("broken", kModel, synthetic::config()));
  EXPECT_EQ(directory.files(), 0U);
}

TEST(VoiceCache, KeepsTheFilesUsedLast) {
  const Directory directory;
  const VoiceCache cache(directory / "", {/*files=*/2, /*bytes=*/1 << 20});
  const auto age = [&](const char* file, int minutes) {
    fs::last_write_time(directory / file,
                        fs::file_time_type::clock::now() - std::chrono::minutes(minutes));
  };
  cache.store("a", sample_voice(), kModel);
  age("a.voice", 30);
  cache.store("b", sample_voice(), kModel);
  age("b.voice", 20);
  EXPECT_TRUE(cache.find("a", kModel, synthetic::config()));  // now newer than b
  cache.store("c", sample_voice(), kModel);
  EXPECT_TRUE(cache.find("a", kModel, synthetic::config()));
  EXPECT_FALSE(cache.find("b", kModel, synthetic::config()));
  EXPECT_TRUE(cache.find("c", kModel, synthetic::config()));
}

TEST(VoiceCache, IsEmptyWithoutADirectory) {
  const VoiceCache cache("");
  cache.store("a", sample_voice(), kModel);
  EXPECT_FALSE(cache.find("a", kModel, synthetic::config()));
}

}  // namespace
}  // namespace chatterbox
