// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

#include "conditionals.h"
#include "config.h"

namespace chatterbox {

// A voice takes 100 kB or so; more than this is something else.
inline constexpr std::size_t kMaxVoiceBytes = 64 << 20;

// A voice as the bytes of a safetensors file. Its metadata names the format and
// the model that the voice belongs to; the model's name is for people.
std::string encode_voice(const Conditionals& voice, const std::string& model_id,
                         const std::string& model_name = {});

// The reverse. Also reads upstream's conds.pt, which names no model and has to
// be judged by its shapes: one of another model is taken, if need be with a shorter prompt for T3.
// `origin` is a path or another name for messages.
// Throws kBadFile, or kInvalidArgument when another model made the voice.
Conditionals decode_voice(std::string_view bytes, const std::string& origin,
                          const std::string& model_id, const ModelConfig& config);

// Throws kBadFile unless every tensor has the shape, type and range that the
// model needs; float tensors must be finite, tokens must be in the codebook.
void check_conditionals(const Conditionals& voice, const ModelConfig& config,
                        const std::string& origin);

}  // namespace chatterbox
