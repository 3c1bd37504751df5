// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

namespace chatterbox::cli {

// Kind of a value, by which a shell completes it.
enum class Value { kNone, kText, kFile, kVoice, kModel, kWords };

struct OptionRow {
  const char* name;        // without dashes
  char letter = 0;         // 0: no short form
  const char* value = "";  // name of the value; empty: the option takes none
  Value kind = Value::kNone;
  const char* help = "";
  const char* words = "";  // of kWords: the values, separated by blanks
};

struct ExampleRow {
  const char* line;
  const char* meaning;
};

// One command, or one action of a command ("models fetch"). Help, manual pages, completion and
// the reading of arguments come from this row alone.
struct CommandRow {
  const char* name;
  const char* arguments;  // of the usage line
  Value argument;         // kind of an argument
  int least, most;        // arguments; most -1: any number
  const char* summary;    // begins with a verb, no full stop
  const char* description;
  std::vector<OptionRow> options;
  std::vector<ExampleRow> examples;
};

// In the order in which they are shown. Actions stand beside each other.
const std::vector<CommandRow>& command_rows();

// Those that every command takes.
const std::vector<OptionRow>& common_options();

// "models" of "models fetch".
std::string first_word(const CommandRow& row);

// The first words, each once.
std::vector<std::string> command_names();

}  // namespace chatterbox::cli
