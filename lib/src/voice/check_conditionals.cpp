// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <sstream>

#include "chatterbox/error.h"
#include "chatterbox/options.h"
#include "voice/voice_file.h"

namespace chatterbox {
namespace {

// A minute; make_conditionals uses 10 s.
constexpr std::int64_t kMaxPromptTokens = 60 * 25;
constexpr std::int64_t kPromptMels = 80;

class Checker {
 public:
  explicit Checker(const std::string& origin) : origin_(origin) {}

  void shape(const char* name, const at::Tensor& tensor, at::IntArrayRef expected) const {
    if (tensor.defined() && tensor.sizes() == expected) return;
    std::ostringstream message;
    message << "expected shape " << expected << ", got ";
    tensor.defined() ? message << tensor.sizes() : message << "none";
    bad(name, message.str());
  }

  // (1, N) with N from 1 to `most`.
  void row(const char* name, const at::Tensor& tensor, std::int64_t most) const {
    if (tensor.defined() && tensor.dim() == 2 && tensor.size(0) == 1 && tensor.size(1) >= 1 &&
        tensor.size(1) <= most)
      return;
    std::ostringstream message;
    message << "expected shape [1, 1 to " << most << "], got ";
    tensor.defined() ? message << tensor.sizes() : message << "none";
    bad(name, message.str());
  }

  void finite(const char* name, const at::Tensor& tensor) const {
    if (tensor.scalar_type() != at::kFloat)
      bad(name, std::string("expected float32, got ") + c10::toString(tensor.scalar_type()));
    if (!tensor.isfinite().all().item<bool>()) bad(name, "expected finite values");
  }

  void tokens(const char* name, const at::Tensor& tensor, std::int64_t codebook) const {
    if (tensor.scalar_type() != at::kLong)
      bad(name, std::string("expected int64, got ") + c10::toString(tensor.scalar_type()));
    const auto low = tensor.min().item<std::int64_t>();
    const auto high = tensor.max().item<std::int64_t>();
    if (low < 0 || high >= codebook)
      bad(name, "expected tokens from 0 to " + std::to_string(codebook - 1) + ", got " +
                    std::to_string(low) + " to " + std::to_string(high));
  }

  [[noreturn]] void bad(const char* name, const std::string& what) const {
    throw Error(ErrorCode::kBadFile, origin_ + ": " + name + ": " + what);
  }

 private:
  const std::string& origin_;
};

}  // namespace

void check_conditionals(const Conditionals& voice, const ModelConfig& config,
                        const std::string& origin) {
  const Checker check(origin);
  const int codebook = config.s3tokenizer.codebook_size();

  check.shape("speaker_embedding", voice.speaker_embedding, {1, config.t3.speaker_embedding});
  check.finite("speaker_embedding", voice.speaker_embedding);
  check.row("speech_prompt", voice.speech_prompt, config.t3.speech_prompt_tokens);
  check.tokens("speech_prompt", voice.speech_prompt, codebook);
  const Range range = SynthesisOptions::kExaggeration;
  if (!(voice.exaggeration >= range.low && voice.exaggeration <= range.high))
    check.bad("exaggeration", "expected " + std::to_string(range.low) + " to " +
                                  std::to_string(range.high) + ", got " +
                                  std::to_string(voice.exaggeration));

  check.row("prompt_tokens", voice.prompt_tokens, kMaxPromptTokens);
  check.tokens("prompt_tokens", voice.prompt_tokens, codebook);
  // Two frames for each token, and one more where the recording ended between
  // tokens.
  const std::int64_t frames = 2 * voice.prompt_tokens.size(1);
  const bool odd = voice.prompt_mel.defined() && voice.prompt_mel.dim() == 3 &&
                   voice.prompt_mel.size(1) == frames + 1;
  check.shape("prompt_mel", voice.prompt_mel, {1, frames + odd, kPromptMels});
  check.finite("prompt_mel", voice.prompt_mel);
  check.shape("xvector", voice.xvector, {1, config.xvector.embedding});
  check.finite("xvector", voice.xvector);
}

}  // namespace chatterbox
