// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include "speech_output.h"

namespace chatterbox::gst {

// Custom metas (gst_buffer_add_custom_meta) that chatterboxtts reads and writes.

// On text: how this one buffer is spoken. Fields of a chatterbox/voice event,
// and `speaker`.
inline constexpr const char* kSpeechMeta = "GstChatterboxSpeechMeta";
// On audio: a word whose speech begins in the buffer. Fields utterance, text,
// timestamp, duration, stream-time, running-time. A buffer may have several.
inline constexpr const char* kWordMeta = "GstChatterboxWordMeta";

// Makes both known to GStreamer: once, as the class of the element is.
void register_metas();

// Fields of the buffer's speech meta, owned by the buffer; null when it has none.
const GstStructure* speech_meta_of(GstBuffer* buffer);

// The word as the fields of a message or a meta, its times in `segment`.
OwnedStructure word_fields(const char* name, guint64 utterance, const SpokenWord& word,
                           const GstSegment& segment);

// Attaches the word to a writable buffer.
void add_word_meta(GstBuffer* buffer, const GstStructure* fields);

// Copies to the writable `audio` what other elements attached to the text and
// what depends on no property of it (no tags).
void copy_untagged_metas(GstBuffer* text, GstBuffer* audio);

}  // namespace chatterbox::gst
