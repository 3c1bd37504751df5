// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The table of chatterboxtts' properties: one row each.
#include "model_properties.h"
#include "tts_settings.h"

namespace chatterbox::gst {

namespace {

using VoiceRows = Rows<TtsSettings, &TtsSettings::voice>;
using SpeechRows = Rows<TtsSettings, &TtsSettings::speech>;
using TextRows = Rows<TtsSettings, &TtsSettings::text>;
using TimingRows = Rows<TtsSettings, &TtsSettings::timing>;

constexpr std::array<PropertyRow, 6> kVoice = {
    /**
     * GstChatterboxTts:voice:
     *
     * Who speaks: the name of a voice, a voice file, or empty for the model's own voice.
     * Overridden, least specific first, by #GstChatterboxTts:speaker-map, a `chatterbox/voice`
     * event, a `GstChatterboxSpeechMeta` and the text's own markup.
     *
     * Since: 0.1
     */
    VoiceRows::row<&VoiceSettings::voice>(
        "voice", "Voice",
        "Who speaks: the name of an installed voice, a voice file, or empty for the model's own "
        "voice. Taken up by the next utterance.",
        kInPlaying),
    /**
     * GstChatterboxTts:speaker-map:
     *
     * Voices of the speakers that the text names, as in WebVTT's `<v Bob>`:
     * `speakers,bob=ada,narrator=george`. A value may be a structure with the fields of a
     * `chatterbox/voice` event.
     *
     * Since: 0.1
     */
    VoiceRows::row<&VoiceSettings::speaker_map>(
        "speaker-map", "Speaker Map",
        "Voices of speakers that the text names: a structure with a field for each of them.",
        kInPlaying),
    /**
     * GstChatterboxTts:language:
     *
     * The language that the text is read in, and the `language-code` tag of the speech. One that
     * the model does not speak is an error. `auto` takes upstream's tag where the model speaks it;
     * SSML's `xml:lang` goes before both.
     *
     * Since: 0.1
     */
    VoiceRows::row<&VoiceSettings::language>(
        "language", "Language",
        "Language of the text and code of the speech's tags; auto takes it from upstream's tags, "
        "else en.",
        kInPlaying),
    /**
     * GstChatterboxTts:voices:
     *
     * Names of the voices that #GstChatterboxTts:voice takes: of the installed ones and of the
     * user's own.
     *
     * Since: 0.1
     */
    read_only("voices", "Voices", "Names of the voices there are, installed and the user's own.",
              make_strings_spec, show_voices),
    /**
     * GstChatterboxTts:languages:
     *
     * Codes of the languages that #GstChatterboxTts:language takes: those of the model that
     * #GstChatterboxTts:model-path and #GstChatterboxTts:model-family name. Empty where there is no
     * such model.
     *
     * Since: 0.2
     */
    read_only("languages", "Languages", "Codes of the languages that the model speaks.",
              make_strings_spec,
              [](const void* settings, GValue* value) {
                show_strings(value, static_cast<const TtsSettings*>(settings)->facts().languages);
              }),
    /**
     * GstChatterboxTts:tags:
     *
     * What a text for the model may hold besides words, such as `[laugh]`. Tags that only other
     * models know are not spoken.
     *
     * Since: 0.2
     */
    read_only("tags", "Tags", "Tags that the model was taught to act on, such as [laugh].",
              make_strings_spec,
              [](const void* settings, GValue* value) {
                show_strings(value, static_cast<const TtsSettings*>(settings)->facts().tags);
              }),
};

constexpr std::array<PropertyRow, 14> kSpeech = {
    /**
     * GstChatterboxTts:exaggeration:
     *
     * Emotion of the voice.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::exaggeration>(
        "exaggeration", "Exaggeration",
        "Emotion: 0 is flat, 0.5 neutral, 1 strong. -1 is the model's default.", kControlled,
        {-1, SynthesisOptions::kExaggeration.high}),
    /**
     * GstChatterboxTts:cfg-weight:
     *
     * Weight of classifier-free guidance.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::cfg_weight>(
        "cfg-weight", "Guidance Weight",
        "How closely speech keeps to text and voice. 0 turns guidance off and is faster. -1 is the "
        "model's default.",
        kControlled, {-1, SynthesisOptions::kCfgWeight.high}),
    /**
     * GstChatterboxTts:temperature:
     *
     * How freely speech tokens are drawn.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::temperature>(
        "temperature", "Temperature",
        "How freely tokens are drawn; 0 takes the likeliest. -1 is the model's default.",
        kControlled, {-1, SynthesisOptions::kTemperature.high}),
    /**
     * GstChatterboxTts:repetition-penalty:
     *
     * What tokens already spoken lose.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::repetition_penalty>(
        "repetition-penalty", "Repetition Penalty",
        "Divides the likelihood of tokens already spoken, from 1 (off) to 2. -1 is the model's "
        "default.",
        kControlled, {-1, SynthesisOptions::kRepetitionPenalty.high}),
    /**
     * GstChatterboxTts:min-p:
     *
     * Least probability of a token, as a share of the likeliest one's.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::min_p>(
        "min-p", "Minimum Probability",
        "Drops tokens less likely than this share of the likeliest one; 0 is off. -1 is the "
        "model's default.",
        kControlled, {-1, SynthesisOptions::kMinP.high}),
    /**
     * GstChatterboxTts:top-p:
     *
     * Total probability of the tokens that are kept.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::top_p>("top-p", "Top Probability",
                                            "Keeps the likeliest tokens up to this total "
                                            "probability; 1 is off. -1 is the model's default.",
                                            kControlled, {-1, SynthesisOptions::kTopP.high}),
    /**
     * GstChatterboxTts:top-k:
     *
     * How many of the likeliest tokens are kept.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::top_k>(
        "top-k", "Top Tokens",
        "Keeps so many of the likeliest tokens; 0 is off. Turbo and Nano. -1 is the model's "
        "default.",
        kControlled, {-1, SynthesisOptions::kTopK.high}),
    /**
     * GstChatterboxTts:flow-steps:
     *
     * Steps of the decoder's flow.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::flow_steps>(
        "flow-steps", "Flow Steps",
        "Steps of a guided flow (English, Multilingual): fewer are faster and less exact. 0: as "
        "quality says, 10 or 5. Turbo and Nano have two of their own.",
        kInPlaying, SynthesisOptions::kFlowSteps),
    /**
     * GstChatterboxTts:seed:
     *
     * Seed of the random draws.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::seed>(
        "seed", "Seed",
        "Seed of the random draws; the same seed speaks the same text in the same way. -1 takes a "
        "fresh one for each utterance.",
        kInPlaying),
    /**
     * GstChatterboxTts:chunk-size:
     *
     * How much speech is made before it is pushed.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::chunk_size>(
        "chunk-size", "Chunk Size",
        "Speech tokens (40 ms each) between two pieces of audio. Fewer: audio comes sooner and "
        "costs more.",
        kInPlaying, SynthesisOptions::kChunkSize),
    /**
     * GstChatterboxTts:trim-silence:
     *
     * An utterance begins within 20 ms of its timestamp and ends 150 ms after its last sound.
     * Pauses in it stay, and so do those between utterances that follow each other.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::trim_silence>(
        "trim-silence", "Trim Silence",
        "Begin at once and end soon, without the silence that a model makes around speech. Taken "
        "up by the next utterance.",
        kInPlaying),
    /**
     * GstChatterboxTts:watermark:
     *
     * Marks the speech as synthetic, as upstream's does.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::watermark>(
        "watermark", "Watermark",
        "Mark the speech as synthetic, inaudibly. Taken up by the next utterance.", kInPlaying),
    /**
     * GstChatterboxTts:rate:
     *
     * How fast the voice speaks.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::rate>(
        "rate", "Rate",
        "How many times as fast as the voice's own pace, its pitch kept. SSML's rates multiply it.",
        kControlled, {0.5, 2}),
    /**
     * GstChatterboxTts:volume:
     *
     * How loud the speech is.
     *
     * Since: 0.1
     */
    SpeechRows::row<&SpeechSettings::volume>("volume", "Volume",
                                             "Factor of the amplitude. SSML's volumes multiply it.",
                                             kControlled, {0, 4}),
};

constexpr std::array<PropertyRow, 7> kText = {
    /**
     * GstChatterboxTts:read-signs:
     *
     * Whether signs around words are read.
     *
     * Since: 0.1
     */
    TextRows::row<&TextSettings::read_signs>(
        "read-signs", "Read signs",
        "Read every sign of the text, marks of Markdown, HTML and subtitles too.", kInPlaying),
    /**
     * GstChatterboxTts:skip-lyrics:
     *
     * Whether what is sung is left out.
     *
     * Since: 0.1
     */
    TextRows::row<&TextSettings::skip_lyrics>("skip-lyrics", "Skip lyrics",
                                              "Leave out what is sung in subtitles, between notes.",
                                              kInPlaying),
    /**
     * GstChatterboxTts:text:
     *
     * What is spoken when nothing is linked to the sink pad; the element is a source then. Set
     * while the element runs, it is spoken after what has come, as by #GstChatterboxTts::say.
     *
     * Since: 0.1
     */
    TextRows::row<&TextSettings::text>(
        "text", "Text",
        "Text to speak. Set in READY, with nothing linked to the sink pad, it is all that is "
        "spoken; set later, it is spoken as by the signal say.",
        kInPlaying),
    /**
     * GstChatterboxTts:accumulate:
     *
     * What of the text becomes one utterance.
     *
     * Since: 0.1
     */
    TextRows::row<&TextSettings::accumulate>("accumulate", "Accumulate",
                                             "What of the text that arrives becomes one utterance.",
                                             kInPlaying),
    /**
     * GstChatterboxTts:max-chars:
     *
     * Longest utterance made of running text.
     *
     * Since: 0.1
     */
    TextRows::row<&TextSettings::max_chars>("max-chars", "Maximum Characters",
                                            "Running text without the end of a sentence is "
                                            "cut after this many characters at the latest.",
                                            kInPlaying, {20, 4000}),
    /**
     * GstChatterboxTts:first-min-chars:
     *
     * What comes first after silence may end before its sentence does, so that speech begins
     * sooner.
     *
     * Since: 0.1
     */
    TextRows::row<&TextSettings::first_min_chars>(
        "first-min-chars", "First Minimum Characters",
        "Live text that begins after silence is spoken from its first comma after this many "
        "characters on. 0 waits for the sentence.",
        kInPlaying, {0, 4000}),
    /**
     * GstChatterboxTts:max-wait:
     *
     * How long live text waits for the end of its sentence.
     *
     * Since: 0.1
     */
    TextRows::row<&TextSettings::max_wait_ms>(
        "max-wait", "Maximum Wait",
        "Milliseconds after which live text is spoken though its sentence is not complete. 0 waits "
        "for the end of the sentence.",
        kInPlaying, {0, 60000}),
};

constexpr std::array<PropertyRow, 9> kTiming = {
    /**
     * GstChatterboxTts:latency:
     *
     * Time that live text may take, reported in LATENCY queries.
     *
     * Since: 0.1
     */
    TimingRows::row<&TimingSettings::latency_ms>(
        "latency", "Latency",
        "Time that live text may take to become speech, in milliseconds; added to the latency of a "
        "live pipeline. -1 (4294967295) adds nothing and speaks as timing=immediate.",
        kInPlaying, {0, G_MAXUINT}),
    /**
     * GstChatterboxTts:timing:
     *
     * When an utterance begins.
     *
     * Since: 0.1
     */
    TimingRows::row<&TimingSettings::timing>("timing", "Timing", "When an utterance begins.",
                                             kInPlaying),
    /**
     * GstChatterboxTts:force-live:
     *
     * Be a live source although upstream is not.
     *
     * Since: 0.1
     */
    TimingRows::row<&TimingSettings::force_live>(
        "force-live", "Force Live",
        "Be a live source though upstream is not: for text that a person or a program writes while "
        "it is spoken.",
        kInReady),
    /**
     * GstChatterboxTts:fill-gaps:
     *
     * Silence in place of gap events.
     *
     * Since: 0.1
     */
    TimingRows::row<&TimingSettings::fill_gaps>(
        "fill-gaps", "Fill Gaps",
        "Push silence between utterances in place of gap events, for what ignores timestamps, such "
        "as wavenc. Live speech in a pipeline with a muxer is always filled.",
        kInPlaying),
    /**
     * GstChatterboxTts:overflow:
     *
     * What happens to speech that is longer than its cue.
     *
     * Since: 0.1
     */
    TimingRows::row<&TimingSettings::overflow>(
        "overflow", "Overflow", "What to do when speech is longer than its cue.", kInPlaying),
    /**
     * GstChatterboxTts:max-overflow:
     *
     * How far speech may go beyond its cue before #GstChatterboxTts:overflow clips or compresses
     * it.
     *
     * Since: 0.1
     */
    TimingRows::row<&TimingSettings::max_overflow_ms>(
        "max-overflow", "Maximum Overflow",
        "Milliseconds that speech may go beyond the end of its cue before overflow=clip or "
        "overflow=compress acts.",
        kInPlaying, {0, 3600000}),
    /**
     * GstChatterboxTts:max-compression:
     *
     * How much faster overflow=compress may make speech.
     *
     * Since: 0.1
     */
    TimingRows::row<&TimingSettings::max_compression>(
        "max-compression", "Maximum Compression",
        "How many times faster overflow=compress may speak; what is still too long is shifted.",
        kInPlaying, {1, 3}),
    /**
     * GstChatterboxTts:post-messages:
     *
     * Whether element messages tell what is spoken.
     *
     * Since: 0.1
     */
    Rows<TtsSettings>::row<&TtsSettings::post_messages>(
        "post-messages", "Post Messages",
        "Post element messages when an utterance starts and ends, and for words where the model "
        "knows them.",
        kInPlaying),
    /**
     * GstChatterboxTts:on-error:
     *
     * What happens when an utterance fails twice.
     *
     * Since: 0.1
     */
    Rows<TtsSettings>::row<&TtsSettings::on_error>(
        "on-error", "On Error",
        "What to do when an utterance cannot be spoken, after a second attempt.", kInPlaying),
};

constexpr auto kRows = join(kVoice, model_properties<TtsSettings>(), kSpeech, kText, kTiming);

}  // namespace

std::span<const PropertyRow> tts_properties() { return kRows; }

}  // namespace chatterbox::gst
