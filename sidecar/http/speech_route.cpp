// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// POST /v1/audio/speech and GET /v1/models, as OpenAI's clients expect them. The
// audio leaves while it is made.
#include <condition_variable>
#include <list>

#include "audio/audio_encode.h"
#include "audio/stream_resampler.h"
#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/time_stretch.h"
#include "chatterbox/watermark.h"
#include "http/server.h"
#include "log.h"
#include "main_loop.h"
#include "operations/json.h"
#include "operations/operations.h"

namespace chatterbox::sidecar {
namespace {

// What may wait in memory for a slow reader, and how long one may stall.
constexpr std::size_t kMostUnsent = 1 << 20;
constexpr auto kMostStall = std::chrono::seconds(60);

std::string openai_error(const std::string& message, const char* type, const std::string& code) {
  JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.field("message", message).field("type", type).key("param").null().field("code", code);
  return json.end_object().end_object().take();
}

void append(std::vector<float>& samples, const std::vector<float>& more) {
  samples.insert(samples.end(), more.begin(), more.end());
}

std::vector<float> marked(std::vector<float> samples, const Model& model) {
  const auto watermark = WatermarkModel::load(find_watermark("", model.path()));
  return apply_watermark(watermark, {std::move(samples), kOutputRateHz}).samples;
}

struct Speech {
  SpeechRequest request;
  std::string format = "mp3";
  double speed = 1;
};

Speech read_speech(JsonObject* object) {
  Fields fields(object);
  Speech speech;
  fields.ignore("model");
  fields.ignore("instructions");
  if (const auto form = fields.text("stream_format"); form && *form != "audio")
    throw RequestError("Invalid value for stream_format",
                       "stream_format: expected audio, got '" + *form + "'");
  speech.request.mode = SpeechMode::kStreaming;
  speech.request.text = fields.text("input").value_or("");
  check_text(speech.request.text);
  if (const auto voice = fields.text("voice"); voice && *voice != "default")
    speech.request.voice.name = *voice;
  speech.format = fields.text("response_format").value_or(speech.format);
  speech.speed = fields.number("speed", {kMinSpeed, kMaxSpeed}).value_or(1.0);
  SynthesisOptions& options = speech.request.options;
  options.exaggeration = fields.number("exaggeration", SynthesisOptions::kExaggeration);
  options.cfg_weight = fields.number("cfg_weight", SynthesisOptions::kCfgWeight);
  options.temperature = fields.number("temperature", SynthesisOptions::kTemperature);
  if (const auto seed = fields.integer("seed", 0, G_MAXINT64)) options.seed = std::uint64_t(*seed);
  options.chunk_size = int(fields.integer("chunk_size", 1, 100).value_or(options.chunk_size));
  options.watermark = !fields.boolean("no_watermark").value_or(false);
  return speech;
}

// The two ends of one answer: a worker makes audio, the main loop sends it.
class LiveAnswer : public std::enable_shared_from_this<LiveAnswer> {
 public:
  LiveAnswer(Services& services, Exchange exchange, Speech speech, std::string id)
      : services_(services),
        exchange_(std::move(exchange)),
        speech_(std::move(speech)),
        id_(std::move(id)) {}

  // In a worker's thread.
  void run(Engine& engine, const Model& model, const std::shared_ptr<std::atomic<bool>>& stop) {
    const auto start = std::chrono::steady_clock::now();
    log(Level::kInfo, "speech " + id_ + " begins");
    try {
      const auto stopped = [stop] { return stop->load(); };
      const Speaker speaker =
          services_.voices.choose(speech_.request.voice, model, engine, stopped);
      const auto encoder = make_encoder(speech_.format, kOutputRateHz);
      std::vector<float> held;
      // Speech is marked last, so that a change of speed does not blur the mark.
      const bool stretches = speech_.speed != 1;
      SynthesisOptions options = speech_.request.options;
      if (stretches) options.watermark = false;
      const SynthesisStats stats = engine.synthesize(
          speech_.request.text, speaker.voice, options, [&](const SpeechChunk& chunk) {
            std::vector<float> piece(chunk.samples.begin(), chunk.samples.end());
            // Another speed needs the whole before its first sample.
            if (stretches) {
              append(held, piece);
              if (!chunk.last) return !*stop;
              piece = stretch_time(held, kOutputRateHz, speech_.speed);
              if (speech_.request.options.watermark) piece = marked(std::move(piece), model);
            }
            std::string bytes = encoder->push(piece);
            if (chunk.last) bytes += encoder->finish();
            return send(std::move(bytes)) && !*stop;
          });
      services_.metrics.observe_first_audio(stats.seconds_to_first_audio);
      services_.metrics.observe_real_time_factor(stats.real_time_factor());
      finish(200, "", "");
    } catch (const RequestError& error) {
      finish(400, error.detail(), error.what());
    } catch (const Error& error) {
      finish(error.code() == ErrorCode::kInvalidArgument ? 400 : 500, error.what(),
             to_string(error.code()));
    } catch (const std::exception& error) {
      finish(500, error.what(), "internal");
    }
    const auto took = std::chrono::steady_clock::now() - start;
    log(Level::kInfo,
        "speech " + id_ + " took " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()) +
            " ms");
  }

  // True once nobody waits any more. Main loop only.
  bool watch() {
    if (began_ || exchange_->answered()) return true;
    if (!exchange_->client_left()) return false;
    closed();
    return true;
  }

