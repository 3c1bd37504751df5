// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

namespace chatterbox {

// How many threads libtorch and the BLAS below it use for calls of this thread.
// A BLAS with threads of its own (OpenBLAS) does not listen to libtorch, and
// where it has more threads than there are free cores they wait for each other
// by spinning.
void use_threads(int threads);

}  // namespace chatterbox
