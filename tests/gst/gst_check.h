// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

// A macro of this name breaks every standard header that comes later.
#undef fail
