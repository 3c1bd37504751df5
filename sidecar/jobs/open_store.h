// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string>

#include "config.h"
#include "jobs/job_store.h"

namespace chatterbox::sidecar {

// The store that the setting `store` names, by default a file in `data_dir`. Throws Error when
// there is something else; that is left as it is.
std::unique_ptr<JobStore> open_store(const Config& config, const std::string& data_dir,
                                     const Shares& shares);

}  // namespace chatterbox::sidecar
