// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "objects/objects.h"

namespace chatterbox::sidecar {

// Objects as files of a directory that several machines may share.
class FileObjects : public Objects {
 public:
  // Throws ObjectError when it is no directory that can be written to. `power_safe`: a file is on
  // the disk before put() returns.
  FileObjects(std::string directory, bool power_safe);

  void put(const std::string& name, std::string_view bytes, const Patience& patience,
           const std::stop_token& stop) override;
  std::string get(const std::string& name, std::int64_t first, std::int64_t most,
                  const Patience& patience, const std::stop_token& stop) override;
  void remove(const std::string& name, const Patience& patience) override;

 private:
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  const std::string directory_;
  const bool power_safe_;
};

}  // namespace chatterbox::sidecar
