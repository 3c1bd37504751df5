// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The table of chatterboxvc's properties: one row each.
#include "vc_settings.h"

#include "speech_input.h"

namespace chatterbox::gst {

/**
 * GstChatterboxVcOverloadPolicy:
 * @silence: silence
 * @drop: nothing, the stream has a gap
 * @passthrough: the speaker's own voice, unconverted
 *
 * What is heard in place of live speech that there was no time to convert.
 *
 * Since: 0.1
 */
GType enum_type(OverloadPolicy) {
  static constexpr EnumRow kRows[] = {
      {"silence", "Silence"},
      {"drop", "Nothing: the stream has a gap"},
      {"passthrough", "The speaker's own voice, unconverted"},
  };
  static const GType type = register_enum("GstChatterboxVcOverloadPolicy", kRows);
  return type;
}

ConversionOptions VcSettings::conversion() const {
  ConversionOptions options;
  if (seed >= 0) options.seed = std::uint64_t(seed);
  options.chunk_size = int(chunk_size);
  options.lookahead = int(lookahead_ms);
  options.flow_steps = int(flow_steps);
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

namespace {

constexpr std::array<PropertyRow, 2> kVoice = {
    /**
     * GstChatterboxVc:voice:
     *
     * Whose voice is heard. An unknown one that is set while the element runs leaves the voice as
     * it is, with a warning. `chatterbox/voice` and `chatterbox/speaker-voice` events change it
     * too.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::voice>(
        "voice", "Voice",
        "Whose voice is heard: the name of an installed voice, a voice file or recording, or empty "
        "for the model's own voice. The next chunk takes it up once it has been read.",
        kInPlaying),
    /**
     * GstChatterboxVc:voices:
     *
     * Names of the voices that #GstChatterboxVc:voice takes.
     *
     * Since: 0.1
     */
    read_only("voices", "Voices", "Names of the voices there are, installed and the user's own.",
              make_strings_spec, show_voices),
};

constexpr std::array<PropertyRow, 11> kConversion = {
    /**
     * GstChatterboxVc:seed:
     *
     * Seed of the random draws.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::seed>(
        "seed", "Seed",
        "Seed of the random draws; the same seed converts the same speech in the same way. -1 "
        "takes a fresh one each time the element starts.",
        kInReady),
    /**
     * GstChatterboxVc:chunk-size:
     *
     * Speech that is converted at a time. A change takes effect at the next chunk and posts
     * LATENCY.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::chunk_size>(
        "chunk-size", "Chunk Size",
        "Speech tokens (40 ms each) converted at a time; part of the latency. Fewer cost more.",
        kInPlaying, ConversionOptions::kChunkSize),
    /**
     * GstChatterboxVc:lookahead:
     *
     * Speech that is heard after a chunk before it is converted.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::lookahead_ms>(
        "lookahead", "Lookahead",
        "Milliseconds of speech heard after a chunk before it is converted; part of the latency.",
        kInReady, ConversionOptions::kLookahead),
    /**
     * GstChatterboxVc:flow-steps:
     *
     * Steps of the decoder's flow.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::flow_steps>(
        "flow-steps", "Flow Steps",
        "Steps of a guided flow (English, Multilingual): fewer are faster and less exact. 0: as "
        "quality says, 10 or 5. Turbo and Nano have two of their own.",
        kInReady, SynthesisOptions::kFlowSteps),
    /**
     * GstChatterboxVc:silence-threshold:
     *
     * Loudness below which nobody speaks.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::silence_threshold>(
        "silence-threshold", "Silence Threshold",
        "Loudness in dB of full scale below which speech becomes silence without being converted; "
        "-100 for digital silence alone.",
        kInReady, ConversionOptions::kSilenceThreshold),
    /**
     * GstChatterboxVc:processing-latency:
     *
     * Time that the conversion of a chunk may take. Speech that takes longer is late, see
     * #GstChatterboxVc:stats.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::processing_latency_ms>(
        "processing-latency", "Processing Latency",
        "Milliseconds that the conversion of a chunk may take; part of the latency.", kInPlaying,
        {0, 10000}),
    /**
     * GstChatterboxVc:overload-policy:
     *
     * What is heard in place of live speech that there was no time to convert. `passthrough`
     * reveals the speaker's own voice.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::overload_policy>(
        "overload-policy", "Overload Policy",
        "What is heard in place of live speech that there was no time to convert.", kInPlaying),
    /**
     * GstChatterboxVc:bypass:
     *
     * Lets the speaker's own voice through, with the same latency, cross-faded.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::bypass>(
        "bypass", "Bypass", "Let the speaker's own voice through, with the same latency.",
        kInPlaying),
    /**
     * GstChatterboxVc:watermark:
     *
     * Marks converted speech as synthetic.
     *
     * Since: 0.1
     */
    Rows<VcSettings>::row<&VcSettings::watermark>(
        "watermark", "Watermark",
        "Mark converted speech as synthetic, inaudibly; 64 ms of the latency.", kInReady),
    /**
     * GstChatterboxVc:latency:
     *
     * From a sample at the sink pad to its conversion at the source pad, as LATENCY queries are
     * told.
     *
     * Since: 0.1
     */
    read_only(
        "latency", "Latency",
        "From a sample at the sink pad to its conversion at the source pad, in nanoseconds.",
        [](const PropertyRow& row) {
          return g_param_spec_uint64(row.name, row.nick, row.blurb, 0, G_MAXUINT64,
                                     VcSettings().latency(), row.flags);
        },
        [](const void* settings, GValue* value) {
          g_value_set_uint64(value, static_cast<const VcSettings*>(settings)->latency());
        }),
    /**
     * GstChatterboxVc:stats:
     *
     * What the conversion did since it started: a structure with `converted`, `silent`,
     * `discarded`, `overloads`, `late`, `slowest-chunk` and `real-time-factor`.
     *
     * Since: 0.1
     */
    read_only("stats", "Statistics",
              "What the conversion did since it started: converted, silent and discarded time, "
              "overloads, late buffers, real-time factor.",
              make_empty_spec<SharedStructure>),
};

constexpr auto kRows = join(kVoice, model_properties<VcSettings>(), kConversion);

}  // namespace

std::span<const PropertyRow> vc_properties() { return kRows; }

}  // namespace chatterbox::gst
