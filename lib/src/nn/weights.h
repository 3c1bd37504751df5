// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

namespace chatterbox {

// One safetensors file, memory-mapped. Headers come from strangers: lengths,
// offsets, overlaps, shapes and types are all checked before a byte is used.
class TensorFile {
 public:
  // Throws kNotFound or kBadFile.
  static std::shared_ptr<const TensorFile> open(const std::string& path);
  // Checks `bytes` the same way; for fuzzing. The bytes must outlive the file.
  static std::shared_ptr<const TensorFile> from_memory(const void* bytes, std::size_t size,
                                                       const std::string& name);
  virtual ~TensorFile() = default;

  virtual const std::string& path() const = 0;
  virtual std::vector<std::string> names() const = 0;
  virtual bool has(const std::string& name) const = 0;
  // A view of the mapped bytes, which lives as long as the tensor does.
  virtual at::Tensor tensor(const std::string& name) const = 0;
  // Says that the tensor's mapped pages may leave memory; reading them again is
  // correct but slow.
  virtual void release(const std::string& name) const = 0;
  // The same for all of the file.
  virtual void release_all() const = 0;
};

// Where weights go: the compute type and device of the model.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  // Layers that have kernels for it multiply int8, whatever the type of the others.
  bool int8 = false;
};

// Rows of int8 and the scale of each, on the processor.
struct QuantizedRows {
  at::Tensor values;  // (rows, cols) int8
  at::Tensor scale;   // (rows) float32
};
// Rows (rows, cols) of float32 rounded to the nearest, in large pages.
QuantizedRows quantize_rows(const at::Tensor& rows);

// What is added to the name of an int8 tensor for that of its scale, and to the name of a matrix
// stored as (in, out) where it is stored as rows of int8, (out, in).
inline constexpr const char* kRowScale = ".scale";
inline constexpr const char* kStoredAsRows = ".rows";

// A scope of a TensorFile, such as "flow.encoder.", from which modules take
// their tensors by name at construction. Copies are cheap and share the record
// of what was claimed.
class Weights {
 public:
  Weights(std::shared_ptr<const TensorFile> file, Placement placement);

  // "flow" -> names below "flow.".
  Weights scope(const std::string& name) const;
  // The same scope with another compute type; what is float32 by nature (norm
  // statistics, the vocoder, speaker encoders) says so with this.
  Weights with_dtype(at::ScalarType dtype) const;
  // The same scope on another device: small parts that stay with the host.
  Weights with_device(at::Device device) const;

  // The same scope in the type that products are summed in: float32 on the processor.
  Weights of_sums() const;

  bool has(const std::string& name) const;
  // Claims the tensor, converted and moved. kBadFile names a missing or twice
  // claimed tensor, or both shapes where they differ. Rows of int8 are multiplied
  // by what "<name>.scale" holds for each, which is claimed along with them.
  at::Tensor take(const std::string& name, at::IntArrayRef shape) const;
  // The same as take() in memory of its own with large pages, where the device
  // is the processor: a matrix that is read from end to end for every token is
  // read a sixth faster than from a mapped file.
  at::Tensor take_hot(const std::string& name, at::IntArrayRef shape) const;
  // The same for a matrix that is stored with its dimensions in the other order: `shape` is
  // the stored one, (in, out), the result (out, in). Or it is stored as rows of int8, as
  // "<name>.rows".
  at::Tensor take_hot_transposed(const std::string& name, at::IntArrayRef shape) const;
  // As take_hot() or, `transposed`, take_hot_transposed(), in rows of int8: those that are
  // stored, where they are mapped, or made now.
  QuantizedRows take_hot_rows(const std::string& name, at::IntArrayRef shape,
                              bool transposed) const;
  // The same without conversion of its type (integer buffers, packed kernels).
  at::Tensor take_raw(const std::string& name, at::IntArrayRef shape) const;
  // Claims without loading, scales of rows of int8 included: what upstream stores and nobody
  // reads.
  void skip(const std::string& name) const;
  const Placement& placement() const { return placement_; }
  // Of the file, for messages.
  const std::string& path() const { return file_->path(); }

  // Throws kBadFile naming tensors of the whole file that nobody claimed.
  void check_all_claimed() const;
  // Lets the whole file's mapped pages leave memory. What still refers to them reads them
  // again when it is used, and what has been packed or is never used no longer counts.
  void release_all() const { file_->release_all(); }

 private:
  struct Claims;
  void claim(const std::string& name) const;
  at::Tensor in_large_pages(const std::string& name, const at::Tensor& numbers) const;
  // The tensor as it is stored, or as float32 if that is int8.
  at::Tensor take_numbers(const std::string& name, at::IntArrayRef shape) const;
  // The scale of rows of int8, (rows), of a floating-point type.
  at::Tensor take_row_scale(const std::string& name, std::int64_t rows) const;

  std::shared_ptr<const TensorFile> file_;
  std::shared_ptr<Claims> claims_;
  std::string prefix_;
  Placement placement_;
};

}  // namespace chatterbox
