// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Uninitialised memory that the kernel is asked to back with pages of 2 MiB.
// Throws kOutOfMemory.
at::Tensor empty_in_large_pages(at::IntArrayRef shape, at::ScalarType dtype);

}  // namespace chatterbox
