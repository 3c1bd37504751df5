// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "placement.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "chatterbox/error.h"
#include "nn/cpu_features.h"

namespace chatterbox {
namespace {

at::Device choose_device(const std::string& name) {
  const bool cuda = at::globalContext().hasCUDA();
  if (name == "auto") return cuda ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  std::optional<at::Device> device;
  try {
    device = at::Device(name);
  } catch (const c10::Error&) {
    // Said below, in our words.
  }
  if (!device || (!device->is_cpu() && !device->is_cuda()))
    throw Error(ErrorCode::kInvalidArgument,
                "device: expected \"auto\", \"cpu\", \"cuda\" or \"cuda:N\", got \"" + name + "\"");
  if (device->is_cpu()) return at::kCPU;
  if (!cuda)
    throw Error(ErrorCode::kNotFound, "device: expected a CUDA device for \"" + name +
                                          "\", but this libtorch or machine has none");
  const int index = device->has_index() ? device->index() : 0;
  const int count = int(at::detail::getCUDAHooks().getNumGPUs());
  if (index >= count)
    throw Error(ErrorCode::kNotFound, "device: expected cuda:0 to cuda:" +
                                          std::to_string(count - 1) + ", got \"" + name + "\"");
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

at::ScalarType choose_dtype(const std::string& name, at::Device device,
                            std::uint64_t weight_bytes) {
  if (name == "float32") return at::kFloat;
  if (name == "bfloat16") return at::kBFloat16;
  if (name == "float16") return at::kHalf;
  if (name == "int8") {
    if (!device.is_cpu())
      throw Error(ErrorCode::kInvalidArgument,
                  "dtype: expected \"int8\" with the device \"cpu\" alone, got it with \"" +
                      device.str() + "\"");
    return has_fast_bfloat16() ? at::kBFloat16 : at::kFloat;
  }
  if (name != "auto")
    throw Error(ErrorCode::kInvalidArgument,
                "dtype: expected \"auto\", \"float32\", \"bfloat16\", \"float16\" or \"int8\", "
                "got \"" +
                    name + "\"");
  if (weight_bytes < kLargeModelBytes) return at::kFloat;
  if (device.is_cuda()) return at::kBFloat16;
  return has_fast_bfloat16() ? at::kBFloat16 : at::kFloat;
}

}  // namespace

Placement choose_placement(const ModelOptions& options, std::uint64_t weight_bytes) {
  const at::Device device = choose_device(options.device);
  return {device, choose_dtype(options.dtype, device, weight_bytes), options.dtype == "int8"};
}

int places_for(const Placement& placement, int threads) {
  if (!placement.device.is_cpu()) return 1;
  return std::max(1, int(std::thread::hardware_concurrency()) / std::max(threads, 1));
}

std::string device_name(at::Device device) { return device.str(); }

std::string dtype_name(const Placement& placement) {
  if (placement.int8) return "int8";
  switch (placement.dtype) {
    case at::kBFloat16:
      return "bfloat16";
    case at::kHalf:
      return "float16";
    default:
      return "float32";
  }
}

}  // namespace chatterbox
