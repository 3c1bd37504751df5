// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "command_table.h"

namespace chatterbox::cli {

// The command line is not one that the table allows.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A command line, read by the row of its command.
class Arguments {
 public:
  // `words`: those behind the command's name. Options may stand anywhere before "--". Throws
  // UsageError.
  Arguments(const CommandRow& row, const std::vector<std::string>& words);

  const std::vector<std::string>& words() const { return words_; }
  bool has(const std::string& option) const { return options_.count(option) > 0; }
  std::string text(const std::string& option, const std::string& otherwise = {}) const;
  // Throws UsageError for what is no number from `least` to `most`.
  double number(const std::string& option, double otherwise, double least, double most) const;

 private:
  void read_option(const CommandRow& row, const std::vector<std::string>& words, std::size_t& at);
  std::vector<std::string> words_;
  std::map<std::string, std::string> options_;
};

// The row that `words` begins with, which then lose its name. Throws UsageError.
const CommandRow& find_command(std::vector<std::string>& words);

// Text of "chatterbox --help" and "chatterbox COMMAND --help".
std::string overview();
std::string help_of(const CommandRow& row);
std::string help_of_command(const std::string& first_word);

}  // namespace chatterbox::cli
