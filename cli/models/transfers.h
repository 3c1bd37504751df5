// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/manifest.h"

namespace chatterbox::cli {

// A file that is to come from the hub.
struct Transfer {
  std::string address, path;
  const PublishedFile* file = nullptr;
};

struct TransferReports {
  // Bytes of all files that are here, and the file that the last of them belong to.
  std::function<void(const std::string& file, std::int64_t here)> progress;
  std::function<void(const std::string&)> trouble;  // after which it goes on
};

// Brings all files, some at once on connections of their own, as servers often limit each. Reports
// come one at a time. The first failure stops the others; what they won stays. Throws as download
// does.
void download_all(const std::vector<Transfer>& transfers, const TransferReports& reports);

}  // namespace chatterbox::cli
