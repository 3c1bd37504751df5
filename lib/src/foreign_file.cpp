// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "foreign_file.h"

#include "chatterbox/error.h"
#include "file_io.h"

namespace chatterbox {
namespace {

struct Kind {
  std::string_view start;
  const char* description;
};

using namespace std::string_view_literals;

constexpr Kind kKinds[] = {
    {"version https://git-lfs.github.com/spec/"sv,
     "a Git LFS pointer, which only names the file (the repository was cloned without its large "
     "files); run \"git lfs pull\" in its directory, or download the file itself"},
    // Protocol 2, then the magic number that torch.save began with.
    {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv,
     "a PyTorch file in the form of before version 1.6; save it anew in Python with "
     "torch.save(torch.load(PATH), PATH)"},
    {"PK\x03\x04"sv,
     "a PyTorch file (.pt) or another zip archive; take the .safetensors file that is published "
     "beside it"},
    {"GGUF"sv, "a GGUF file of another program; take the published .safetensors file"},
    {"<!DOCTYPE"sv, "an HTML page, perhaps an error page saved in place of a download"},
    {"<!doctype"sv, "an HTML page, perhaps an error page saved in place of a download"},
    {"<html"sv, "an HTML page, perhaps an error page saved in place of a download"},
};

}  // namespace

std::string describe_foreign_file(std::string_view first_bytes) {
  for (const Kind& kind : kKinds)
    if (first_bytes.starts_with(kind.start)) return kind.description;
  return {};
}

std::string read_text_file(const std::string& path, std::size_t max_bytes, const char* expected) {
  std::string text = read_file(path, max_bytes);
  if (const std::string foreign = describe_foreign_file(text); !foreign.empty())
    throw Error(ErrorCode::kBadFile, path + ": expected " + expected + ", got " + foreign);
  return text;
}

}  // namespace chatterbox
