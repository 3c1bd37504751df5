// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "vc_settings.h"

#include <cstring>

#include "speech_input.h"

namespace chatterbox::gst {

namespace {

GType overload_policy_type() {
  static const GEnumValue values[] = {
      {int(OverloadPolicy::kSilence), "Silence", "silence"},
      {int(OverloadPolicy::kDrop), "Nothing: the stream has a gap", "drop"},
      {int(OverloadPolicy::kPassthrough), "The speaker's own voice, unconverted", "passthrough"},
      {0, nullptr, nullptr}};
  static gsize type = 0;
  if (g_once_init_enter(&type)) {
    const GType made = g_enum_register_static("GstChatterboxVcOverloadPolicy", values);
    gst_type_mark_as_plugin_api(made, GstPluginAPIFlags(0));
    g_once_init_leave(&type, made);
  }
  return type;
}

constexpr auto kAlways = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto kPlaying = GParamFlags(kAlways | GST_PARAM_MUTABLE_PLAYING);
constexpr auto kReady = GParamFlags(kAlways | GST_PARAM_MUTABLE_READY);
constexpr auto kReadOnly = GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

void store(const GValue* value, std::string& member) {
  const char* text = g_value_get_string(value);
  member = text ? text : "";
}
void store(const GValue* value, guint& member) { member = g_value_get_uint(value); }
void store(const GValue* value, double& member) { member = g_value_get_double(value); }
void store(const GValue* value, gint64& member) { member = g_value_get_int64(value); }
void store(const GValue* value, bool& member) { member = g_value_get_boolean(value); }
void store(const GValue* value, OverloadPolicy& member) {
  member = OverloadPolicy(g_value_get_enum(value));
}

void show(GValue* value, const std::string& member) { g_value_set_string(value, member.c_str()); }
void show(GValue* value, const guint& member) { g_value_set_uint(value, member); }
void show(GValue* value, const double& member) { g_value_set_double(value, member); }
void show(GValue* value, const gint64& member) { g_value_set_int64(value, member); }
void show(GValue* value, const bool& member) { g_value_set_boolean(value, member); }
void show(GValue* value, const OverloadPolicy& member) { g_value_set_enum(value, int(member)); }

// Calls `visit` with the member that the property `name` stands for.
template <class Settings, class Visit>
void visit_member(Settings& settings, const char* name, Visit&& visit) {
  const auto is = [name](const char* property) { return std::strcmp(name, property) == 0; };
  if (is("voice")) return visit(settings.voice);
  if (is("model-path")) return visit(settings.model_path);
  if (is("model-family")) return visit(settings.model_family);
  if (is("device")) return visit(settings.device);
  if (is("dtype")) return visit(settings.dtype);
  if (is("threads")) return visit(settings.threads);
  if (is("seed")) return visit(settings.seed);
  if (is("chunk-size")) return visit(settings.chunk_size);
  if (is("lookahead")) return visit(settings.lookahead_ms);
  if (is("silence-threshold")) return visit(settings.silence_threshold);
  if (is("processing-latency")) return visit(settings.processing_latency_ms);
  if (is("overload-policy")) return visit(settings.overload_policy);
  if (is("watermark")) return visit(settings.watermark);
  if (is("bypass")) return visit(settings.bypass);
}

}  // namespace

ConversionOptions VcSettings::conversion() const {
  ConversionOptions options;
  if (seed >= 0) options.seed = std::uint64_t(seed);
  options.chunk_size = int(chunk_size);
  options.lookahead = int(lookahead_ms);
  options.silence_threshold = silence_threshold;
  options.watermark = watermark;
  return options;
}

GstClockTime VcSettings::latency() const {
  const auto heard = guint64(Converter::latency(conversion()));
  return gst_util_uint64_scale_ceil(heard, GST_SECOND, Converter::kInputRateHz) +
         SpeechInput::kDelay + processing_latency_ms * GST_MSECOND;
}

GstClockTime VcSettings::backlog() const {
  const GstClockTime chunk = chunk_size * GST_SECOND / kTokenRateHz;
  return 2 * chunk + processing_latency_ms * GST_MSECOND;
}

void install_vc_properties(GObjectClass* object_class) {
  const VcSettings initial;
  guint id = 1;
  const auto add = [&](GParamSpec* spec) {
    g_object_class_install_property(object_class, id++, spec);
  };
  const auto text = [&](const char* name, const char* nick, const char* blurb, const char* value,
                        GParamFlags flags) {
    add(g_param_spec_string(name, nick, blurb, value, flags));
  };
  const auto number = [&](const char* name, const char* nick, const char* blurb, Range range,
                          guint value, GParamFlags flags) {
    add(g_param_spec_uint(name, nick, blurb, guint(range.low), guint(range.high), value, flags));
  };

  text("voice", "Voice",
       "Whose voice is heard: the name of an installed voice, a voice file or recording, or empty "
       "for the model's own voice. The next chunk takes it up once it has been read.",
       "", kPlaying);
  text("model-path", "Model Path",
       "Directory of the model. Empty: CHATTERBOX_MODEL_PATH, else the installed model.", "",
       kReady);
  text("model-family", "Model Family",
       "Which model, where the directory holds several: english, turbo, nano or multilingual. "
       "Empty: CHATTERBOX_MODEL_FAMILY, else the one that is there, English first.",
       "", kReady);
  text("device", "Device",
       "Where to compute: cpu, cuda, cuda:N, or auto for CUDA where there is one.", "auto", kReady);
  text("dtype", "Data Type",
       "Precision of the weights: float32, bfloat16, float16, int8 (processor: the fastest, a "
       "little "
       "less exact), or auto for the fastest that loses nothing on this device.",
       "auto", kReady);
  number("threads", "Threads",
         "Threads for computing on the processor. 0: one for a small model, else as many as it has "
         "cores.",
         {0, 1024}, initial.threads, kReady);
  add(g_param_spec_int64("seed", "Seed",
                         "Seed of the random draws; the same seed converts the same speech in the "
                         "same way. -1 takes a fresh one each time the element starts.",
                         -1, G_MAXINT64, initial.seed, kReady));
  number("chunk-size", "Chunk Size",
         "Speech tokens (40 ms each) converted at a time; part of the latency. Fewer cost more.",
         ConversionOptions::kChunkSize, initial.chunk_size, kPlaying);
  number("lookahead", "Lookahead",
         "Milliseconds of speech heard after a chunk before it is converted; part of the latency.",
         ConversionOptions::kLookahead, initial.lookahead_ms, kReady);
  add(g_param_spec_double("silence-threshold", "Silence Threshold",
                          "Loudness in dB of full scale below which speech becomes silence without "
                          "being converted; -100 for digital silence alone.",
                          ConversionOptions::kSilenceThreshold.low,
                          ConversionOptions::kSilenceThreshold.high, initial.silence_threshold,
                          kReady));
  number("processing-latency", "Processing Latency",
         "Milliseconds that the conversion of a chunk may take; part of the latency.", {0, 10000},
         initial.processing_latency_ms, kPlaying);
  add(g_param_spec_enum("overload-policy", "Overload Policy",
                        "What is heard in place of live speech that there was no time to convert.",
                        overload_policy_type(), int(initial.overload_policy), kPlaying));
  add(g_param_spec_boolean("bypass", "Bypass",
                           "Let the speaker's own voice through, with the same latency.",
                           initial.bypass, kPlaying));
  add(g_param_spec_boolean("watermark", "Watermark",
                           "Mark converted speech as synthetic, inaudibly; 64 ms of the latency.",
                           initial.watermark, kReady));
  add(g_param_spec_uint64("latency", "Latency",
                          "From a sample at the sink pad to its conversion at the source pad, in "
                          "nanoseconds.",
                          0, G_MAXUINT64, initial.latency(), kReadOnly));
  add(g_param_spec_boxed("stats", "Statistics",
                         "What the conversion did since it started: converted, silent and "
                         "discarded time, overloads, late buffers, real-time factor.",
                         GST_TYPE_STRUCTURE, kReadOnly));
}

void set_vc_property(VcSettings& settings, const char* name, const GValue* value) {
  visit_member(settings, name, [value](auto& member) { store(value, member); });
}

void get_vc_property(const VcSettings& settings, const char* name, GValue* value) {
  if (std::strcmp(name, "latency") == 0) g_value_set_uint64(value, settings.latency());
  visit_member(settings, name, [value](const auto& member) { show(value, member); });
}

}  // namespace chatterbox::gst
