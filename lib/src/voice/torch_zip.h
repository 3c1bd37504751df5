// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace chatterbox {

// The records of a file of torch.save: a zip archive without compression, all
// in one folder, whose name is left out here. Views into `bytes`.
using TorchRecords = std::map<std::string, std::string_view, std::less<>>;

// Throws kBadFile.
TorchRecords read_torch_zip(std::string_view bytes);

}  // namespace chatterbox
