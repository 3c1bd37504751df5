// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

#include "conditionals.h"

namespace chatterbox {

// Upstream's conds.pt: {"t3": fields of T3Cond, "gen": the decoder's reference}.
// Shapes and ranges are left to check_conditionals. Throws kBadFile.
Conditionals decode_torch_conditionals(std::string_view bytes, const std::string& origin);

}  // namespace chatterbox
