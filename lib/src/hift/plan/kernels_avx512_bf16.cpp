// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/plan/residual_body.h"

namespace chatterbox {

extern const ResidualKernels kResidualKernelsAvx512BFloat16;
constinit const ResidualKernels kResidualKernelsAvx512BFloat16 =
    make_residual_kernels<BrainProducts, 96>("avx512 bfloat16");

}  // namespace chatterbox
