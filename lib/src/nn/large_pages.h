// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Uninitialised memory that the kernel is asked to back with pages of 2 MiB.
// Throws kOutOfMemory.
at::Tensor empty_in_large_pages(at::IntArrayRef shape, at::ScalarType dtype);

// Large pages for tensors of one lifetime: they share mappings of 64 MiB, each tensor at the begin
// of a cache line, so that none is rounded up to whole pages. A mapping goes back to the system
// with its last tensor.
at::Tensor empty_for_weights(at::IntArrayRef shape, at::ScalarType dtype);

// The opposite: pages of the smallest size, whatever the kernel does by default, so that what is
// never written takes no memory. For room that is used only in part. Throws kOutOfMemory.
at::Tensor empty_in_small_pages(at::IntArrayRef shape, at::ScalarType dtype);
// The same with zeros, and for smaller tensors: memory that comes and goes with one utterance goes
// back to the system then, where an allocator would keep the gaps between blocks that stay. Throws
// kOutOfMemory.
at::Tensor zeros_in_small_pages(at::IntArrayRef shape, at::ScalarType dtype);

}  // namespace chatterbox
