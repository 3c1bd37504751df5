// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/plan/residual_body.h"

namespace chatterbox {

extern const ResidualKernels kResidualKernelsAvx512;
constinit const ResidualKernels kResidualKernelsAvx512 =
    make_residual_kernels<FloatProducts, 96>("avx512 float32");

}  // namespace chatterbox
