// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chatterbox::test {

// A case of tests/golden; share.py says how much of it other cases hold.
class GoldenCase {
 public:
  explicit GoldenCase(const std::filesystem::path& directory);

  std::string path() const { return directory_.string(); }
  std::vector<std::string> stages() const;
  // How far apart is too far; {"tolerance": T} or {"snr_db": S}.
  const nlohmann::json& bound(const std::string& stage) const;
  // What upstream computed.
  at::Tensor expected(const std::string& stage) const;
  // The part of our stage that was kept of upstream's, or all of it.
  at::Tensor kept(const std::string& stage, const at::Tensor& ours) const;

  // The model's directory. One that other cases hold parts of is put together in `scratch`.
  std::string make_model(const std::filesystem::path& scratch) const;

 private:
  std::filesystem::path directory_;
  nlohmann::json document_;
};

}  // namespace chatterbox::test
