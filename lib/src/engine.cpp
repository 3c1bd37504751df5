// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The whole of Chatterbox on one page: text becomes text tokens, T3 makes speech
// tokens of them, S3Gen makes a mel spectrogram, HiFT makes it audible, and the
// watermark says that it is synthetic (delivery.h).

#include "chatterbox/engine.h"

#include <algorithm>
#include <utility>

#include "audio/resample.h"
#include "chatterbox/error.h"
#include "chatterbox/plain_text.h"
#include "chatterbox/watermark.h"
#include "delivery.h"
#include "internals.h"
#include "model_parts.h"
#include "nn/threads.h"
#include "reference.h"
#include "s3gen/prompt_cache.h"
#include "seeds.h"
#include "speak_tokens.h"
#include "speech_stream.h"
#include "t3/t3.h"
#include "text/languages.h"
#include "text/pieces.h"
#include "text/plain/plain.h"
#include "text/tags.h"
#include "text/tokenizer.h"
#include "torch_guard.h"
#include "turns.h"
#include "voice_cache.h"
#include "voice_caches.h"
#include "word_clock.h"

namespace chatterbox {
namespace {

// Rate of the speech tokenizer's input, Hz.
constexpr int kTokenizerRateHz = 16000;
// Speech tokens in the first chunk, when the caller leaves it to us: models look
// 13 tokens ahead, and most begin to speak within the next five.
constexpr int kFirstChunkTokens = 22;
// The fewest from which something comes out.
constexpr int kLeastFirstTokens = 16;
// In chunks after it until something is audible, and in the one after that, which
// has to be there before the little that plays is over.
constexpr int kSilentChunkTokens = 5;
constexpr int kSecondChunkTokens = 10;
// Tokens in a chunk while a whole recording is converted: memory stays bounded.
constexpr int kConversionChunkTokens = 50;

SamplingOptions sampling_options(const SynthesisOptions& options, const SamplingDefaults& defaults,
                                 std::uint64_t seed) {
  SamplingOptions sampling;
  sampling.cfg_weight = options.cfg_weight.value_or(defaults.cfg_weight);
  sampling.temperature = options.temperature.value_or(defaults.temperature);
  sampling.repetition_penalty = options.repetition_penalty.value_or(defaults.repetition_penalty);
  sampling.min_p = options.min_p.value_or(defaults.min_p);
  sampling.top_p = options.top_p.value_or(defaults.top_p);
  sampling.top_k = options.top_k.value_or(defaults.top_k);
  sampling.max_tokens = options.max_tokens;
  sampling.seed = seed;
  return sampling;
}

SpeechStream::Options stream_options(const SynthesisOptions& options, const T3Config& t3,
                                     std::uint64_t seed, const std::stop_token& stop) {
  SpeechStream::Options stream;
  stream.seed = seed;
  stream.cut_last_token = t3.cut_last_token;
  if (options.streaming) {
    stream.chunk = options.chunk_size;
    stream.first_chunk = options.first_chunk_size > 0
                             ? std::max(options.first_chunk_size, kLeastFirstTokens)
                             : std::min(options.chunk_size, kFirstChunkTokens);
  }
  stream.checkpoint = [stop] { check_stop(stop); };
  return stream;
}

// Silent tokens behind T3's last token.
std::vector<std::int64_t> closing_silence(const T3Config& t3) {
  return std::vector<std::int64_t>(std::size_t(t3.closing_silence_count), t3.closing_silence_token);
}

// Largest piece of text that the model can read and speak at once; 25 s are about the longest that
// models heard in training.
PieceLimits piece_limits(const ModelConfig& config, const std::string& language,
                         const SynthesisOptions& options) {
  constexpr int kMostSpeechTokens = 625;
  const int most = std::min({options.max_tokens, config.t3.max_speech_tokens, kMostSpeechTokens});
  return {std::size_t(config.text.most_characters(language)),
          std::size_t(config.t3.max_text_tokens), std::size_t(most)};
}

// The voice as T3 hears it, from the voices used last or made now.
std::shared_ptr<const VoicePrefix> hear_voice(const ModelParts& model, const Voice& voice,
                                              const SynthesisOptions& options) {
  const Conditionals& speaker = *Internals::conditionals(voice);
  T3Request request;
  request.speaker_embedding = speaker.speaker_embedding;
  request.speech_prompt = speaker.speech_prompt;
  request.exaggeration = options.exaggeration.value_or(model.config.defaults.exaggeration);
  return model.voice_caches->get<VoicePrefix>(Internals::conditionals(voice),
                                              {request.exaggeration},
                                              [&] { return model.t3->hear(request); });
}

// Words alone. Phones have pauses of their own, other front ends want marks behind words.
std::string plain_text_for(const ModelConfig& config, std::string_view text) {
  std::string plain = plain_text(text);
  return config.text.frontend == TextFrontend::kFlitePhones
             ? plain
             : plain::with_marks_joined(std::move(plain));
}

// The text in pieces, as the model reads them.
std::vector<Piece> read_text(const ModelParts& model, std::string_view text,
                             const SynthesisOptions& options) {
  const TextTokenizer& tokenizer = *model.text_tokenizer;
  const std::string language =
      language_of(text, options.language, options.text_language, tokenizer.languages());
  const auto read = [&](std::string_view part) {
    return tokenizer.encode(tokenizer.normalize(part), language);
  };
  const std::string words = leave_out_unknown_tags(text, tokenizer);
  const std::string plain =
      options.plain_text ? plain_text_for(model.config, tags_apart(words)) : words;
  std::vector<Piece> pieces =
      cut_pieces(plain, read, piece_limits(model.config, language, options));
  // A text of nothing but tags that the model does not know is silence of no length.
  if (pieces.empty() && words == text)
    throw Error(ErrorCode::kInvalidArgument, "text: expected words to speak, got none");
  return pieces;
}

// Everything that the pieces of one synthesis share.
struct Speaking {
  const ModelParts& model;
  std::shared_ptr<const VoicePrefix> prefix;
  std::shared_ptr<const PromptCache> prompt;
  const SynthesisOptions& options;
  const std::stop_token& stop;
  Turn& turn;
  Delivery& delivery;
};

// Speaks one piece of text, and returns the rest that did not fit into the model's longest speech.
// Audio leaves while T3 still makes tokens.
TextTokens speak_piece(const Speaking& speaking, const TextTokens& text, std::uint64_t seed,
                       bool last_piece) {
  const ModelParts& model = speaking.model;
  const SynthesisOptions& options = speaking.options;
  Delivery& delivery = speaking.delivery;
  T3Request request;
  request.prefix = speaking.prefix;
  request.text_ids = text.ids;
  request.sampling = sampling_options(options, model.config.defaults, seed);

  SpeechStream speech(*model.s3gen, *model.hift, speaking.prompt,
                      stream_options(options, model.config.t3, seed, speaking.stop));
  const std::int64_t start = delivery.made();
  WordClock words(text.words, start);
  PieceEnd end(text, std::min(options.max_tokens, model.config.t3.max_speech_tokens));
  const auto deliver = [&](const at::Tensor& samples, bool last) {
    if (samples.numel() == 0 && !last) return;
    const bool begun = delivery.heard();
    delivery.deliver(samples, last, words.take_until(start + speech.position()));
    if (!begun && options.streaming)
      speech.set_next_chunk(std::size_t(std::min(
          options.chunk_size, delivery.heard() ? kSecondChunkTokens : kSilentChunkTokens)));
  };

  std::int64_t spoken = 0;
  const auto make_tokens = [&](const TokenSink& sink, const std::atomic<int>* threads) {
    request.threads = threads;
    model.t3->generate(request, [&](std::int64_t token, int text_position) {
      if (!end.allows(text_position)) return false;
      // Ids beyond the codebook are not speech; upstream drops them too.
      return token >= model.config.t3.start_speech || sink(token, text_position);
    });
  };
  const auto speak = [&](std::int64_t token, int text_position) {
    ++spoken;
    words.advance(text_position);
    deliver(speech.push({&token, 1}), false);
  };
  speak_tokens(
      {model, speaking.stop, speaking.turn, options.streaming, std::size_t(options.chunk_size)},
      {make_tokens, speak, [&] { return speech.missing(); }, [&] { return delivery.heard(); }});
  if (spoken == 0)
    throw Error(ErrorCode::kModelFailure, "expected speech tokens, T3 ended before the first");
  delivery.stats.speech_tokens += spoken;
  deliver(speech.push(closing_silence(model.config.t3)), false);
  TextTokens rest = end.rest();
  deliver(speech.finish(), last_piece && rest.ids.empty());
  return rest;
}

void check_audio(const char* what, const Audio& audio) {
  if (audio.rate_hz <= 0)
    throw Error(
        ErrorCode::kInvalidArgument,
        std::string(what) + ": expected a rate above 0 Hz, got " + std::to_string(audio.rate_hz));
  if (audio.samples.empty())
    throw Error(ErrorCode::kInvalidArgument, std::string(what) + ": expected samples, got none");
}

}  // namespace

Engine::Engine(std::shared_ptr<const Model> model) : model_(std::move(model)) {
  if (!model_) throw Error(ErrorCode::kInvalidArgument, "expected a model, got none");
}

Engine::~Engine() = default;

SynthesisStats Engine::synthesize(std::string_view text, const Voice& voice,
                                  const SynthesisOptions& options, const Sink& sink,
                                  std::stop_token stop) {
  return with_torch([&] {
    const auto start = Delivery::Clock::now();
    const ModelParts& model = Internals::parts(*model_);
    check_stop(stop);
    check(options);
    model.unused_options.check(model.config, options);
    std::optional<Watermarker> watermarker;
    if (options.watermark) watermarker.emplace(model.watermark());
    if (const std::size_t length = count_characters(text); length > kMaxTextLength)
      throw Error(ErrorCode::kInvalidArgument, "text: expected at most " +
                                                   std::to_string(kMaxTextLength) +
                                                   " characters, got " + std::to_string(length));

    std::vector<Piece> pieces = read_text(model, text, options);

    Turn turn(*model.turns, stop);
    use_threads(model.threads);
    Delivery delivery(sink, turn, start, options, std::move(watermarker));
    delivery.stats.seed = options.seed ? *options.seed : fresh_seed();
    const Speaking speaking{
        model,
        hear_voice(model, voice, options),
        model.prompt(voice, options.streaming ? model.attention.streaming : model.attention.whole,
                     options.flow_steps),
        options,
        stop,
        turn,
        delivery};
    if (pieces.empty()) delivery.deliver(at::empty({0}), /*last=*/true, {});
    std::size_t spoken = 0;
    for (Piece& piece : pieces)
      for (TextTokens rest = std::move(piece.tokens); !rest.ids.empty(); ++spoken)
        rest = speak_piece(speaking, rest, piece_seed(delivery.stats.seed, spoken),
                           &piece == &pieces.back());
    return delivery.finish();
  });
}

Audio Engine::synthesize(std::string_view text, const Voice& voice, const SynthesisOptions& options,
                         std::stop_token stop) {
  Audio audio;
  const auto gather = [&](const SpeechChunk& chunk) {
    audio.samples.insert(audio.samples.end(), chunk.samples.begin(), chunk.samples.end());
    return true;
  };
  synthesize(text, voice, options, gather, std::move(stop));
  return audio;
}

Audio Engine::convert(const Audio& speech, const Voice& voice, const ConvertOptions& chosen,
                      std::stop_token stop) {
  return with_torch([&] {
    const ModelParts& model = Internals::parts(*model_);
    check_stop(stop);
    check_audio("speech", speech);
    check(chosen);
    const auto marks = chosen.watermark ? model.watermark() : nullptr;
    const Turn turn(*model.turns, stop);
    use_threads(model.threads);

    const Audio heard = resample(speech, kTokenizerRateHz);
    const at::Tensor tokens = model.s3tokenizer->tokenize(to_tensor(heard));
    check_stop(stop);
    SpeechStream::Options options;
    options.seed = chosen.seed ? *chosen.seed : fresh_seed();
    options.checkpoint = [stop] { check_stop(stop); };
    const auto prompt = model.prompt(voice, model.attention.whole, chosen.flow_steps);
    if (prompt->attends_in_groups()) options.chunk = options.first_chunk = kConversionChunkTokens;
    SpeechStream stream(*model.s3gen, *model.hift, prompt, options);
    const at::Tensor ids = tokens.flatten().contiguous();
    const at::Tensor first = stream.push({ids.data_ptr<std::int64_t>(), std::size_t(ids.numel())});
    const at::Tensor wave = at::cat({first, stream.finish()}).to(at::kCPU, at::kFloat).contiguous();

    Audio audio;
    audio.samples.assign(wave.data_ptr<float>(), wave.data_ptr<float>() + wave.numel());
    // Tokens are whole and recordings are not: end where the recording ends.
    const double exact = double(speech.samples.size()) * kOutputRateHz / speech.rate_hz;
    audio.samples.resize(std::size_t(exact + 0.5), 0.0f);
    return marks ? apply_watermark(marks, audio) : audio;
  });
}

Voice Engine::make_voice(const Audio& reference, std::stop_token stop) {
  return with_torch([&] {
    const ModelParts& model = Internals::parts(*model_);
    check_stop(stop);
    check_audio("reference", reference);
    const VoiceCache cache;
    const std::string key = VoiceCache::key(reference, model.id);
    if (auto known = cache.find(key, model.id, model.config))
      return Internals::voice(std::make_shared<const Conditionals>(std::move(*known)));

    const Turn turn(*model.turns, stop);
    use_threads(model.threads);
    auto conditionals = std::make_shared<const Conditionals>(
        make_conditionals(reference, *model.voice_encoder, *model.s3tokenizer, *model.xvector,
                          model.config, [stop] { check_stop(stop); }));
    cache.store(key, *conditionals, model.id);
    return Internals::voice(std::move(conditionals));
  });
}

void Engine::warm_up(std::stop_token stop) {
  if (!model_->builtin_voice()) return;
  SynthesisOptions options;
  options.seed = 0;
  synthesize("Hello there.", *model_->builtin_voice(), options, std::move(stop));
}

}  // namespace chatterbox
