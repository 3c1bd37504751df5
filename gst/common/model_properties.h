// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <array>
#include <string>

#include "chatterbox/paths.h"
#include "model_lease.h"
#include "property_table.h"

namespace chatterbox::gst {

// Which model an element uses, and how: a part of every element's settings.
struct ModelSettings {
  std::string model_path;
  std::string model_family;
  std::string device = "auto";
  std::string dtype = "auto";
  guint threads = 0;
  std::string quality;
  std::string attention;
  guint voice_cache_mb = guint(ModelOptions::kVoiceCacheBytes >> 20);

  // The model to load, and in `voice_path` the file of a voice. False, with an error posted, when
  // there is no such model or voice.
  bool find(GstElement* element, const std::string& voice, ModelLease::Request& request,
            std::string& voice_path) const;
  // Languages and tags of the model; empty where there is none.
  ModelFacts facts() const;
  // Throws kNotFound when there is no model.
  ModelKey key() const;
};

/**
 * GstChatterboxTts:model-path:
 *
 * Directory of the model.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:model-path:
 *
 * Directory of the model.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:model-path:
 *
 * Directory of the model.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxTts:model-family:
 *
 * Which of several models in the directory.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:model-family:
 *
 * Which of several models in the directory.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:model-family:
 *
 * Which of several models in the directory.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxTts:device:
 *
 * Where to compute.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:device:
 *
 * Where to compute.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:device:
 *
 * Where to compute.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxTts:dtype:
 *
 * Precision of the weights.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:dtype:
 *
 * Precision of the weights.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:dtype:
 *
 * Precision of the weights.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxTts:threads:
 *
 * Threads for computing.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:threads:
 *
 * Threads for computing.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:threads:
 *
 * Threads for computing.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxTts:attention:
 *
 * What the decoder's attention sees.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:attention:
 *
 * What the decoder's attention sees.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:attention:
 *
 * What the decoder's attention sees.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxTts:voice-cache-mb:
 *
 * Most memory for what is kept of voices.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:voice-cache-mb:
 *
 * Most memory for what is kept of voices.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:voice-cache-mb:
 *
 * Most memory for what is kept of voices.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxTts:quality:
 *
 * One name for what decides between sound and speed.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxVc:quality:
 *
 * One name for what decides between sound and speed.
 *
 * Since: 0.1
 */
/**
 * GstChatterboxClone:quality:
 *
 * One name for what decides between sound and speed.
 *
 * Since: 0.1
 */
template <class Settings>
constexpr std::array<PropertyRow, 8> model_properties() {
  return {
      Rows<Settings>::template row<&Settings::model_path>(
          "model-path", "Model Path",
          "Directory of the model. Empty: CHATTERBOX_MODEL_PATH, else the installed model.",
          kInReady),
      Rows<Settings>::template row<&Settings::model_family>(
          "model-family", "Model Family",
          "Which model, where the directory holds several: english, turbo, nano or multilingual. "
          "Empty: CHATTERBOX_MODEL_FAMILY, else the one that is there, English first.",
          kInReady),
      Rows<Settings>::template row<&Settings::device>(
          "device", "Device",
          "Where to compute: cpu, cuda, cuda:N, or auto for CUDA where there is one.", kInReady),
      Rows<Settings>::template row<&Settings::dtype>(
          "dtype", "Data Type",
          "Precision of the weights: float32, bfloat16, float16, int8 (processor: the fastest, a "
          "little less exact), or auto for the fastest that loses nothing on this device.",
          kInReady),
      Rows<Settings>::template row<&Settings::threads>(
          "threads", "Threads",
          "Threads for computing on the processor. 0: one for a small model, else as many as it "
          "has cores.",
          kInReady, {0, 1024}),
      Rows<Settings>::template row<&Settings::quality>(
          "quality", "Quality",
          "One name for dtype, attention and the flow's steps, as far as these are left to it: "
          "reference, as upstream computes; balanced, fast without losing anything; or fast. "
          "Empty: CHATTERBOX_QUALITY, else balanced.",
          kInReady),
      Rows<Settings>::template row<&Settings::attention>(
          "attention", "Attention",
          "What the decoder's attention sees: full, all of the speech; chunk, what comes before a "
          "chunk and itself, so that streaming computes nothing twice; or auto: full for speech "
          "that is made at once, chunk for what a processor streams. Empty: "
          "CHATTERBOX_ATTENTION, else auto.",
          kInReady),
      Rows<Settings>::template row<&Settings::voice_cache_mb>(
          "voice-cache-mb", "Voice Cache",
          "Most memory for what is kept of voices, of all who use the model together, in MiB. "
          "Those used longest ago are dropped.",
          kInReady, {0, 1048576}),
  };
}

// One table of several.
template <std::size_t... Counts>
constexpr auto join(const std::array<PropertyRow, Counts>&... tables) {
  std::array<PropertyRow, (Counts + ...)> all{};
  std::size_t at = 0;
  const auto add = [&](const auto& table) {
    for (const PropertyRow& row : table) all[at++] = row;
  };
  (add(tables), ...);
  return all;
}

}  // namespace chatterbox::gst
