// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/mel_stream.h"

#include <algorithm>

namespace chatterbox {
namespace {

// Tokens of the past that stay. With full attention they are computed again for each piece: more of
// them continue better and cost more.
constexpr std::int64_t kRecentTokens = 100;
// With attention in groups, tokens of the past that there are at most where pieces are short. Each
// is half a megabyte and more of a published model's memory, and forgetting has its cost.
constexpr std::int64_t kMostTokens = 160;
// Tokens are forgotten in twos, four frames: words of bytes move as they are.
constexpr std::int64_t kForgottenUnit = 2;

at::Tensor last_rows(const at::Tensor& x, std::int64_t count) {
  return x.narrow(0, x.size(0) - count, count);
}

}  // namespace

MelStream::MelStream(const S3Gen& s3gen, std::shared_ptr<const PromptCache> prompt,
                     std::uint64_t seed, Checkpoint checkpoint)
    : s3gen_(s3gen),
      prompt_(std::move(prompt)),
      noise_(seed, NoiseStream::kFlow),
      checkpoint_(std::move(checkpoint)),
      cache_(prompt_->cache()),
      tokens_(prompt_->tokens()),
      done_(prompt_->attends_in_groups() ? prompt_->cached_tokens() : prompt_->length()),
      recent_(at::empty({0, kMelBands}, s3gen.options())) {}

at::Tensor MelStream::noise(std::int64_t first, std::int64_t end) const {
  const std::int64_t prompt = prompt_->frames();
  const std::int64_t split = std::clamp(prompt, first, end);
  const at::Tensor fresh = noise_.normal((split - prompt) * kMelBands, (end - split) * kMelBands)
                               .view({end - split, kMelBands})
                               .to(s3gen_.options());
  return at::cat({prompt_->noise().narrow(0, std::min(first, prompt), split - first), fresh});
}

at::Tensor MelStream::known(std::int64_t first, std::int64_t end) const {
  const std::int64_t prompt = prompt_->frames();
  const std::int64_t split = std::clamp(prompt, first, end);
  const at::Tensor mel = prompt_->mel().narrow(0, std::min(first, prompt), split - first);
  return at::constant_pad_nd(mel, {0, 0, 0, end - split});
}

at::Tensor MelStream::push(const at::Tensor& tokens, bool last) {
  // Full attention needs the tokens, and bounds the past in advance_again().
  if (prompt_->attends_in_groups()) make_room(tokens.size(0));
  tokens_ = at::cat({tokens_, tokens});
  return advance(length() - (last ? 0 : kLookaheadTokens));
}

at::Tensor MelStream::push_live(const at::Tensor& tokens, const at::Tensor& ahead) {
  make_room(tokens.size(0));
  const at::Tensor said = at::cat({tokens_, tokens});
  tokens_ = at::cat({said, ahead});
  const at::Tensor mel = advance(length() - ahead.size(0));
  tokens_ = said;
  return mel;
}

void MelStream::make_room(std::int64_t count) {
  const std::int64_t spoken = forgotten_ > 0 ? tokens_.size(0) : length() - prompt_->length();
  if (spoken <= kRecentTokens || spoken + count <= kMostTokens) return;
  const std::int64_t kept = kRecentTokens + (spoken - kRecentTokens) % kForgottenUnit;
  forgotten_ = length() - kept;
  tokens_ = last_rows(tokens_, kept).clone();
  s3gen_.keep(cache_, prompt_->length(), kept);
}

at::Tensor MelStream::advance(std::int64_t end) {
  if (length() == prompt_->length() || end <= done_)
    return at::empty({0, kMelBands}, s3gen_.options());
  return prompt_->attends_in_groups() ? advance_cached(end) : advance_again(end);
}

at::Tensor MelStream::advance_cached(std::int64_t end) {
  const std::int64_t first = done_ * kFramesPerToken, last = end * kFramesPerToken;
  const at::Tensor piece = last_rows(tokens_, length() - done_);
  const at::Tensor mel =
      s3gen_.next_mel(piece, length() - end, prompt_->speaker(), known(first, last),
                      noise(first, last), cache_, checkpoint_, prompt_->choice().steps);
  done_ = end;
  // The first piece also holds the prompt's last frames.
  const at::Tensor fresh = last_rows(mel, last - std::clamp(prompt_->frames(), first, last));
  return prompt_->colour().defined() ? fresh + prompt_->colour() : fresh;
}

at::Tensor MelStream::advance_again(std::int64_t end) {
  // Tokens left out between the prompt and the newest frames; the rest moves forward by as many.
  const std::int64_t prompt = prompt_->length();
  const std::int64_t spoken = done_ - prompt;
  const std::int64_t skipped = std::max<std::int64_t>(0, spoken - kRecentTokens);
  const std::int64_t frames = (end - skipped) * kFramesPerToken;
  const at::Tensor seen =
      at::cat({prompt_->tokens(), last_rows(tokens_, length() - prompt - skipped)});
  const at::Tensor features = s3gen_.encode(seen.unsqueeze(0))[0].narrow(0, 0, frames);

  const at::Tensor given = at::cat({prompt_->mel(), recent_});
  const std::int64_t fresh = frames - given.size(0);
  if (fresh <= 0) return at::empty({0, kMelBands}, s3gen_.options());
  const std::int64_t prompt_frames = prompt_->frames();
  const at::Tensor start = at::cat(
      {prompt_->noise(), noise(prompt_frames + skipped * kFramesPerToken, end * kFramesPerToken)});
  const at::Tensor mel =
      s3gen_.flow(features, prompt_->speaker(), at::constant_pad_nd(given, {0, 0, 0, fresh}), start,
                  /*bias=*/{}, checkpoint_, prompt_->choice().steps);

  done_ = end;
  const at::Tensor all = at::cat({recent_, last_rows(mel, fresh)});
  const std::int64_t odd = prompt_frames - prompt * kFramesPerToken;
  const std::int64_t kept = std::min(all.size(0), kRecentTokens * kFramesPerToken - odd);
  recent_ = last_rows(all, kept);
  return last_rows(mel, fresh);
}

}  // namespace chatterbox
