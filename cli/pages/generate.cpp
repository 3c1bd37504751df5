// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Writes manual pages and completions of the table of commands: generate DIRECTORY VERSION
#include <cstdio>
#include <fstream>
#include <string>

#include "pages/pages.h"

int main(int argc, char** argv) {
  using namespace chatterbox::cli;
  if (argc != 3) {
    std::fprintf(stderr, "usage: generate DIRECTORY VERSION\n");
    return 2;
  }
  const std::string directory = argv[1], version = argv[2];
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream file(directory + "/" + name, std::ios::binary);
    file << text;
    return bool(file.flush());
  };
  bool written = write("chatterbox.1", overview_page(version)) &&
                 write("chatterbox", bash_completion()) && write("_chatterbox", zsh_completion());
  for (const std::string& name : command_names())
    written = written && write("chatterbox-" + name + ".1", command_page(name, version));
  return written ? 0 : 1;
}
