// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "parity_case.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../support/npy.h"
#include "chatterbox/error.h"

namespace chatterbox::test {
namespace {

namespace fs = std::filesystem;

Audio read_audio(const fs::path& path, int rate_hz) {
  const at::Tensor samples = read_npy(path.string()).to(at::kFloat).contiguous();
  const float* first = samples.data_ptr<float>();
  return {{first, first + samples.numel()}, rate_hz};
}

}  // namespace

ParityCase read_case(const std::string& directory) {
  const fs::path root(directory);
  std::ifstream file(root / "case.json");
  if (!file) throw Error(ErrorCode::kNotFound, directory + ": expected a file case.json");
  const auto json = nlohmann::json::parse(file);
  ParityCase parity;
  parity.text = json.at("text");
  parity.exaggeration = json.at("exaggeration");
  parity.sampling.cfg_weight = json.at("cfg_weight");
  parity.sampling.temperature = json.at("temperature");
  parity.sampling.repetition_penalty = json.at("repetition_penalty");
  parity.sampling.min_p = json.at("min_p");
  parity.sampling.top_p = json.at("top_p");
  parity.greedy_tokens = json.at("greedy_tokens");
  parity.speech_tokens = json.at("speech_tokens");
  parity.late_step = json.at("late_step");
  const fs::path inputs = root / "inputs";
  parity.reference = read_audio(inputs / "reference.npy", json.at("reference_rate_hz"));
  if (json.contains("source_rate_hz"))
    parity.source = read_audio(inputs / "source.npy", json.at("source_rate_hz"));
  for (const std::string prefix : {"", "vc_"})
    for (const std::string name : {"flow_noise", "phases", "source_noise", "pitch"}) {
      const fs::path path = inputs / (prefix + name + ".npy");
      if (fs::exists(path)) parity.given[prefix + name] = read_npy(path.string()).to(at::kFloat);
    }
  return parity;
}

}  // namespace chatterbox::test
