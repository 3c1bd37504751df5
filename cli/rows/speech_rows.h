// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "command_table.h"

namespace chatterbox::cli {

// Options that several commands take in the same sense.
inline constexpr OptionRow kVoice{
    "voice", 'v', "VOICE", Value::kVoice,
    "Name or id of a voice (chatterbox voices list), or a recording."};
inline constexpr OptionRow kModel{"model", 'm', "MODEL", Value::kModel,
                                  "Name of a model (chatterbox models list), or its directory."};
inline constexpr OptionRow kFamily{"family",
                                   0,
                                   "FAMILY",
                                   Value::kWords,
                                   "Which model, where the directory holds several.",
                                   "english turbo nano multilingual"};
inline constexpr OptionRow kDevice{"device", 0, "DEVICE", Value::kText,
                                   "Where to compute: cpu, cuda, cuda:N."};
inline constexpr OptionRow kDtype{"dtype",
                                  0,
                                  "TYPE",
                                  Value::kWords,
                                  "Precision of the weights.",
                                  "auto float32 bfloat16 float16 int8"};
inline constexpr OptionRow kQuality{"quality",
                                    0,
                                    "NAME",
                                    Value::kWords,
                                    "Sound against speed: what upstream computes, or sooner.",
                                    "reference balanced fast"};
inline constexpr OptionRow kThreads{"threads", 0, "COUNT", Value::kText,
                                    "Threads for computing on the processor."};
inline constexpr OptionRow kSeed{"seed", 0, "NUMBER", Value::kText,
                                 "The same seed gives the same audio."};
inline constexpr OptionRow kOutput{
    "output", 'o', "FILE", Value::kFile,
    "Write to a file: .wav, .flac, .opus, .ogg, .mp3 or .mka. Without it, to the speakers."};
inline constexpr OptionRow kSink{
    "sink", 0, "ELEMENTS", Value::kText,
    "GStreamer elements in place of the default speakers, as \"alsasink device=hw:1\"."};
inline constexpr OptionRow kNoWatermark{"no-watermark", 0, "", Value::kNone,
                                        "Do not mark the speech as synthetic."};

}  // namespace chatterbox::cli
