// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>

#include "config.h"
#include "objects/objects.h"

namespace chatterbox::sidecar {

// The place that the setting `objects` names; null: none. Throws Error when it is none.
std::unique_ptr<Objects> open_objects(const Config& config);

}  // namespace chatterbox::sidecar
