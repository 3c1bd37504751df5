// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "rows/speech_rows.h"

namespace chatterbox::cli {
namespace {

constexpr OptionRow kFile{"file", 'f', "FILE", Value::kFile,
                          "Read the text from a file: .txt, .ssml, or subtitles (.srt, .vtt) that "
                          "are spoken at their times."};
constexpr OptionRow kRate{"rate", 0, "FACTOR", Value::kText,
                          "How many times as fast as the voice's own pace, from 0.5 to 2."};
constexpr OptionRow kLanguage{"language", 'l', "CODE", Value::kText,
                              "What the text is written in, for a model of several languages."};
constexpr OptionRow kSpeakers{"speakers", 0, "NAME=VOICE,...", Value::kText,
                              "Voices of those whom the text names (WebVTT's <v NAME>)."};

// Options of every speaking command.
std::vector<OptionRow> speech_options(std::vector<OptionRow> own) {
  const std::vector<OptionRow> shared{
      kFile,
      kVoice,
      kModel,
      kFamily,
      kLanguage,
      kSpeakers,
      kRate,
      {"volume", 0, "FACTOR", Value::kText, "Factor of the amplitude, from 0 to 4."},
      {"exaggeration", 0, "AMOUNT", Value::kText, "Emotion, from 0 (flat) to 2."},
      {"cfg-weight", 0, "WEIGHT", Value::kText, "How closely speech keeps to text and voice."},
      {"temperature", 0, "AMOUNT", Value::kText, "How freely tokens are drawn."},
      kSeed,
      {"overflow", 0, "HOW", Value::kWords, "What to do when speech is longer than its subtitle.",
       "shift clip overlap compress"},
      kNoWatermark,
      kDevice,
      kDtype,
      kQuality,
      kThreads};
  own.insert(own.end(), shared.begin(), shared.end());
  return own;
}

}  // namespace

std::vector<CommandRow> speech_rows() {
  return {
      {"say",
       "[TEXT...|-]",
       Value::kText,
       0,
       -1,
       "speak a text",
       "Speaks a text to the speakers or into a file. The text is what stands on the command line, "
       "a file, or standard input; SSML is known by its first tag. Speech begins while the rest is "
       "still being made.",
       speech_options({kOutput, kSink}),
       {{"chatterbox say \"Hello.\"", "To the speakers"},
        {"chatterbox say --voice Amy -o hello.opus \"Hello.\"", "Another voice, into a file"},
        {"chatterbox say -f captions.srt -o dub.wav", "Subtitles at their times"},
        {"fortune | chatterbox say", "What another command prints"},
        {"chatterbox say -", "Lines that are typed, each at once"}}},
      {"captions",
       "[TEXT...|-]",
       Value::kText,
       0,
       -1,
       "speak a text into a file, with captions of it",
       "Writes speech, and captions that know when each word is said: WebVTT lights up word by "
       "word, SRT has cues of a line or two. Needs a model that knows word times (models in "
       "docs/models.md).",
       speech_options(
           {kOutput,
            {"captions", 'c', "FILE", Value::kFile,
             "Where captions go, by its ending .vtt or .srt; else beside the audio, as .vtt."},
            {"each-word", 0, "", Value::kNone, "A caption of its own for each word."}}),
       {{"chatterbox captions -f story.txt -o story.opus", "story.opus and story.vtt"},
        {"chatterbox captions -o hello.wav -c hello.srt \"Hello there.\"", "For players of SRT"}}},
      {"convert",
       "[RECORDING]",
       Value::kFile,
       0,
       1,
       "say a recording in another voice",
       "Says the words of a recording in another voice, as long as the original. --live does it "
       "with the microphone, while you speak, until Ctrl-C: wear headphones.",
       {kOutput,
        kSink,
        kVoice,
        kModel,
        kFamily,
        kSeed,
        kNoWatermark,
        kDevice,
        kDtype,
        kQuality,
        kThreads,
        {"live", 0, "", Value::kNone, "Convert the microphone, not a recording."},
        {"source", 0, "ELEMENTS", Value::kText,
         "GStreamer elements in place of the default microphone."}},
       {{"chatterbox convert talk.mp3 --voice Benjamin -o talk-benjamin.flac", "A recording"},
        {"chatterbox convert --live --voice Amy", "Your own voice, live"}}},
      {"clone",
       "[RECORDING] NAME",
       Value::kFile,
       1,
       2,
       "make a voice of a recording",
       "Makes a voice of what one person says in a recording, or into the microphone until Ctrl-C, "
       "and keeps it among your own voices: NAME is what --voice then takes. Clone nobody who has "
       "not agreed to it.",
       {{"description", 'd', "TEXT", Value::kText, "A few words about the voice."},
        {"overwrite", 0, "", Value::kNone, "Replace a voice of that name."},
        {"source", 0, "ELEMENTS", Value::kText,
         "GStreamer elements in place of the default microphone."},
        kModel,
        kFamily,
        kDevice,
        kDtype,
        kThreads},
       {{"chatterbox clone interview.wav Ann", "Of a recording"},
        {"chatterbox clone Me", "Of what you say"},
        {"chatterbox say --voice Me \"This is my voice.\"", "Speak with it"}}},
      {"watermark detect",
       "FILE...",
       Value::kFile,
       1,
       -1,
       "tell whether recordings are marked",
       "Prints a line for each file: marked or unmarked, the confidence from 0 to 1, the file. "
       "Exits with 0 when all are marked, 1 when one is not or cannot be read. The command "
       "chatterbox-watermark does the same where there is no GStreamer.",
       {},
       {{"chatterbox watermark detect talk.opus", "Is it synthetic?"}}},
      {"watermark apply",
       "INPUT OUTPUT",
       Value::kFile,
       2,
       2,
       "mark a recording as synthetic",
       "Writes a recording with the inaudible mark that speech of this project has: FLAC where "
       "OUTPUT ends so, else WAV.",
       {},
       {{"chatterbox watermark apply plain.wav marked.flac", "Mark what another program made"}}},
      {"bench",
       "[MODEL...]",
       Value::kModel,
       0,
       -1,
       "measure which models this machine can run live",
       "Loads models, all of those that are here unless some are named, and speaks a few sentences "
       "with each: how soon the first sound comes, and how many seconds of work a second of speech "
       "takes. Less than 1 is fast enough to listen while it speaks.",
       {kFamily, kDevice, kDtype, kQuality, kThreads},
       {{"chatterbox bench", "Every model that is here"},
        {"chatterbox bench nano --dtype int8", "One, with weights of 8 bits"}}},
  };
}

}  // namespace chatterbox::cli
