// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/packed_positions.h"

#include <algorithm>
#include <cstring>

#include "nn/large_pages.h"

namespace chatterbox {
namespace {

constexpr std::int64_t kBytes = 4;      // numbers to a word
constexpr std::int64_t kWordBytes = 4;  // whatever they are
// Positions of room at most: copying is cheap beside what four seconds of speech cost.
constexpr std::int64_t kMostRoom = 192;
// Positions after a prompt that get room at once, more than a stream of usual pieces remembers, so
// that nothing is copied as it grows. Pages that are not written take no memory.
constexpr std::int64_t kStream = 8 * 50;

std::int64_t whole(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

PackedPositions::PackedPositions(const FlowKernels& kernels, int heads, int dim)
    : columns_(kernels.packing.columns),
      group_(kernels.memory_group),
      heads_(heads),
      words_(dim / group_),
      panels_(whole(dim, columns_) / columns_),
      longest_(std::size_t(heads), 0.0f),
      channels_(group_ == kBytes ? std::size_t(heads * 2 * dim) : 0, 0.0f) {}

PackedPositions PackedPositions::following() const {
  PackedPositions next = *this;
  next.capacity_ = next.length_ = next.written_ = 0;
  next.follows_ = true;
  next.keys_ = next.values_ = next.key_terms_ = at::Tensor();
  return next;
}

void PackedPositions::resize(std::int64_t capacity) {
  // Zeros, so that what is multiplied by no weight is a number.
  const at::Tensor keys =
      zeros_in_small_pages({heads_, capacity / columns_, words_, columns_}, at::kInt);
  const at::Tensor values =
      zeros_in_small_pages({heads_, panels_, capacity / group_, columns_}, at::kInt);
  const at::Tensor terms =
      group_ == kBytes ? at::zeros({heads_, 2, capacity}, at::kInt) : at::Tensor();
  if (length_ > 0) {
    const std::int64_t panels = whole(length_, columns_) / columns_;
    const std::int64_t groups = whole(length_, group_) / group_;
    keys.narrow(1, 0, panels).copy_(keys_.narrow(1, 0, panels));
    values.narrow(2, 0, groups).copy_(values_.narrow(2, 0, groups));
    if (terms.defined()) terms.narrow(2, 0, length_).copy_(key_terms_.narrow(2, 0, length_));
  }
  keys_ = keys;
  values_ = values;
  key_terms_ = terms;
  capacity_ = capacity;
  written_ = length_;
}

std::int64_t PackedPositions::extend(std::int64_t count) {
  const std::int64_t position = length_, needed = length_ + count;
  if (needed > capacity_) {
    const std::int64_t room = position > 0 ? std::min(needed / 2, kMostRoom) : 0;
    resize(whole(follows_ ? std::max(needed + room, kStream) : needed + room, columns_));
  }
  length_ = needed;
  written_ = std::max(written_, length_);
  return position;
}

HeadView PackedPositions::head(std::int64_t index) {
  char* keys = static_cast<char*>(keys_.data_ptr());
  char* values = static_cast<char*>(values_.data_ptr());
  HeadView view{keys + index * keys_.stride(0) * 4, values + index * values_.stride(0) * 4,
                std::size_t(values_.stride(1)) * 4, &longest_[std::size_t(index)],
                /*begins=*/!follows_};
  if (group_ == kBytes) {
    std::int32_t* terms = key_terms_.data_ptr<std::int32_t>() + index * key_terms_.stride(0);
    view.key_scale = reinterpret_cast<float*>(terms);
    view.key_start = terms + key_terms_.stride(1);
    const std::int64_t dim = words_ * group_;
    view.key_mean = channels_.data() + index * 2 * dim;
    view.value_scale = view.key_mean + dim;
  }
  return view;
}

HeadView PackedPositions::head(std::int64_t index) const {
  return const_cast<PackedPositions*>(this)->head(index);
}

void PackedPositions::move_keys(const HeadView& view, std::int64_t from, std::int64_t to,
                                std::int64_t count) {
  std::int32_t* keys = reinterpret_cast<std::int32_t*>(view.keys);
  const auto column = [&](std::int64_t at) {
    return keys + at / columns_ * words_ * columns_ + at % columns_;
  };
  // Runs within a panel here and there.
  for (std::int64_t done = 0, run = 0; done < count; done += run) {
    const std::int64_t source = from + done, target = to + done;
    run = std::min({count - done, columns_ - source % columns_, columns_ - target % columns_});
    for (std::int64_t w = 0; w < words_; ++w)
      std::memmove(column(target) + w * columns_, column(source) + w * columns_,
                   std::size_t(run * kWordBytes));
  }
  if (!view.key_scale) return;
  std::copy_n(view.key_scale + from, count, view.key_scale + to);
  std::copy_n(view.key_start + from, count, view.key_start + to);
}

void PackedPositions::move_values(const HeadView& view, std::int64_t from, std::int64_t to,
                                  std::int64_t count) {
  const std::int64_t word = columns_ * kWordBytes;  // of all channels of a panel
  for (std::int64_t panel = 0; panel < panels_; ++panel) {
    char* values = view.values + std::size_t(panel) * view.value_panel;
    // Whole words, once both stand at the start of one.
    const bool in_step = (from - to) % group_ == 0;
    for (std::int64_t i = 0; i < count;) {
      const std::int64_t source = from + i, target = to + i;
      char *into = values + target / group_ * word, *out_of = values + source / group_ * word;
      if (in_step && target % group_ == 0) {
        std::memmove(into, out_of, std::size_t(whole(count - i, group_) / group_ * word));
        break;
      }
      const std::int64_t bytes = kWordBytes / group_;  // of a number
      for (std::int64_t c = 0; c < word; c += kWordBytes)
        std::memcpy(into + c + target % group_ * bytes, out_of + c + source % group_ * bytes,
                    std::size_t(bytes));
      ++i;
    }
  }
}

void PackedPositions::keep(std::int64_t first, std::int64_t last) {
  const std::int64_t from = length_ - last;
  if (from <= first) return;
  for (std::int64_t index = 0; index < heads_; ++index) {
    const HeadView view = head(index);
    move_keys(view, from, first, last);
    move_values(view, from, first, last);
  }
  length_ = first + last;
}

void PackedPositions::shrink() {
  if (capacity_ > whole(length_, columns_)) resize(whole(length_, columns_));
}

std::int64_t PackedPositions::bytes() const {
  if (capacity_ == 0) return 0;
  const std::size_t terms = key_terms_.defined() ? key_terms_.nbytes() : 0;
  const auto position = std::int64_t(keys_.nbytes() + values_.nbytes() + terms) / capacity_;
  return position * whole(written_, columns_) +
         std::int64_t((longest_.size() + channels_.size()) * sizeof(float));
}

}  // namespace chatterbox
