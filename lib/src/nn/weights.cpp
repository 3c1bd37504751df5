// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/weights.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>
#include <set>
#include <sstream>

#include "chatterbox/error.h"
#include "nn/large_pages.h"

namespace chatterbox {

// Shared by all scopes of one file, so that one question at the end of loading
// finds what no module asked for.
struct Weights::Claims {
  std::mutex mutex;
  std::set<std::string> names;

  bool insert(const std::string& name) {
    const std::lock_guard lock(mutex);
    return names.insert(name).second;
  }

  // Counts bytes that are used where they are mapped; true now and then.
  bool add_mapped(std::size_t bytes) {
    constexpr std::size_t kMostInMemory = std::size_t(64) << 20;
    const std::lock_guard lock(mutex);
    mapped_bytes += bytes;
    if (mapped_bytes < kMostInMemory) return false;
    mapped_bytes = 0;
    return true;
  }
  std::size_t mapped_bytes = 0;
};

namespace {

// Bytes of a cache line. Rows that begin elsewhere are read across two lines at a time.
constexpr std::uintptr_t kLine = 64;

[[noreturn]] void bad(const TensorFile& file, const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kBadFile, file.path() + ": tensor \"" + name + "\"" + what);
}

// Loops of integers, which compilers turn into vectors; those of floats may not be reordered.
float largest(const float* x, std::int64_t size) {
  std::int32_t most = 0;
  for (std::int64_t i = 0; i < size; ++i)
    most = std::max(most, std::bit_cast<std::int32_t>(x[i]) & 0x7fffffff);
  return std::bit_cast<float>(most);
}

void round_to_bytes(const float* x, std::int64_t size, float scale, std::int8_t* out) {
  // Added to a small number it leaves the nearest whole one in the lowest bits, halves to even.
  constexpr float kWhole = 0x1.8p23f;
  for (std::int64_t i = 0; i < size; ++i)
    out[i] = std::int8_t(std::bit_cast<std::int32_t>(x[i] / scale + kWhole));
}

}  // namespace

QuantizedRows quantize_rows(const at::Tensor& rows) {
  const std::int64_t count = rows.size(0), cols = rows.size(1);
  QuantizedRows result;
  result.scale = at::empty({count}, at::kFloat);
  result.values = empty_for_weights(rows.sizes(), at::kChar);
  float* scale = result.scale.data_ptr<float>();
  std::int8_t* values = result.values.data_ptr<std::int8_t>();
  at::parallel_for(0, count, /*grain_size=*/1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const at::Tensor row = rows[r].to(at::kFloat).contiguous();
      const float* x = row.data_ptr<float>();
      scale[r] = std::max(largest(x, cols), std::numeric_limits<float>::min()) / 127;
      round_to_bytes(x, cols, scale[r], values + r * cols);
    }
  });
  return result;
}

Weights::Weights(std::shared_ptr<const TensorFile> file, Placement placement)
    : file_(std::move(file)), claims_(std::make_shared<Claims>()), placement_(placement) {}

Weights Weights::scope(const std::string& name) const {
  Weights inner = *this;
  inner.prefix_ += name + ".";
  return inner;
}

Weights Weights::with_dtype(at::ScalarType dtype) const {
  Weights other = *this;
  other.placement_.dtype = dtype;
  return other;
}

Weights Weights::with_device(at::Device device) const {
  Weights other = *this;
  other.placement_.device = device;
  return other;
}

Weights Weights::of_sums() const {
  return placement_.device.is_cpu() ? with_dtype(at::kFloat) : *this;
}

bool Weights::has(const std::string& name) const { return file_->has(prefix_ + name); }

void Weights::claim(const std::string& name) const {
  const std::string full = prefix_ + name;
  if (!file_->has(full)) bad(*file_, full, " is missing");
  if (!claims_->insert(full)) bad(*file_, full, " is claimed twice");
}

void Weights::skip(const std::string& name) const {
  claim(name);
  if (file_->tensor(prefix_ + name).scalar_type() == at::kChar) claim(name + kRowScale);
}

at::Tensor Weights::take_raw(const std::string& name, at::IntArrayRef shape) const {
  claim(name);
  const std::string full = prefix_ + name;
  const at::Tensor stored = file_->tensor(full);
  if (stored.sizes() != shape) {
    std::ostringstream what;
    what << ": expected shape " << shape << ", got " << stored.sizes();
    bad(*file_, full, what.str());
  }
  at::Tensor placed = stored.to(placement_.device);
  if (!placed.is_alias_of(stored)) file_->release(full);
  return placed;
}

