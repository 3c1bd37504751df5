// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>

namespace chatterbox {

// work(i) for each i below count, by kernel_threads() threads, of which the calling one is the
// first; returns when all are done. `work` neither throws nor shares out anything itself. The
// others belong to the calling thread and sleep soon after they have nothing to do, so that a
// busy core delays nobody, as it does with OpenMP.
void share_out(std::int64_t count, const std::function<void(std::int64_t)>& work);

}  // namespace chatterbox
