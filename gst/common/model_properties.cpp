// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_properties.h"

#include "common.h"

namespace chatterbox::gst {

bool ModelSettings::find(GstElement* element, const std::string& voice,
                         ModelLease::Request& request, std::string& voice_path) const {
  try {
    request.key = key();
    request.resources = resources();
    voice_path = about_voice([&] { return find_voice(voice); });
    return true;
  } catch (const Error&) {
    post_error(element, current_failure());
    return false;
  }
}

ModelFacts ModelSettings::facts() const {
  try {
    return speech_model_facts(find_model(model_path), find_model_family(model_family));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace chatterbox::gst
