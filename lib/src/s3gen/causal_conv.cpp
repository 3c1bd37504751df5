// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/causal_conv.h"

namespace chatterbox {

CausalConv::CausalConv(const Weights& weights, std::int64_t in, std::int64_t out,
                       std::int64_t kernel)
    : CausalConv(weights.take("weight", {out, in, kernel}), weights.take("bias", {out})) {}

CausalConv::CausalConv(const at::Tensor& weight, const at::Tensor& bias)
    : weight(weight.permute({0, 2, 1}).reshape({weight.size(0), -1}).contiguous()),
      bias(bias),
      in(weight.size(1)),
      kernel(weight.size(2)) {}

at::Tensor CausalConv::windows(const at::Tensor& x, at::Tensor* context) const {
  const std::int64_t rows = x.size(0), frames = x.size(1), past = kernel - 1;
  if (past == 0) return x.reshape({rows * frames, in});
  const at::Tensor padded = context && context->defined() ? at::cat({*context, x}, 1)
                                                          : at::constant_pad_nd(x, {0, 0, past, 0});
  if (context) *context = padded.narrow(1, frames, past).clone();
  return padded.as_strided({rows, frames, kernel * in}, {(frames + past) * in, in, 1})
      .reshape({rows * frames, kernel * in});
}

at::Tensor CausalConv::operator()(const at::Tensor& x, at::Tensor* context) const {
  return at::linear(windows(x, context), weight, bias).view({x.size(0), x.size(1), -1});
}

}  // namespace chatterbox
