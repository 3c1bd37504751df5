// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "models/hub_client.h"
#include "models/manifest.h"

namespace chatterbox::cli {

struct DownloadReports {
  std::function<void(std::int64_t here, std::int64_t whole)> progress;  // bytes; whole -1: unknown
  std::function<void(const std::string&)> trouble;                      // after which it goes on
};

// Brings `address` to the file `path`, going on with `path`.part where one is there, and again
// after every break that some bytes were won since. The file appears under its name once its
// digest is right. A request to stop ends it with an error, soon, and leaves what came. Throws
// HubError, Error.
void download(HubClient& hub, const std::string& address, const PublishedFile& file,
              const std::string& path, const DownloadReports& reports, std::stop_token stop);

}  // namespace chatterbox::cli
