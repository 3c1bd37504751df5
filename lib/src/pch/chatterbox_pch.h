// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <ATen/ATen.h>

#include <string>
#include <vector>
