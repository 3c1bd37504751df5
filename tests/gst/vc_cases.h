// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "gst_check.h"

TCase* vc_basic_cases();
TCase* vc_stream_cases();
TCase* vc_live_cases();
TCase* vc_stress_cases();