at::Tensor Weights::take_row_scale(const std::string& name, std::int64_t rows) const {
  const std::string scale_name = name + kRowScale;
  const at::Tensor scale = take_raw(scale_name, {rows});
  if (!scale.is_floating_point())
    bad(*file_, prefix_ + scale_name,
        std::string(": expected a floating-point type, got ") + c10::toString(scale.scalar_type()));
  return scale;
}

at::Tensor Weights::take_numbers(const std::string& name, at::IntArrayRef shape) const {
  const at::Tensor stored = take_raw(name, shape);
  if (stored.is_floating_point()) return stored;
  if (stored.scalar_type() != at::kChar || shape.empty())
    bad(*file_, prefix_ + name,
        std::string(": expected a floating-point type or rows of int8, got ") +
            c10::toString(stored.scalar_type()));
  const at::Tensor scale = take_row_scale(name, shape[0]);
  std::vector<std::int64_t> per_row(shape.size(), 1);
  per_row[0] = shape[0];
  at::Tensor numbers = stored.to(at::kFloat).mul_(scale.to(at::kFloat).view(per_row));
  file_->release(prefix_ + name);
  return numbers;
}

at::Tensor Weights::take(const std::string& name, at::IntArrayRef shape) const {
  const at::Tensor stored = take_numbers(name, shape);
  const at::Tensor converted = stored.to(placement_.dtype);
  // The mapped bytes have been read for the last time; they need not stay in
  // memory beside the converted tensor.
  if (!converted.is_alias_of(stored))
    file_->release(prefix_ + name);
  else if (claims_->add_mapped(stored.nbytes()))
    // Most of what was handed out before has been packed by now.
    file_->release_all();
  return converted;
}

at::Tensor Weights::take_hot(const std::string& name, at::IntArrayRef shape) const {
  if (!placement_.device.is_cpu()) return take(name, shape);
  return in_large_pages(name, take_numbers(name, shape));
}

at::Tensor Weights::take_hot_transposed(const std::string& name, at::IntArrayRef shape) const {
  if (has(name + kStoredAsRows)) return take_hot(name + kStoredAsRows, {shape[1], shape[0]});
  if (!placement_.device.is_cpu()) return take(name, shape).t().contiguous();
  return in_large_pages(name, take_numbers(name, shape).t());
}

QuantizedRows Weights::take_hot_rows(const std::string& name, at::IntArrayRef shape,
                                     bool transposed) const {
  if (transposed && has(name + kStoredAsRows))
    return take_hot_rows(name + kStoredAsRows, {shape[1], shape[0]}, /*transposed=*/false);
  const bool stored = has(name) && file_->tensor(prefix_ + name).scalar_type() == at::kChar;
  if (!transposed && stored) {
    const at::Tensor values = take_raw(name, shape);
    const at::Tensor scale = take_row_scale(name, shape[0]).to(at::kFloat);
    if (reinterpret_cast<std::uintptr_t>(values.data_ptr()) % kLine == 0) return {values, scale};
    const at::Tensor own = empty_for_weights(shape, at::kChar);
    own.copy_(values);
    file_->release(prefix_ + name);
    return {own, scale};
  }
  const at::Tensor numbers = take_numbers(name, shape).to(at::kFloat);
  const QuantizedRows made = quantize_rows(transposed ? numbers.t().contiguous() : numbers);
  file_->release(prefix_ + name);
  return made;
}

at::Tensor Weights::in_large_pages(const std::string& name, const at::Tensor& numbers) const {
  const at::Tensor own = empty_for_weights(numbers.sizes(), placement_.dtype);
  own.copy_(numbers);
  file_->release(prefix_ + name);
  return own;
}

void Weights::check_all_claimed() const {
  std::string unclaimed;
  int count = 0;
  for (const std::string& name : file_->names())
    if (claims_->names.count(name) == 0 && ++count <= 8) unclaimed += " \"" + name + "\"";
  if (count > 0)
    throw Error(ErrorCode::kBadFile, file_->path() + ": " + std::to_string(count) +
                                         " tensors that this model does not have:" + unclaimed +
                                         (count > 8 ? " ..." : ""));
}

}  // namespace chatterbox
