// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chatterbox::cli {

// One file of a published model.
struct PublishedFile {
  std::string name;
  std::int64_t size = -1;  // bytes; -1 where no listing tells
  std::string sha256;      // 64 hexadecimal digits; empty where no listing tells
  // Whether a listing of its own repository tells. Else another repository of the family has a
  // file of that name, and it is that one unless the hub says otherwise.
  bool listed = false;
};

// A published model: the files and repositories that make it.
struct PublishedModel {
  std::string name;
  std::string repository;  // "owner/name" at the hub
  std::string revision;
  std::string about;
  std::vector<PublishedFile> files;

  // Bytes of those files whose size is known.
  std::int64_t size() const;
};

// The models of a manifest in the form of models/published.json: the file `path`, or, where that
// is empty, the one that this program was built with. Throws kNotFound, kBadFile.
std::vector<PublishedModel> read_manifest(const std::string& path);

// The model of that name. Throws kInvalidArgument with the names there are.
const PublishedModel& find_published(const std::vector<PublishedModel>& models,
                                     const std::string& name);

}  // namespace chatterbox::cli
