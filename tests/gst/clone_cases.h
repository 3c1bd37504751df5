// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "gst_check.h"

TCase* clone_basic_cases();
TCase* clone_failure_cases();
TCase* clone_saving_cases();
TCase* clone_stress_cases();
