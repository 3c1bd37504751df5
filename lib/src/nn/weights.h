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
  // Lets the tensor's mapped pages leave memory; reading them again is correct but slow.
  virtual void release(const std::string& name) const = 0;
  // Lets all mapped pages of the file leave memory.
  virtual void release_all() const = 0;
};

// Compute type and device of a model's weights.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  // Layers with int8 kernels multiply int8, whatever the type of the others.
  bool int8 = false;
};

// Rows of int8 and the scale of each, on the processor.
struct QuantizedRows {
  at::Tensor values;  // (rows, cols) int8
  at::Tensor scale;   // (rows) float32
};
// Rows (rows, cols) of float32 rounded to the nearest, in large pages.
QuantizedRows quantize_rows(const at::Tensor& rows);

// Name suffixes: of an int8 tensor's scale, and of the int8 rows, (out, in), of a matrix that is
// named as (in, out).
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
  // The scope with another compute type, for modules that need float32 (norm statistics, the
  // vocoder, speaker encoders).
  Weights with_dtype(at::ScalarType dtype) const;
  // The scope on another device, for small parts that stay with the host.
  Weights with_device(at::Device device) const;

  // The scope in the type that products are summed in: float32 on the processor.
  Weights of_sums() const;

  bool has(const std::string& name) const;
  // Claims the tensor, converted and moved. kBadFile names a missing or twice claimed tensor, or
  // both shapes where they differ. Rows of int8 are multiplied by "<name>.scale", which is claimed
  // along with them.
  at::Tensor take(const std::string& name, at::IntArrayRef shape) const;
  // take() into large pages of its own, where the device is the processor: a matrix that every
  // token reads from end to end is read a sixth faster from them than from a mapped file.
  at::Tensor take_hot(const std::string& name, at::IntArrayRef shape) const;
  // take_hot() for a matrix stored with its dimensions in the other order: `shape` is the stored
  // one, (in, out), the result (out, in). It may also be stored as rows of int8, "<name>.rows".
  at::Tensor take_hot_transposed(const std::string& name, at::IntArrayRef shape) const;
  // The same matrices as rows of int8: stored ones where they are mapped, others quantised here.
  QuantizedRows take_hot_rows(const std::string& name, at::IntArrayRef shape,
                              bool transposed) const;
  // take() without conversion of the type (integer buffers, packed kernels).
  at::Tensor take_raw(const std::string& name, at::IntArrayRef shape) const;
  // Claims a tensor that upstream stores and nothing reads, with the scale of int8 rows.
  void skip(const std::string& name) const;
  const Placement& placement() const { return placement_; }
  // Path of the file, for messages.
  const std::string& path() const { return file_->path(); }

  // Throws kBadFile naming tensors of the whole file that nobody claimed.
  void check_all_claimed() const;
  // Lets all mapped pages of the file leave memory. Tensors that are still used read theirs again;
  // those that were packed or are never used cost no memory any more.
  void release_all() const { file_->release_all(); }

 private:
  struct Claims;
  void claim(const std::string& name) const;
  at::Tensor in_large_pages(const std::string& name, const at::Tensor& numbers) const;
  // The tensor in its stored type, int8 as float32.
  at::Tensor take_numbers(const std::string& name, at::IntArrayRef shape) const;
  // The scale of rows of int8, (rows), of a floating-point type.
  at::Tensor take_row_scale(const std::string& name, std::int64_t rows) const;

  std::shared_ptr<const TensorFile> file_;
  std::shared_ptr<Claims> claims_;
  std::string prefix_;
  Placement placement_;
};

}  // namespace chatterbox
