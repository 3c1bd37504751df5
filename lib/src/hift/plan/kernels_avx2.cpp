// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/plan/residual_body.h"

namespace chatterbox {

extern const ResidualKernels kResidualKernelsAvx2;
constinit const ResidualKernels kResidualKernelsAvx2 =
    make_residual_kernels<FloatProducts, 48>("avx2 float32");

}  // namespace chatterbox
