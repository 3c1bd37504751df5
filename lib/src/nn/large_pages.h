// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Uninitialised memory that the kernel is asked to back with pages of 2 MiB.
// Throws kOutOfMemory.
at::Tensor empty_in_large_pages(at::IntArrayRef shape, at::ScalarType dtype);

// The same for tensors that live as long as each other: they lie one behind the other, each at
// the begin of a line of the cache, so that none rounds up to whole pages. The memory goes back
// to the system in pieces of 64 MiB, when nothing of one is used any more.
at::Tensor empty_for_weights(at::IntArrayRef shape, at::ScalarType dtype);

// The opposite: pages of the smallest size, whatever the kernel does by default, so that what is
// never written takes no memory. For room that is used only in part. Throws kOutOfMemory.
at::Tensor empty_in_small_pages(at::IntArrayRef shape, at::ScalarType dtype);

}  // namespace chatterbox
