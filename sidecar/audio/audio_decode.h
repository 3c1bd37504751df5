// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "chatterbox/audio.h"

namespace chatterbox::sidecar {

struct DecodeLimits {
  // Longest audio; more is cut when `cut`, else refused.
  double seconds = 300;
  bool cut = false;
  // Longest work.
  double work_seconds = 20;
};

// Decodes an audio file of any container GStreamer knows, mixed to one channel,
// at its own rate. The work is done by the program `chatterbox-decode` in a
// process of its own with little memory, no files and no network: what strangers
// send may break that one, not us. Throws RequestError (`what` names the field).
// Asking `stop` ends the work with Error(kCancelled).
Audio decode_upload(std::string_view what, std::string_view file, const DecodeLimits& limits,
                    const std::stop_token& stop);

// Asks the decoder what this kernel confines it with. Throws Error when that is nothing and
// `required`.
void check_decoder(bool required);

// Where decode_upload finds its program: beside this one unless set.
void set_decoder_program(const std::string& path);

}  // namespace chatterbox::sidecar
