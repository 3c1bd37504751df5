// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_settings.h"

#include <cstring>
#include <type_traits>

namespace chatterbox::gst {

namespace {

template <class Enum>
GType enum_type(const char* name, const GEnumValue* values) {
  static gsize type = 0;
  if (g_once_init_enter(&type)) {
    const GType made = g_enum_register_static(name, values);
    gst_type_mark_as_plugin_api(made, GstPluginAPIFlags(0));
    g_once_init_leave(&type, made);
  }
  return type;
}

GType timing_type() {
  static const GEnumValue values[] = {
      {int(Timing::kAuto), "Timestamps of cues; live text as soon as possible; else contiguous",
       "auto"},
      {int(Timing::kInput), "Timestamps of the text, contiguous where it has none", "input"},
      {int(Timing::kContiguous), "One utterance directly after the other", "contiguous"},
      {int(Timing::kImmediate), "The running time at which the speech is ready", "immediate"},
      {0, nullptr, nullptr}};
  return enum_type<Timing>("GstChatterboxTtsTiming", values);
}

GType overflow_type() {
  static const GEnumValue values[] = {
      {int(Overflow::kShift), "Say all of it; the next utterance begins later", "shift"},
      {int(Overflow::kClip), "Stop speaking at the end of the cue", "clip"},
      {int(Overflow::kOverlap), "Begin the next utterance on time; for a mixer downstream",
       "overlap"},
      {0, nullptr, nullptr}};
  return enum_type<Overflow>("GstChatterboxTtsOverflow", values);
}

GType on_error_type() {
  static const GEnumValue values[] = {
      {int(OnError::kError), "Post an error and stop", "error"},
      {int(OnError::kSkip), "Post a warning and go on with the next utterance", "skip"},
      {0, nullptr, nullptr}};
  return enum_type<OnError>("GstChatterboxTtsOnError", values);
}

constexpr auto kAlways = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto kPlaying = GParamFlags(kAlways | GST_PARAM_MUTABLE_PLAYING);
constexpr auto kReady = GParamFlags(kAlways | GST_PARAM_MUTABLE_READY);

// One member of TtsSettings.
void store(const GValue* value, std::string& member) {
  const char* text = g_value_get_string(value);
  member = text ? text : "";
}
void store(const GValue* value, guint& member) { member = g_value_get_uint(value); }
void store(const GValue* value, double& member) { member = g_value_get_double(value); }
void store(const GValue* value, gint64& member) { member = g_value_get_int64(value); }
void store(const GValue* value, bool& member) { member = g_value_get_boolean(value); }
template <class Enum>
requires std::is_enum_v<Enum>
void store(const GValue* value, Enum& member) { member = Enum(g_value_get_enum(value)); }

void show(GValue* value, const std::string& member) { g_value_set_string(value, member.c_str()); }
void show(GValue* value, const guint& member) { g_value_set_uint(value, member); }
void show(GValue* value, const double& member) { g_value_set_double(value, member); }
void show(GValue* value, const gint64& member) { g_value_set_int64(value, member); }
void show(GValue* value, const bool& member) { g_value_set_boolean(value, member); }
template <class Enum>
requires std::is_enum_v<Enum>
void show(GValue* value, const Enum& member) { g_value_set_enum(value, int(member)); }

// Calls `visit` with the member that the property `name` stands for.
template <class Settings, class Visit>
void visit_member(Settings& settings, const char* name, Visit&& visit) {
  const auto is = [name](const char* property) { return std::strcmp(name, property) == 0; };
  if (is("voice")) return visit(settings.voice);
  if (is("model-path")) return visit(settings.model_path);
  if (is("device")) return visit(settings.device);
  if (is("dtype")) return visit(settings.dtype);
  if (is("threads")) return visit(settings.threads);
  if (is("exaggeration")) return visit(settings.exaggeration);
  if (is("cfg-weight")) return visit(settings.cfg_weight);
  if (is("temperature")) return visit(settings.temperature);
  if (is("repetition-penalty")) return visit(settings.repetition_penalty);
  if (is("min-p")) return visit(settings.min_p);
  if (is("top-p")) return visit(settings.top_p);
  if (is("seed")) return visit(settings.seed);
  if (is("chunk-size")) return visit(settings.chunk_size);
  if (is("text")) return visit(settings.text);
  if (is("latency")) return visit(settings.latency_ms);
  if (is("timing")) return visit(settings.timing);
  if (is("force-live")) return visit(settings.force_live);
  if (is("max-wait")) return visit(settings.max_wait_ms);
  if (is("fill-gaps")) return visit(settings.fill_gaps);
  if (is("overflow")) return visit(settings.overflow);
  if (is("post-messages")) return visit(settings.post_messages);
  if (is("on-error")) return visit(settings.on_error);
}

// Ids only have to differ from each other: properties are told apart by name.
class Installer {
 public:
  explicit Installer(GObjectClass* object_class) : class_(object_class) {}

  void string(const char* name, const char* nick, const char* blurb, const char* initial,
              GParamFlags flags) {
    add(g_param_spec_string(name, nick, blurb, initial, flags));
  }
  void number(const char* name, const char* nick, const char* blurb, guint low, guint high,
              guint initial, GParamFlags flags) {
    add(g_param_spec_uint(name, nick, blurb, low, high, initial, flags));
  }
  // A sampling knob, -1 for the model's own default.
  void knob(const char* name, const char* nick, const char* blurb, const Range& range) {
    add(g_param_spec_double(name, nick, blurb, -1, range.high, -1, kPlaying));
  }
  void flag(const char* name, const char* nick, const char* blurb, bool initial,
            GParamFlags flags) {
    add(g_param_spec_boolean(name, nick, blurb, initial, flags));
  }
  template <class Enum>
  void choice(const char* name, const char* nick, const char* blurb, GType type, Enum initial) {
    add(g_param_spec_enum(name, nick, blurb, type, int(initial), kPlaying));
  }
  void add(GParamSpec* spec) { g_object_class_install_property(class_, ++id_, spec); }

