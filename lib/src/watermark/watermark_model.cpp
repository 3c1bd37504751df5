// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <filesystem>
#include <mutex>
#include <system_error>

#include "chatterbox/error.h"
#include "chatterbox/watermark.h"
#include "internals.h"
#include "nn/weights.h"
#include "torch_guard.h"
#include "watermark/watermark_decoder.h"
#include "watermark/watermark_encoder.h"

namespace chatterbox {

namespace fs = std::filesystem;

struct WatermarkModel::Parts {
  fs::path path;
  std::mutex mutex;  // guards the pointers while they are set
  std::unique_ptr<const WatermarkEncoder> encoder;
  std::unique_ptr<const WatermarkDecoder> decoder;

  // `part` once it is needed: "encoder" or "decoder".
  template <class Part>
  const Part& get(std::unique_ptr<const Part>& part, const char* name, const char* scope) {
    const std::lock_guard lock(mutex);
    if (!part)
      part = with_torch([&] {
        const Weights file(TensorFile::open((path / (std::string(name) + ".safetensors")).string()),
                           Placement{});
        auto loaded = std::make_unique<const Part>(scope ? file.scope(scope) : file);
        file.check_all_claimed();
        return loaded;
      });
    return *part;
  }
};

WatermarkModel::WatermarkModel(std::string path) : parts_(std::make_unique<Parts>()) {
  parts_->path = std::move(path);
}
WatermarkModel::~WatermarkModel() = default;

std::shared_ptr<const WatermarkModel> WatermarkModel::load(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored))
    throw Error(ErrorCode::kNotFound,
                path + ": expected the directory of the watermark's weights, found none");
  return std::shared_ptr<const WatermarkModel>(new WatermarkModel(path));
}

const WatermarkEncoder& Internals::encoder(const WatermarkModel& model) {
  return model.parts_->get(model.parts_->encoder, "encoder", "layers");
}

const WatermarkDecoder& Internals::decoder(const WatermarkModel& model) {
  return model.parts_->get(model.parts_->decoder, "decoder", nullptr);
}

}  // namespace chatterbox
