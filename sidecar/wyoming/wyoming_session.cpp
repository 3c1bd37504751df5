// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "audio/wav.h"
#include "chatterbox/error.h"
#include "log.h"
#include "wyoming/wyoming_event.h"
#include "wyoming/wyoming_server.h"

namespace chatterbox::sidecar {
namespace {

// For a client that says nothing between two events, or does not read.
constexpr int kIdleSeconds = 300;
// A client says something soon and ends what it begins: others may wait for the place.
constexpr int kFirstSeconds = 30, kEventSeconds = 20;
constexpr std::size_t kMostPieces = 16;

std::string audio_format() {
  JsonWriter json;
  return json.begin_object()
      .field("rate", kOutputRateHz)
      .field("width", 2)
      .field("channels", 1)
      .field("timestamp", 0)
      .end_object()
      .take();
}

// Samples on their way from a worker to the client's thread.
class Pieces {
 public:
  // In the worker's thread; false when nobody listens any more.
  bool push(std::string bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return left_ || pieces_.size() < kMostPieces; });
    if (left_) return false;
    pieces_.push_back(std::move(bytes));
    changed_.notify_all();
    return true;
  }
  void end(std::string trouble) {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    trouble_ = std::move(trouble);
    changed_.notify_all();
  }
  // In the client's: nothing at the end.
  std::optional<std::string> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || !pieces_.empty(); });
    if (pieces_.empty()) return std::nullopt;
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    changed_.notify_all();
    return piece;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    left_ = true;
    changed_.notify_all();
  }
  std::string trouble() {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> pieces_;
  bool ended_ = false, left_ = false;
  std::string trouble_;
};

