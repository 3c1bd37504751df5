// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string>

#pragma GCC visibility push(default)
namespace chatterbox {

class Model;
struct Conditionals;
struct Internals;

// Conditioning of a model on a speaker: speaker embedding, x-vector, prompt tokens and prompt mel.
// Immutable and cheap to copy; safe to share between threads. Belongs to the model (weights) that
// made it.
class Voice {
 public:
  // Reads a file made by save(), or a `conds.pt` of upstream.
  // Throws kNotFound, kBadFile (says which tensor and both shapes), or
  // kInvalidArgument when the file was made by another model.
  static Voice load(const std::string& path, const Model& model);

  // Writes atomically: temporary file, fsync, rename.
  void save(const std::string& path, const Model& model) const;

 private:
  friend struct Internals;
  explicit Voice(std::shared_ptr<const Conditionals> conditionals);

  std::shared_ptr<const Conditionals> conditionals_;
};

}  // namespace chatterbox
#pragma GCC visibility pop
