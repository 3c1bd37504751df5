// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "voice/torch_zip.h"

namespace chatterbox {

// A file of torch.save, as far as dictionaries of tensors go. A pickle is a program; this one runs
// only the instructions that build dictionaries, tuples, strings, numbers and tensors, calls no
// function by name, and refuses all else.
class TorchPickle {
 public:
  enum class Kind { kNone, kNumber, kText, kTuple, kDict, kFunction, kType, kStorage, kTensor };

  // One object. Others are named by their place in the list of all objects, so
  // that a pickle that ties knots cannot tie us up.
  struct Object {
    Kind kind = Kind::kNone;
    double number = 0;
    std::int64_t integer = 0;
    std::string_view text;                     // kText, or the name of a function
    std::vector<std::size_t> items;            // kTuple; kDict: key, value, key, value...
    at::ScalarType type = at::kFloat;          // kType, kStorage, kTensor
    std::string_view storage;                  // bytes of kStorage, kTensor
    std::vector<std::int64_t> sizes, strides;  // kTensor, in elements
    std::int64_t offset = 0;
  };

  // The views must outlive this object. Throws kBadFile.
  explicit TorchPickle(const TorchRecords& records);

  const Object& root() const { return objects_[root_]; }
  // Throws kBadFile when `dict` is none or has no such key.
  const Object& at(const Object& dict, std::string_view key) const;

 private:
  friend class TorchUnpickler;
  std::deque<Object> objects_;
  std::size_t root_ = 0;
};

// A tensor of its own, contiguous. Throws kBadFile for other kinds and for
// tensors that reach beyond their storage.
at::Tensor to_tensor(const TorchPickle::Object& object, const std::string& name);

}  // namespace chatterbox
