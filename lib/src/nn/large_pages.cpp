// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/large_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr std::size_t kLargePage = std::size_t(2) << 20;
// Size of a shared mapping.
constexpr std::size_t kShared = 32 * kLargePage;
// Smallest tensor whose pages matter.
constexpr std::size_t kFewBytes = 64 << 10;
// Bytes of a cache line.
constexpr std::size_t kLine = 64;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::size_t bytes_of(at::IntArrayRef shape, at::ScalarType dtype) {
  std::size_t bytes = c10::elementSize(dtype);
  for (const std::int64_t size : shape) bytes *= std::size_t(size);
  return bytes;
}

// Mapping of fresh pages. Memory that the allocator has used before may be in small pages already,
// and stays in them.
class Mapping {
 public:
  enum class Pages { kLarge, kSmall };

  explicit Mapping(std::size_t bytes, Pages pages = Pages::kLarge)
      : page_(pages == Pages::kLarge ? kLargePage : std::size_t(::sysconf(_SC_PAGESIZE))),
        size_(round_up(bytes, page_) + (pages == Pages::kLarge ? kLargePage : 0)) {
    base_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED)
      throw Error(ErrorCode::kOutOfMemory, "no memory for " + std::to_string(bytes) + " bytes");
    ::madvise(data(), round_up(bytes, page_),
              pages == Pages::kLarge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
  ~Mapping() { ::munmap(base_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Begins with a page.
  char* data() const {
    return reinterpret_cast<char*>(round_up(reinterpret_cast<std::uintptr_t>(base_), page_));
  }

 private:
  std::size_t page_;
  std::size_t size_;  // one large page more than is used, so that the first can be aligned
  void* base_;
};

at::Tensor tensor_in(std::shared_ptr<Mapping> mapping, std::size_t offset, at::IntArrayRef shape,
                     at::ScalarType dtype) {
  char* data = mapping->data() + offset;
  return at::from_blob(
      data, shape, [mapping = std::move(mapping)](void*) {}, at::TensorOptions().dtype(dtype));
}

}  // namespace

at::Tensor empty_in_large_pages(at::IntArrayRef shape, at::ScalarType dtype) {
  const std::size_t bytes = bytes_of(shape, dtype);
  // Rounding up to whole pages would waste a small tensor's worth many times.
  if (bytes < kLargePage) return at::empty(shape, dtype);
  return tensor_in(std::make_shared<Mapping>(bytes), 0, shape, dtype);
}

at::Tensor empty_in_small_pages(at::IntArrayRef shape, at::ScalarType dtype) {
  const std::size_t bytes = bytes_of(shape, dtype);
  // No large page fits into it.
  if (bytes < kLargePage) return at::empty(shape, dtype);
  return tensor_in(std::make_shared<Mapping>(bytes, Mapping::Pages::kSmall), 0, shape, dtype);
}

at::Tensor zeros_in_small_pages(at::IntArrayRef shape, at::ScalarType dtype) {
  const std::size_t bytes = bytes_of(shape, dtype);
  if (bytes < kFewBytes) return at::zeros(shape, dtype);
  return tensor_in(std::make_shared<Mapping>(bytes, Mapping::Pages::kSmall), 0, shape, dtype);
}

at::Tensor empty_for_weights(at::IntArrayRef shape, at::ScalarType dtype) {
  const std::size_t bytes = round_up(bytes_of(shape, dtype), kLine);
  if (bytes < kFewBytes) return at::empty(shape, dtype);
  if (bytes >= kShared / 2) return empty_in_large_pages(shape, dtype);
  static std::mutex mutex;
  static std::weak_ptr<Mapping> last;
  static std::size_t used = 0;  // bytes of the last mapping
  const std::lock_guard lock(mutex);
  std::shared_ptr<Mapping> mapping = last.lock();
  if (!mapping || used + bytes > kShared) {
    last = mapping = std::make_shared<Mapping>(kShared);
    used = 0;
  }
  const std::size_t offset = used;
  used += bytes;
  return tensor_in(std::move(mapping), offset, shape, dtype);
}

}  // namespace chatterbox
