// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The whole of Chatterbox on one page: text becomes text tokens, T3 makes speech
// tokens of them, S3Gen makes a mel spectrogram, HiFT makes it audible, and the
// watermark says that it is synthetic (delivery.h).

#include "chatterbox/engine.h"

#include <algorithm>
#include <random>
#include <utility>

#include "audio/resample.h"
#include "cancellation.h"
#include "chatterbox/error.h"
#include "chatterbox/watermark.h"
#include "delivery.h"
#include "model_parts.h"
#include "nn/threads.h"
#include "reference.h"
#include "s3gen/prompt_cache.h"
#include "s3gen/speech_stream.h"
#include "t3/t3.h"
#include "text/splitter.h"
#include "text/tokenizer.h"
#include "torch_guard.h"
#include "voice_cache.h"
#include "word_clock.h"

namespace chatterbox {
namespace {

// What the speech tokenizer hears, Hz.
constexpr int kTokenizerRateHz = 16000;
// Speech tokens before a listener hears something, when the caller leaves it to
// us: the first piece is short, as later ones play while more is made.
constexpr int kFirstChunkTokens = 8;
// Tokens in a chunk while a whole recording is converted: memory stays bounded.
constexpr int kConversionChunkTokens = 50;

std::uint64_t fresh_seed() {
  std::random_device device;
  return (std::uint64_t(device()) << 32) | device();
}

// The seed of piece `index` (splitmix64): neighbours have nothing in common.
std::uint64_t piece_seed(std::uint64_t seed, std::size_t index) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (index + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

SamplingOptions sampling_options(const SynthesisOptions& options, const SamplingDefaults& defaults,
                                 std::uint64_t seed) {
  SamplingOptions sampling;
  sampling.cfg_weight = options.cfg_weight.value_or(defaults.cfg_weight);
  sampling.temperature = options.temperature.value_or(defaults.temperature);
  sampling.repetition_penalty = options.repetition_penalty.value_or(defaults.repetition_penalty);
  sampling.min_p = options.min_p.value_or(defaults.min_p);
  sampling.top_p = options.top_p.value_or(defaults.top_p);
  sampling.max_tokens = options.max_tokens;
  sampling.seed = seed;
  return sampling;
}

SpeechStream::Options stream_options(const SynthesisOptions& options, std::uint64_t seed,
                                     const Cancellation& cancellation) {
  SpeechStream::Options stream;
  stream.seed = seed;
  if (options.streaming) {
    stream.chunk = options.chunk_size;
    stream.first_chunk = options.first_chunk_size > 0
                             ? options.first_chunk_size
                             : std::min(options.chunk_size, kFirstChunkTokens);
  }
  stream.checkpoint = [&cancellation] { cancellation.check(); };
  return stream;
}

std::size_t count_characters(std::string_view utf8) {
  return std::size_t(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// Speaks one piece of text. Audio leaves while T3 still makes tokens.
void speak_piece(const ModelParts& model, const TextTokens& text, const Conditionals& speaker,
                 const std::shared_ptr<const PromptCache>& prompt, const SynthesisOptions& options,
                 std::uint64_t seed, bool last_piece, const Cancellation& cancellation,
                 Delivery& delivery) {
  T3Request request;
  request.speaker_embedding = speaker.speaker_embedding;
  request.speech_prompt = speaker.speech_prompt;
  request.exaggeration = options.exaggeration.value_or(model.config.defaults.exaggeration);
  request.text_ids = text.ids;
  request.sampling = sampling_options(options, model.config.defaults, seed);

  SpeechStream speech(*model.s3gen, *model.hift, prompt,
                      stream_options(options, seed, cancellation));
  const std::int64_t start = delivery.made();
  WordClock words(text.words, start);
  const auto deliver = [&](const at::Tensor& samples, bool last) {
    if (samples.numel() == 0 && !last) return;
    const std::int64_t end = start + speech.position();
    delivery.deliver(samples, last && last_piece, words.take_until(end));
  };

  std::int64_t spoken = 0;
  model.t3->generate(request, [&](std::int64_t token, int text_position) {
    cancellation.check();
    // Ids beyond the codebook are not speech; upstream drops them too.
    if (token >= model.config.t3.start_speech) return true;
    ++spoken;
    words.advance(text_position);
    deliver(speech.push({&token, 1}), false);
    return true;
  });
  if (spoken == 0)
    throw Error(ErrorCode::kModelFailure, "expected speech tokens, T3 ended before the first");
  delivery.stats.speech_tokens += spoken;
  deliver(speech.finish(), true);
}

void check_audio(const char* what, const Audio& audio) {
  if (audio.rate_hz <= 0)
    throw Error(ErrorCode::kInvalidArgument, std::string(what) + ": expected a rate above 0 Hz, got " +
                                                 std::to_string(audio.rate_hz));
  if (audio.samples.empty())
    throw Error(ErrorCode::kInvalidArgument, std::string(what) + ": expected samples, got none");
}

}  // namespace

Engine::Engine(std::shared_ptr<const Model> model) : model_(std::move(model)) {
  if (!model_) throw Error(ErrorCode::kInvalidArgument, "expected a model, got none");
}

Engine::~Engine() = default;

SynthesisStats Engine::synthesize(std::string_view text, const Voice& voice,
                                  const SynthesisOptions& options, const Sink& sink) {
  return with_torch([&] {
    const auto start = Delivery::Clock::now();
    const ModelParts& model = model_->parts();
    const Cancellation cancellation(cancel_requests_, requests_at_start());
    check(options);
    std::optional<Watermarker> watermarker;
    if (options.watermark) watermarker.emplace(model.watermark());
    if (const std::size_t length = count_characters(text); length > kMaxTextLength)
      throw Error(ErrorCode::kInvalidArgument,
                  "text: expected at most " + std::to_string(kMaxTextLength) +
                      " characters, got " + std::to_string(length));

    std::vector<TextTokens> pieces;
    for (const std::string& piece :
         split_pieces(text, std::size_t(model.config.text.max_characters))) {
      TextTokens tokens = model.text_tokenizer->encode(model.text_tokenizer->normalize(piece));
      if (!tokens.ids.empty()) pieces.push_back(std::move(tokens));
    }
    if (pieces.empty())
      throw Error(ErrorCode::kInvalidArgument, "text: expected words to speak, got none");

    Turn turn(model.turns, cancellation);
    use_threads(model.threads);
    const std::shared_ptr<const PromptCache> prompt =
        model.prompt_caches->get(*model.s3gen, voice.conditionals());
    Delivery delivery(sink, turn, start, std::move(watermarker));
    delivery.stats.seed = options.seed ? *options.seed : fresh_seed();
    for (std::size_t i = 0; i < pieces.size(); ++i)
      speak_piece(model, pieces[i], *voice.conditionals(), prompt, options,
                  piece_seed(delivery.stats.seed, i), i + 1 == pieces.size(), cancellation,
                  delivery);
    return delivery.finish();
  });
}

Audio Engine::synthesize(std::string_view text, const Voice& voice,
                         const SynthesisOptions& options) {
  Audio audio;
  synthesize(text, voice, options, [&](const SpeechChunk& chunk) {
    audio.samples.insert(audio.samples.end(), chunk.samples.begin(), chunk.samples.end());
    return true;
  });
  return audio;
}

Audio Engine::convert(const Audio& speech, const Voice& voice, std::optional<std::uint64_t> seed,
                      bool watermark) {
  return with_torch([&] {
    const ModelParts& model = model_->parts();
    const Cancellation cancellation(cancel_requests_, requests_at_start());
    check_audio("speech", speech);
    const auto marks = watermark ? model.watermark() : nullptr;
    const Turn turn(model.turns, cancellation);
    use_threads(model.threads);

    const Audio heard = resample(speech, kTokenizerRateHz);
    const at::Tensor tokens = model.s3tokenizer->tokenize(to_tensor(heard));
    SpeechStream::Options options;
    options.seed = seed ? *seed : fresh_seed();
    options.checkpoint = [&cancellation] { cancellation.check(); };
    if (model.s3gen->attends_in_groups())
      options.chunk = options.first_chunk = kConversionChunkTokens;
    SpeechStream stream(*model.s3gen, *model.hift,
                        model.prompt_caches->get(*model.s3gen, voice.conditionals()), options);
    const at::Tensor ids = tokens.flatten().contiguous();
    const at::Tensor first =
        stream.push({ids.data_ptr<std::int64_t>(), std::size_t(ids.numel())});
    const at::Tensor wave =
        at::cat({first, stream.finish()}).to(at::kCPU, at::kFloat).contiguous();

    Audio audio;
    audio.samples.assign(wave.data_ptr<float>(), wave.data_ptr<float>() + wave.numel());
    // Tokens are whole and recordings are not: end where the recording ends.
    const double exact = double(speech.samples.size()) * kOutputRateHz / speech.rate_hz;
    audio.samples.resize(std::size_t(exact + 0.5), 0.0f);
    return marks ? apply_watermark(marks, audio) : audio;
  });
}

Voice Engine::make_voice(const Audio& reference) {
  return with_torch([&] {
    const ModelParts& model = model_->parts();
    const Cancellation cancellation(cancel_requests_, requests_at_start());
    check_audio("reference", reference);
    const VoiceCache cache;
    const std::string key = VoiceCache::key(reference, model.id);
    if (auto known = cache.find(key, model.id, model.config))
      return Voice(std::make_shared<const Conditionals>(std::move(*known)));

    const Turn turn(model.turns, cancellation);
    use_threads(model.threads);
    auto conditionals = std::make_shared<const Conditionals>(
        make_conditionals(reference, *model.voice_encoder, *model.s3tokenizer, *model.xvector,
                          model.config.t3, model.config.defaults.exaggeration));
    cache.store(key, *conditionals, model.id);
    return Voice(std::move(conditionals));
  });
}

void Engine::expect_call() { requests_at_expectation_ = cancel_requests_.load(); }

std::uint64_t Engine::requests_at_start() {
  return std::exchange(requests_at_expectation_, std::nullopt).value_or(cancel_requests_.load());
}

void Engine::cancel() {
  ++cancel_requests_;
  model_->parts().turns.wake();
}

void Engine::warm_up() {
  if (!model_->builtin_voice()) return;
  SynthesisOptions options;
  options.seed = 0;
  options.max_tokens = 2 * kFirstChunkTokens;
  synthesize("Hello there.", *model_->builtin_voice(), options);
}

}  // namespace chatterbox
