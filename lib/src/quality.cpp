// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "quality.h"

#include <array>
#include <utility>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr std::array<std::pair<const char*, Quality>, 3> kQualities{{
    {"reference", {"float32", "float32", "full", 0}},
    {"balanced", {"auto", "auto", "auto", 0}},
    {"fast", {"int8", "auto", "chunk", 5}},
}};

}  // namespace

const Quality& find_quality(const std::string& name) {
  const std::string wanted = name.empty() ? "balanced" : name;
  for (const auto& [known, quality] : kQualities)
    if (wanted == known) return quality;
  throw Error(ErrorCode::kInvalidArgument,
              "quality: expected \"reference\", \"balanced\" or \"fast\", got \"" + name + "\"");
}

ModelOptions with_quality(ModelOptions options, bool on_processor) {
  const Quality& quality = find_quality(options.quality);
  if (options.dtype == "auto")
    options.dtype = on_processor ? quality.dtype : quality.dtype_elsewhere;
  if (options.attention.empty() || options.attention == "auto")
    options.attention = quality.attention;
  return options;
}

}  // namespace chatterbox
