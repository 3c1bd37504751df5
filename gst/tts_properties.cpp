// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The properties of chatterboxtts as GObject sees them.
#include "tts_enums.h"
#include "tts_property_installer.h"
#include "tts_settings.h"

namespace chatterbox::gst {

namespace {

void install_voice(Installer& add) {
  /**
   * GstChatterboxTts:voice:
   *
   * Who speaks: the name of a voice, a voice file, or empty for the model's own voice. Overridden,
   * least specific first, by #GstChatterboxTts:speaker-map, a `chatterbox/voice` event, a
   * `GstChatterboxSpeechMeta` and the text's own markup.
   *
   * Since: 0.1
   */
  add.string("voice", "Voice",
             "Who speaks: the name of an installed voice, a voice file, or empty for the model's "
             "own voice. Taken up by the next utterance.",
             "", kPlaying);
  /**
   * GstChatterboxTts:speaker-map:
   *
   * Voices of the speakers that the text names, as in WebVTT's `<v Bob>`:
   * `speakers,bob=ada,narrator=george`. A value may be a structure with the fields of a
   * `chatterbox/voice` event.
   *
   * Since: 0.1
   */
  add.add(g_param_spec_boxed("speaker-map", "Speaker Map",
                             "Voices of speakers that the text names: a structure with a field for "
                             "each of them.",
                             GST_TYPE_STRUCTURE, kPlaying));
  /**
   * GstChatterboxTts:language:
   *
   * The `language-code` tag of the speech. `auto` takes it from upstream's tag, else `en`.
   *
   * Since: 0.1
   */
  add.string("language", "Language",
             "Language code of the speech's tags; auto takes it from upstream's tags, else en.",
             "auto", kPlaying);
}

void install_model(Installer& add, const TtsSettings& initial) {
  /**
   * GstChatterboxTts:model-path:
   *
   * Directory of the model.
   *
   * Since: 0.1
   */
  add.string("model-path", "Model Path",
             "Directory of the model. Empty: CHATTERBOX_MODEL_PATH, else the installed model.", "",
             kReady);
  /**
   * GstChatterboxTts:model-family:
   *
   * Which of several models in the directory.
   *
   * Since: 0.1
   */
  add.string("model-family", "Model Family",
             "Which model, where the directory holds several: english, turbo, nano or "
             "multilingual. Empty: CHATTERBOX_MODEL_FAMILY, else the one that is there, English "
             "first.",
             "", kReady);
  /**
   * GstChatterboxTts:device:
   *
   * Where to compute.
   *
   * Since: 0.1
   */
  add.string("device", "Device",
             "Where to compute: cpu, cuda, cuda:N, or auto for CUDA where there is one.", "auto",
             kReady);
  /**
   * GstChatterboxTts:dtype:
   *
   * Precision of the weights.
   *
   * Since: 0.1
   */
  add.string(
      "dtype", "Data Type",
      "Precision of the weights: float32, bfloat16, float16, int8 (processor: the fastest, a "
      "little less exact), or auto for the fastest that loses nothing on this device.",
      "auto", kReady);
  /**
   * GstChatterboxTts:threads:
   *
   * Threads for computing.
   *
   * Since: 0.1
   */
  add.number("threads", "Threads",
             "Threads for computing on the processor. 0 uses as many as it has cores.", 0, 1024,
             initial.threads, kReady);
}

void install_sampling(Installer& add, const TtsSettings& initial) {
  /**
   * GstChatterboxTts:exaggeration:
   *
   * Emotion of the voice.
   *
   * Since: 0.1
   */
  add.knob("exaggeration", "Exaggeration",
           "Emotion: 0 is flat, 0.5 neutral, 1 strong. -1 is the model's default.",
           SynthesisOptions::kExaggeration);
  /**
   * GstChatterboxTts:cfg-weight:
   *
   * Weight of classifier-free guidance.
   *
   * Since: 0.1
   */
  add.knob("cfg-weight", "Guidance Weight",
           "How closely speech keeps to text and voice. 0 turns guidance off and is faster. -1 is "
           "the model's default.",
           SynthesisOptions::kCfgWeight);
  /**
   * GstChatterboxTts:temperature:
   *
   * How freely speech tokens are drawn.
   *
   * Since: 0.1
   */
  add.knob("temperature", "Temperature",
           "How freely tokens are drawn; 0 takes the likeliest. -1 is the model's default.",
           SynthesisOptions::kTemperature);
  /**
   * GstChatterboxTts:repetition-penalty:
   *
   * What tokens already spoken lose.
   *
   * Since: 0.1
   */
  add.knob("repetition-penalty", "Repetition Penalty",
           "Divides the likelihood of tokens already spoken, from 1 (off) to 2. -1 is the model's "
           "default.",
           SynthesisOptions::kRepetitionPenalty);
  /**
   * GstChatterboxTts:min-p:
   *
   * Least probability of a token, as a share of the likeliest one's.
   *
   * Since: 0.1
   */
  add.knob("min-p", "Minimum Probability",
           "Drops tokens less likely than this share of the likeliest one; 0 is off. -1 is the "
           "model's default.",
           SynthesisOptions::kMinP);
  /**
   * GstChatterboxTts:top-p:
   *
   * Total probability of the tokens that are kept.
   *
   * Since: 0.1
   */
  add.knob("top-p", "Top Probability",
           "Keeps the likeliest tokens up to this total probability; 1 is off. -1 is the model's "
           "default.",
           SynthesisOptions::kTopP);
  /**
   * GstChatterboxTts:top-k:
   *
   * How many of the likeliest tokens are kept.
   *
   * Since: 0.1
   */
  add.add(g_param_spec_int("top-k", "Top Tokens",
                           "Keeps so many of the likeliest tokens; 0 is off. Turbo and Nano. -1 is "
                           "the model's default.",
                           -1, gint(SynthesisOptions::kTopK.high), initial.top_k, kControlled));
  /**
   * GstChatterboxTts:seed:
   *
   * Seed of the random draws.
   *
   * Since: 0.1
   */
  add.add(g_param_spec_int64("seed", "Seed",
                             "Seed of the random draws; the same seed speaks the same text in the "
                             "same way. -1 takes a fresh one for each utterance.",
                             -1, G_MAXINT64, initial.seed, kPlaying));
  /**
   * GstChatterboxTts:chunk-size:
   *
   * How much speech is made before it is pushed.
   *
   * Since: 0.1
   */
  add.number("chunk-size", "Chunk Size",
             "Speech tokens (40 ms each) between two pieces of audio. Fewer: audio comes sooner "
             "and costs more.",
             guint(SynthesisOptions::kChunkSize.low), guint(SynthesisOptions::kChunkSize.high),
             initial.chunk_size, kPlaying);
  /**
   * GstChatterboxTts:trim-silence:
   *
   * Pauses in an utterance and between utterances stay.
   *
   * Since: 0.1
   */
  add.flag("trim-silence", "Trim silence",
           "Begin at once and end soon, without the silence that a model makes around speech. "
           "Taken up by the next utterance.",
           initial.trim_silence, kPlaying);
  /**
   * GstChatterboxTts:watermark:
   *
   * Marks the speech as synthetic, as upstream's does.
   *
   * Since: 0.1
   */
  add.flag("watermark", "Watermark",
           "Mark the speech as synthetic, inaudibly. Taken up by the next utterance.",
           initial.watermark, kPlaying);
}

void install_text(Installer& add, const TtsSettings& initial) {
  /**
   * GstChatterboxTts:read-signs:
   *
   * Since: 0.1
   */
  add.flag("read-signs", "Read signs",
           "Read every sign of the text, marks of Markdown, HTML and subtitles too.",
           initial.read_signs, kPlaying);
  /**
   * GstChatterboxTts:skip-lyrics:
   *
   * Since: 0.1
   */
  add.flag("skip-lyrics", "Skip lyrics", "Leave out what is sung in subtitles, between notes.",
           initial.skip_lyrics, kPlaying);
  /**
   * GstChatterboxTts:text:
   *
   * What is spoken when nothing is linked to the sink pad; the element is a source then.
   *
   * Since: 0.1
   */
  add.string("text", "Text", "Text to speak when nothing is linked to the sink pad.", "", kReady);
  /**
   * GstChatterboxTts:accumulate:
   *
   * What of the text becomes one utterance.
   *
   * Since: 0.1
   */
  add.choice("accumulate", "Accumulate", "What of the text that arrives becomes one utterance.",
             tts_accumulate_type(), initial.accumulate);
  /**
   * GstChatterboxTts:max-chars:
   *
   * Longest utterance made of running text.
   *
   * Since: 0.1
   */
  add.number("max-chars", "Maximum Characters",
             "Running text without the end of a sentence is cut after this many characters at the "
             "latest.",
             20, 4000, initial.max_chars, kPlaying);
  /**
   * GstChatterboxTts:first-min-chars:
   *
   * What comes first after silence may end before its sentence does, so that speech begins sooner.
   *
   * Since: 0.1
   */
  add.number("first-min-chars", "First Minimum Characters",
             "Live text that begins after silence is spoken from its first comma after this many "
             "characters on. 0 waits for the sentence.",
             0, 4000, initial.first_min_chars, kPlaying);
  /**
   * GstChatterboxTts:max-wait:
   *
   * How long live text waits for the end of its sentence.
   *
   * Since: 0.1
   */
  add.number("max-wait", "Maximum Wait",
             "Milliseconds after which live text is spoken though its sentence is not complete. 0 "
             "waits for the end of the sentence.",
             0, 60000, initial.max_wait_ms, kPlaying);
}

void install_timing(Installer& add, const TtsSettings& initial) {
  /**
   * GstChatterboxTts:latency:
   *
   * Time that live text may take, reported in LATENCY queries.
   *
   * Since: 0.1
   */
  add.number("latency", "Latency",
             "Time that live text may take to become speech, in milliseconds; added to the latency "
             "of a live pipeline. -1 (4294967295) adds nothing and speaks as timing=immediate.",
             0, G_MAXUINT, initial.latency_ms, kPlaying);
  /**
   * GstChatterboxTts:timing:
   *
   * When an utterance begins.
   *
   * Since: 0.1
   */
  add.choice("timing", "Timing", "When an utterance begins.", tts_timing_type(), initial.timing);
  /**
   * GstChatterboxTts:force-live:
   *
   * Be a live source although upstream is not.
   *
   * Since: 0.1
   */
  add.flag("force-live", "Force Live",
           "Be a live source though upstream is not: for text that a person or a program writes "
           "while it is spoken.",
           initial.force_live, kReady);
  /**
   * GstChatterboxTts:fill-gaps:
   *
   * Silence in place of gap events.
   *
   * Since: 0.1
   */
  add.flag("fill-gaps", "Fill Gaps",
           "Push silence between utterances in place of gap events, for what ignores timestamps, "
           "such as wavenc.",
           initial.fill_gaps, kPlaying);
  /**
   * GstChatterboxTts:overflow:
   *
   * What happens to speech that is longer than its cue.
   *
   * Since: 0.1
   */
  add.choice("overflow", "Overflow", "What to do when speech is longer than its cue.",
             tts_overflow_type(), initial.overflow);
  /**
   * GstChatterboxTts:max-overflow:
   *
   * How far speech may go beyond its cue before #GstChatterboxTts:overflow clips or compresses it.
   *
   * Since: 0.1
   */
  add.number("max-overflow", "Maximum Overflow",
             "Milliseconds that speech may go beyond the end of its cue before overflow=clip or "
             "overflow=compress acts.",
             0, 3600000, initial.max_overflow_ms, kPlaying);
  /**
   * GstChatterboxTts:max-compression:
   *
   * How much faster overflow=compress may make speech.
   *
   * Since: 0.1
   */
  add.add(g_param_spec_double("max-compression", "Maximum Compression",
                              "How many times faster overflow=compress may speak; what is still "
                              "too long is shifted.",
                              1, 3, initial.max_compression, kPlaying));
}

}  // namespace

void install_tts_properties(GObjectClass* object_class) {
  const TtsSettings initial;
  Installer add(object_class);
  install_voice(add);
  install_model(add, initial);
  install_sampling(add, initial);
  install_text(add, initial);
  install_timing(add, initial);
  /**
   * GstChatterboxTts:post-messages:
   *
   * Whether element messages tell what is spoken.
   *
   * Since: 0.1
   */
  add.flag("post-messages", "Post Messages",
           "Post element messages when an utterance starts and ends, and for words where the model "
           "knows them.",
           initial.post_messages, kPlaying);
  /**
   * GstChatterboxTts:on-error:
   *
   * What happens when an utterance fails twice.
   *
   * Since: 0.1
   */
  add.choice("on-error", "On Error",
             "What to do when an utterance cannot be spoken, after a second attempt.",
             tts_on_error_type(), initial.on_error);
}

}  // namespace chatterbox::gst
