// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "script.h"

namespace chatterbox::gst {

// Speech Synthesis Markup Language, the part that makes sense here: speak, p, s,
// break (time, strength), voice (name), prosody (rate, volume), lang, sub
// (alias) and say-as (characters, digits). Of other elements the text is kept,
// except of metadata and desc. A fragment without <speak> is taken too. Nothing
// when the XML is not well formed.
std::optional<Script> parse_ssml(std::string_view document);

// A long script as utterances: each sentence one.
std::vector<Script> split_into_sentences(const Script& script);

}  // namespace chatterbox::gst
