// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "unused_options.h"

#include <algorithm>

#include "log.h"
#include "t3/sampler.h"

namespace chatterbox {

std::vector<std::string> unused_options(const ModelConfig& config,
                                        const SynthesisOptions& options) {
  const T3Config& t3 = config.t3;
  const auto filters = filters_of(t3.sampling);
  const auto has = [&](Filter filter) {
    return std::find(filters.begin(), filters.end(), filter) != filters.end();
  };
  std::vector<std::string> unused;
  if (!t3.emotion && options.exaggeration) unused.push_back("exaggeration");
  if (!t3.guidance && options.cfg_weight.value_or(0) > 0) unused.push_back("cfg_weight");
  if (!has(Filter::kMinP) && options.min_p.value_or(0) > 0) unused.push_back("min_p");
  if (!has(Filter::kTopK) && options.top_k.value_or(0) > 0) unused.push_back("top_k");
  if (config.s3gen.flow.kind == FlowKind::kMeanFlow && options.flow_steps > 0)
    unused.push_back("flow_steps");
  return unused;
}

void UnusedOptionsWarning::check(const ModelConfig& config, const SynthesisOptions& options) {
  for (const std::string& name : unused_options(config, options)) {
    const std::lock_guard guard(lock_);
    if (warned_.insert(name).second)
      log(LogLevel::kWarning, name + ": the model " + config.name + " does not know it; ignored");
  }
}

}  // namespace chatterbox