 private:
  GObjectClass* class_;
  guint id_ = 0;
};

}  // namespace

SynthesisOptions TtsSettings::synthesis() const {
  const auto chosen = [](double value) {
    return value < 0 ? std::optional<double>() : std::optional<double>(value);
  };
  SynthesisOptions options;
  options.exaggeration = chosen(exaggeration);
  options.cfg_weight = chosen(cfg_weight);
  options.temperature = chosen(temperature);
  options.repetition_penalty = chosen(repetition_penalty);
  options.min_p = chosen(min_p);
  options.top_p = chosen(top_p);
  if (seed >= 0) options.seed = std::uint64_t(seed);
  options.chunk_size = int(chunk_size);
  return options;
}

void install_tts_properties(GObjectClass* object_class) {
  const TtsSettings initial;
  Installer add(object_class);

  add.string("voice", "Voice",
             "Who speaks: the name of an installed voice, a voice file, or empty for the model's "
             "own voice. Taken up by the next utterance.",
             "", kPlaying);
  add.string("model-path", "Model Path",
             "Directory of the model. Empty: CHATTERBOX_MODEL_PATH, else the installed model.", "",
             kReady);
  add.string("device", "Device",
             "Where to compute: cpu, cuda, cuda:N, or auto for CUDA where there is one.", "auto",
             kReady);
  add.string("dtype", "Data Type",
             "Precision of the weights: float32, bfloat16, float16, or auto for the fastest that "
             "loses nothing on this device.",
             "auto", kReady);
  add.number("threads", "Threads",
             "Threads for computing on the processor. 0 uses as many as it has cores.", 0, 1024,
             initial.threads, kReady);

  add.knob("exaggeration", "Exaggeration",
           "Emotion: 0 is flat, 0.5 neutral, 1 strong. -1 is the model's default.",
           SynthesisOptions::kExaggeration);
  add.knob("cfg-weight", "Guidance Weight",
           "How closely speech keeps to text and voice. 0 turns guidance off and is faster. -1 is "
           "the model's default.",
           SynthesisOptions::kCfgWeight);
  add.knob("temperature", "Temperature",
           "How freely tokens are drawn; 0 takes the likeliest. -1 is the model's default.",
           SynthesisOptions::kTemperature);
  add.knob("repetition-penalty", "Repetition Penalty",
           "Divides the likelihood of tokens already spoken, from 1 (off) to 2. -1 is the model's "
           "default.",
           SynthesisOptions::kRepetitionPenalty);
  add.knob("min-p", "Minimum Probability",
           "Drops tokens less likely than this share of the likeliest one; 0 is off. -1 is the "
           "model's default.",
           SynthesisOptions::kMinP);
  add.knob("top-p", "Top Probability",
           "Keeps the likeliest tokens up to this total probability; 1 is off. -1 is the model's "
           "default.",
           SynthesisOptions::kTopP);
  add.add(g_param_spec_int64("seed", "Seed",
                             "Seed of the random draws; the same seed speaks the same text in the "
                             "same way. -1 takes a fresh one for each utterance.",
                             -1, G_MAXINT64, initial.seed, kPlaying));
  add.number("chunk-size", "Chunk Size",
             "Speech tokens (40 ms each) between two pieces of audio. Fewer: audio comes sooner "
             "and costs more.",
             guint(SynthesisOptions::kChunkSize.low), guint(SynthesisOptions::kChunkSize.high),
             initial.chunk_size, kPlaying);

  add.string("text", "Text", "Text to speak when nothing is linked to the sink pad.", "", kReady);
  add.number("latency", "Latency",
             "Time that live text may take to become speech, in milliseconds; added to the latency "
             "of a live pipeline.",
             0, 60000, initial.latency_ms, kPlaying);
  add.choice("timing", "Timing", "When an utterance begins.", timing_type(), initial.timing);
  add.flag("force-live", "Force Live",
           "Be a live source though upstream is not: for text that a person or a program writes "
           "while it is spoken.",
           initial.force_live, kReady);
  add.number("max-wait", "Maximum Wait",
             "Milliseconds after which live text is spoken though its sentence is not complete. 0 "
             "waits for the end of the sentence.",
             0, 60000, initial.max_wait_ms, kPlaying);
  add.flag("fill-gaps", "Fill Gaps",
           "Push silence between utterances in place of gap events, for what ignores timestamps, "
           "such as wavenc.",
           initial.fill_gaps, kPlaying);
  add.choice("overflow", "Overflow", "What to do when speech is longer than its cue.",
             overflow_type(), initial.overflow);
  add.flag("post-messages", "Post Messages",
           "Post element messages when an utterance starts and ends, and for words where the model "
           "knows them.",
           initial.post_messages, kPlaying);
  add.choice("on-error", "On Error",
             "What to do when an utterance cannot be spoken, after a second attempt.",
             on_error_type(), initial.on_error);
}

void set_tts_property(TtsSettings& settings, const char* name, const GValue* value) {
  visit_member(settings, name, [value](auto& member) { store(value, member); });
}

void get_tts_property(const TtsSettings& settings, const char* name, GValue* value) {
  visit_member(settings, name, [value](const auto& member) { show(value, member); });
}

}  // namespace chatterbox::gst
