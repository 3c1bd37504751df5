// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_properties.h"

#include "common.h"

namespace chatterbox::gst {

bool ModelSettings::find(GstElement* element, const std::string& voice,
                         ModelLease::Request& request, std::string& voice_path) const {
  try {
    request.key = key();
    voice_path = about_voice([&] { return find_voice(voice); });
    return true;
  } catch (const Error&) {
    post_error(element, current_failure());
    return false;
  }
}

ModelKey ModelSettings::key() const {
  ModelOptions options;
  options.device = device;
  options.dtype = dtype;
  options.family = find_model_family(model_family);
  options.attention = find_attention(attention);
  options.quality = find_quality_name(quality);
  options.threads = int(threads);
  options.voice_cache_bytes = std::int64_t(voice_cache_mb) << 20;
  return {find_model(model_path), options};
}

ModelFacts ModelSettings::facts() const {
  try {
    return speech_model_facts(find_model(model_path), find_model_family(model_family));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace chatterbox::gst