// Ends the pieces of a task that is let go of, also when it never ran.
class End {
 public:
  explicit End(std::shared_ptr<Pieces> pieces) : pieces_(std::move(pieces)) {}
  ~End() { pieces_->end("the speech was stopped"); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

 private:
  const std::shared_ptr<Pieces> pieces_;
};

// The first sentences of a text that is still being written; the rest stays.
std::string take_sentences(std::string& text) {
  std::size_t end = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if ((text[i] == '.' || text[i] == '!' || text[i] == '?' || text[i] == '\n') &&
        g_ascii_isspace(text[i + 1]))
      end = i + 1;
  std::string sentences = text.substr(0, end);
  text.erase(0, end);
  return sentences;
}

bool is_blank(const std::string& text) {
  for (const char c : text)
    if (!g_ascii_isspace(c)) return false;
  return true;
}

struct Left {};  // the client has

class Session {
 public:
  Session(Services& services, GSocketConnection* connection)
      : services_(services),
        input_(g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)))),
        output_(g_io_stream_get_output_stream(G_IO_STREAM(connection))),
        pace_{g_socket_connection_get_socket(connection), kFirstSeconds, kEventSeconds} {}
  ~Session() { g_object_unref(input_); }

  void run() {
    while (const auto event = read_event(input_, pace_)) {
      pace_.begin_seconds = kIdleSeconds;
      g_socket_set_timeout(pace_.socket, kIdleSeconds);
      if (event->type == "describe")
        send(write_event("info", info()));
      else if (event->type == "ping")
        send(write_event("pong", "{}"));
      else if (event->type == "synthesize")
        synthesize(*event);
      else if (event->type == "synthesize-start")
        start(*event);
      else if (event->type == "synthesize-chunk")
        more(*event);
      else if (event->type == "synthesize-stop")
        stop();
    }
  }

 private:
  void send(const std::string& bytes) {
    if (!g_output_stream_write_all(output_, bytes.data(), bytes.size(), nullptr, nullptr, nullptr))
      throw Left{};
  }

  static std::string text_of(const WyomingEvent& event) {
    if (!event.data) return "";
    Fields fields(json_node_get_object(event.data.get()));
    return fields.text("text").value_or("");
  }

  // {"voice": {"name": ..., "speaker": ..., "language": ...}}, each of them optional.
  void take_voice(const WyomingEvent& event) {
    voice_.clear();
    language_.clear();
    if (!event.data) return;
    JsonNode* voice = json_object_get_member(json_node_get_object(event.data.get()), "voice");
    if (!voice || !JSON_NODE_HOLDS_OBJECT(voice)) return;
    Fields fields(json_node_get_object(voice));
    const auto speaker = fields.text("speaker");
    voice_ = speaker ? *speaker : fields.text("name").value_or("");
    language_ = fields.text("language").value_or("");
  }

  void synthesize(const WyomingEvent& event) {
    // A client that streams sends this as well, for servers that cannot.
    if (streaming_) return;
    guarded([&] {
      take_voice(event);
      const std::string text = text_of(event);
      check_text(text);
      send(write_event("audio-start", audio_format()));
      speak(text);
      send(write_event("audio-stop", "{}"));
    });
  }

  void start(const WyomingEvent& event) {
    streaming_ = true;
    begun_ = false;
    text_.clear();
    guarded([&] { take_voice(event); });
  }

  void more(const WyomingEvent& event) {
    if (!streaming_) return;
    text_ += text_of(event);
    if (const std::string sentences = take_sentences(text_); !is_blank(sentences))
      guarded([&] { speak_part(sentences); });
    if (text_.size() > 4 * Engine::kMaxTextLength) text_.clear();
  }

  void stop() {
    if (!streaming_) return;
    if (!is_blank(text_)) guarded([&] { speak_part(text_); });
    if (begun_) send(write_event("audio-stop", "{}"));
    send(write_event("synthesize-stopped", "{}"));
    streaming_ = false;
  }

  void speak_part(const std::string& text) {
    if (!begun_) send(write_event("audio-start", audio_format()));
    begun_ = true;
    speak(text);
  }

  void guarded(const std::function<void()>& action) {
    std::string trouble;
    try {
      return action();
    } catch (const RequestError& error) {
      trouble = error.detail();
    } catch (const Error& error) {
      trouble = error.what();
    }
    JsonWriter json;
    json.begin_object().field("text", trouble).field("code", "speech-failed").end_object();
    send(write_event("error", json.take()));
  }

  VoiceChoice choice() const {
    VoiceChoice choice;
    choice.name = voice_ == kOwnVoice ? "" : voice_;
    if (const std::string ours = services_.standard_voices.ours(voice_); !ours.empty())
      choice.stands_for = ours;
    return choice;
  }

  // The one that speaks the language that is asked for.
  std::string model() const {
    if (language_.empty()) return services_.models.default_name();
    const std::string name = services_.models.speaks(language_);
    if (!name.empty()) return name;
    std::string known;
    for (const std::string& code : languages()) known += (known.empty() ? "" : ", ") + code;
    throw RequestError("Unknown language", "language: expected one of " + known + ", got '" +
                                               language_.substr(0, 100) + "'");
  }

  // Languages of all models, each once.
  std::vector<std::string> languages() const {
    std::vector<std::string> all;
    for (const ModelView& view : services_.models.list())
      for (const std::string& code : view.facts.languages)
        if (std::find(all.begin(), all.end(), code) == all.end()) all.push_back(code);
    return all;
  }

  void speak(const std::string& text) {
    const auto pieces = std::make_shared<Pieces>();
    LiveTask task;
    task.model = model();
    task.id = "wyoming-" + new_job_id(false);
    task.owner = kLocalOwner;
    auto end = std::make_shared<End>(pieces);
    task.run = [&services = services_, pieces, end = std::move(end), text, voice = choice(),
                language = language_, stop = task.stop.get_token()](const LendEngine& lend) {
      std::string trouble;
      try {
        Engine& engine = lend();
        const ChosenVoice chosen =
            services.voices.choose(kLocalOwner, voice, *engine.model(), engine, stop);
        SynthesisOptions options;
        options.language = language;
        const auto send_on = [&](const SpeechChunk& chunk) {
          std::string bytes;
          append_pcm16(bytes, chunk.samples);
          return bytes.empty() || pieces->push(std::move(bytes));
        };
        engine.synthesize(text, chosen.voice, options, send_on, stop);
      } catch (const RequestError& error) {
        trouble = error.detail();
      } catch (const std::exception& error) {
        trouble = error.what();
      }
      pieces->end(trouble);
    };
    std::stop_source stop = task.stop;
    if (!services_.pool.submit(std::move(task)))
      throw Error(ErrorCode::kOutOfMemory, "too many speech requests wait; try again later");
    try {
      while (const auto piece = pieces->pop())
        send(write_event("audio-chunk", audio_format(), *piece));
    } catch (const Left&) {
      // The worker ends between two tokens.
      stop.request_stop();
      pieces->leave();
      throw;
    }
    if (const std::string trouble = pieces->trouble(); !trouble.empty())
      throw Error(ErrorCode::kModelFailure, trouble);
  }

  static void write_attribution(JsonWriter& json) {
    json.key("attribution")
        .begin_object()
        .field("name", "gst-chatterbox")
        .field("url", "https://github.com/resemble-ai/chatterbox")
        .end_object()
        .field("installed", true)
        .field("version", CHATTERBOX_VERSION);
  }

  void write_voice(JsonWriter& json, const std::string& name, const std::string& description) {
    json.begin_object().field("name", name).field("description", description);
    write_attribution(json);
    json.key("languages").begin_array();
    for (const std::string& code : languages()) json.text(code);
    json.end_array().end_object();
  }

  std::string info() {
    JsonWriter json;
    json.begin_object().key("tts").begin_array().begin_object();
    json.field("name", "chatterbox").field("description", "Chatterbox text to speech");
    write_attribution(json);
    json.field("supports_synthesize_streaming", true).key("voices").begin_array();
    write_voice(json, kOwnVoice, "the model's own voice");
    for (const VoiceEntry& voice : services_.voices.library(kLocalOwner).list())
      write_voice(json, voice.name, voice.description);
    json.end_array().end_object().end_array();
    for (const char* other : {"asr", "handle", "intent", "wake", "mic", "snd"})
      json.key(other).begin_array().end_array();
    return json.end_object().take();
  }

  static constexpr const char* kOwnVoice = "default";

  Services& services_;
  GDataInputStream* input_;
  GOutputStream* output_;
  EventPace pace_;
  std::string voice_, language_, text_;
  bool streaming_ = false, begun_ = false;
};

}  // namespace

void serve_wyoming(Services& services, GSocketConnection* connection) {
  try {
    Session(services, connection).run();
  } catch (const Left&) {
  } catch (const std::exception& error) {
    log(Level::kInfo, std::string("wyoming: ") + error.what());
  }
}

}  // namespace chatterbox::sidecar
