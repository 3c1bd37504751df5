// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "command_table.h"

namespace chatterbox::cli {

std::vector<CommandRow> model_rows();
std::vector<CommandRow> speech_rows();
std::vector<CommandRow> voice_rows();

const std::vector<CommandRow>& command_rows() {
  static const std::vector<CommandRow> rows = [] {
    std::vector<CommandRow> all;
    for (const auto& part : {speech_rows(), voice_rows(), model_rows()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return rows;
}

const std::vector<OptionRow>& common_options() {
  static const std::vector<OptionRow> options{
      {"json", 0, "", Value::kNone, "Print the result as JSON, for programs."},
      {"quiet", 'q', "", Value::kNone, "Print results and errors only: no notes, no progress."},
      {"help", 'h', "", Value::kNone, "Print what the command does and its options."},
  };
  return options;
}

std::string first_word(const CommandRow& row) {
  const std::string name = row.name;
  return name.substr(0, name.find(' '));
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandRow& row : command_rows())
    if (names.empty() || names.back() != first_word(row)) names.push_back(first_word(row));
  return names;
}

}  // namespace chatterbox::cli
