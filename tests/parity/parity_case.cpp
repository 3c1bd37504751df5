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
  parity.language = json.value("language", "");
  parity.exaggeration = json.at("exaggeration");
  SamplingOptions& sampling = parity.sampling;
  sampling.temperature = json.at("temperature");
  sampling.repetition_penalty = json.at("repetition_penalty");
  sampling.top_p = json.at("top_p");
  // Each kind of T3 has others besides.
  sampling.cfg_weight = json.value("cfg_weight", sampling.cfg_weight);
  sampling.min_p = json.value("min_p", sampling.min_p);
  sampling.top_k = json.value("top_k", sampling.top_k);
  parity.greedy_tokens = json.at("greedy_tokens");
  parity.speech_tokens = json.at("speech_tokens");
  parity.attention_chunk = json.value("attention_chunk", 0);
  parity.flow_steps = json.value("flow_steps", 0);
  parity.late_step = json.at("late_step");
  // Where other cases have the same, it is named.
  const nlohmann::json elsewhere = json.value("inputs", nlohmann::json::object());
  const auto input = [&](const std::string& name) {
    return root / elsewhere.value(name, "inputs/" + name + ".npy");
  };
  parity.reference = read_audio(input("reference"), json.at("reference_rate_hz"));
  if (json.contains("source_rate_hz"))
    parity.source = read_audio(input("source"), json.at("source_rate_hz"));
  for (const std::string prefix : {"", "vc_"})
    for (const std::string name : {"flow_noise", "phases", "source_noise", "pitch"}) {
      const fs::path path = input(prefix + name);
      if (fs::exists(path)) parity.given[prefix + name] = read_npy(path.string()).to(at::kFloat);
    }
  return parity;
}

}  // namespace chatterbox::test