 private:
  // Waits while the reader is behind; false when it is gone.
  bool send(std::string bytes) {
    if (bytes.empty()) return true;
    std::unique_lock lock(mutex_);
    if (!room_.wait_for(lock, kMostStall, [&] { return closed_ || unsent_ < kMostUnsent; }))
      return false;
    if (closed_) return false;
    unsent_ += bytes.size();
    lock.unlock();
    post([self = shared_from_this(), bytes = std::move(bytes)]() mutable {
      self->deliver(std::move(bytes));
    });
    return true;
  }

  // In the thread of the main loop, like everything below.
  void deliver(std::string bytes) {
    if (!began_) {
      began_ = true;
      const std::weak_ptr<LiveAnswer> weak = shared_from_this();
      exchange_->on_written([weak] {
        if (const auto self = weak.lock()) self->written();
      });
      exchange_->begin_stream(content_type(speech_.format).c_str(), [weak] {
        if (const auto self = weak.lock()) self->closed();
      });
    }
    exchange_->send_piece(std::move(bytes));
  }

  void written() {
    const std::lock_guard lock(mutex_);
    unsent_ = exchange_->unsent();
    room_.notify_all();
  }

  void closed() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      room_.notify_all();
    }
    services_.pool.stop(id_);
  }

  void finish(int status, const std::string& message, const std::string& code) {
    if (status != 200) services_.metrics.count_error(status == 400 ? "request" : "speech");
    post([self = shared_from_this(), status, message, code] {
      HttpExchange& exchange = *self->exchange_;
      if (status == 200)
        exchange.end_stream();
      else if (self->began_)
        exchange.abort_stream();
      else
        exchange.reply_json(
            status,
            openai_error(message, status == 400 ? "invalid_request_error" : "server_error", code));
    });
  }

  Services& services_;
  const Exchange exchange_;
  const Speech speech_;
  const std::string id_;
  bool began_ = false;  // main loop only

  std::mutex mutex_;
  std::condition_variable room_;
  // Guarded by mutex_.
  std::size_t unsent_ = 0;
  bool closed_ = false;
};

// Until speech begins nothing is written, and so nothing tells that the listener
// has left; but work for it would keep others waiting.
void watch(const std::shared_ptr<LiveAnswer>& answer) {
  static std::list<std::weak_ptr<LiveAnswer>> waiting;
  static const bool begun = [] {
    post_every(200, [] {
      waiting.remove_if([](const std::weak_ptr<LiveAnswer>& weak) {
        const auto one = weak.lock();
        return !one || one->watch();
      });
    });
    return true;
  }();
  static_cast<void>(begun);
  waiting.push_back(answer);
}

// The body of POST; for GET, which an <audio> element sends, the query.
OwnedJson read_body(const Exchange& exchange) {
  if (exchange->method() == "POST") {
    const auto body = exchange->body();
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_bytes_get_data(body.get(), &size));
    return parse_json({data ? data : "", size});
  }
  JsonWriter json;
  json.begin_object();
  for (const char* name : {"input", "voice", "response_format", "model"})
    if (const std::string value = exchange->query(name); !value.empty()) json.field(name, value);
  return parse_json(json.end_object().take());
}

}  // namespace

void handle_speech(Services& services, const Exchange& exchange) {
  exchange->set_route("speech");
  const auto refuse = [&](int status, const std::string& message, const std::string& code) {
    exchange->reply_json(status, openai_error(message, "invalid_request_error", code));
  };
  if (services.draining) return refuse(503, "the server is about to end", "stopping");
  Speech speech;
  try {
    const OwnedJson body = read_body(exchange);
    if (!JSON_NODE_HOLDS_OBJECT(body.get())) return refuse(400, "expected an object", "body");
    speech = read_speech(json_node_get_object(body.get()));
    // Refuses an unknown format before anyone waits for it.
    if (content_type(speech.format) == "application/octet-stream")
      make_encoder(speech.format, kOutputRateHz);
    if (!speech.request.voice.name.empty() &&
        !services.voices.library().contains(speech.request.voice.name))
      return refuse(404, "Voice '" + speech.request.voice.name + "' not found in any library",
                    "voice_not_found");
  } catch (const RequestError& error) {
    return refuse(400, error.detail(), error.what());
  } catch (const Error& error) {
    return refuse(400, error.what(), "bad_request");
  }
  LiveTask task;
  task.id = "speech-" + new_job_id(false);
  // Whoever lets go of it last, it ends in this thread, to which the exchange belongs.
  const std::shared_ptr<LiveAnswer> answer(
      new LiveAnswer(services, exchange, std::move(speech), task.id),
      [](LiveAnswer* done) { post([done] { delete done; }); });
  task.run = [answer, stop = task.stop](Engine& engine, const Model& model) {
    answer->run(engine, model, stop);
  };
  if (services.pool.submit(std::move(task))) return watch(answer);
  add_retry_after(services, exchange);
  refuse(429, "too many speech requests wait; try again later", "rate_limit_exceeded");
}

void handle_models(Services& services, const Exchange& exchange, const std::string& id) {
  exchange->set_route("models");
  const std::string name = "chatterbox";
  JsonWriter model;
  model.begin_object()
      .field("id", name)
      .field("object", "model")
      .field("created", 1735689600)
      .field("owned_by", "gst-chatterbox")
      .end_object();
  const std::string object = model.take();
  if (id == name) return exchange->reply_json(200, object);
  if (!id.empty())
    return exchange->reply_json(404, openai_error("expected the model 'chatterbox'",
                                                  "invalid_request_error", "model_not_found"));
  JsonWriter json;
  json.begin_object().field("object", "list").key("data").begin_array().raw(object).end_array();
  exchange->reply_json(200, json.end_object().take());
}

}  // namespace chatterbox::sidecar
