// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/voice.h"

#include <utility>

#include "chatterbox/engine.h"
#include "chatterbox/error.h"
#include "conditionals.h"
#include "file_io.h"
#include "internals.h"
#include "model_parts.h"
#include "voice/voice_file.h"

namespace chatterbox {

Voice::Voice(std::shared_ptr<const Conditionals> conditionals)
    : conditionals_(std::move(conditionals)) {
  if (!conditionals_)
    throw Error(ErrorCode::kInvalidArgument, "voice: expected conditionals, got none");
}

Voice Voice::load(const std::string& path, const Model& model) {
  const std::string bytes = read_file(path, kMaxVoiceBytes);
  return Voice(std::make_shared<const Conditionals>(
      decode_voice(bytes, path, model.id(), Internals::parts(model).config)));
}

void Voice::save(const std::string& path, const Model& model) const {
  // Better refused now than when the file is read again.
  check_conditionals(*conditionals_, Internals::parts(model).config, path);
  write_file_atomically(path, encode_voice(*conditionals_, model.id(), model.name()));
}

}  // namespace chatterbox
