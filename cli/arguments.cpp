// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "arguments.h"

#include <cstdlib>
#include <sstream>

#include "console.h"

namespace chatterbox::cli {
namespace {

const OptionRow* find_option(const CommandRow& row, const std::string& name) {
  for (const auto* options : {&row.options, &common_options()})
    for (const OptionRow& option : *options)
      if (name == option.name || (name.size() == 1 && name[0] == option.letter)) return &option;
  return nullptr;
}

bool takes_value(const OptionRow& option) { return *option.value != '\0'; }

void check_word(const OptionRow& option, const std::string& value) {
  if (option.kind != Value::kWords) return;
  std::istringstream words(option.words);
  for (std::string word; words >> word;)
    if (word == value) return;
  throw UsageError(std::string("--") + option.name + ": expected one of " + option.words +
                   ", got '" + value + "'");
}

std::string option_line(const OptionRow& option) {
  std::string line = option.letter != 0 ? std::string("-") + option.letter + ", --" : "    --";
  line += option.name;
  if (takes_value(option)) line += std::string(" ") + option.value;
  return "  " + padded(line, 28) + option.help + "\n";
}

}  // namespace

Arguments::Arguments(const CommandRow& row, const std::vector<std::string>& words) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at] == "--") {
      words_.insert(words_.end(), words.begin() + std::ptrdiff_t(at) + 1, words.end());
      break;
    }
    if (words[at].size() > 1 && words[at][0] == '-')
      read_option(row, words, at);
    else
      words_.push_back(words[at]);
  }
  if (has("help")) return;
  const int count = int(words_.size());
  if (count < row.least || (row.most >= 0 && count > row.most))
    throw UsageError(std::string("expected: chatterbox ") + row.name + " " + row.arguments +
                     ", got " + std::to_string(count) + " arguments; chatterbox " + row.name +
                     " --help tells more");
}

void Arguments::read_option(const CommandRow& row, const std::vector<std::string>& words,
                            std::size_t& at) {
  const std::string& word = words[at];
  const bool is_long = word.starts_with("--");
  const std::size_t equals = is_long ? word.find('=') : std::string::npos;
  std::string name = is_long ? word.substr(2, equals - 2) : word.substr(1, 1);
  if (equals != std::string::npos) name = word.substr(2, equals - 2);
  const OptionRow* option = is_long && name.size() == 1 ? nullptr : find_option(row, name);
  if (!option)
    throw UsageError("unknown option '" + word + "'; chatterbox " + row.name +
                     " --help lists those there are");
  std::string value;
  if (takes_value(*option)) {
    if (equals != std::string::npos)
      value = word.substr(equals + 1);
    else if (!is_long && word.size() > 2)
      value = word.substr(2);
    else if (at + 1 < words.size())
      value = words[++at];
    else
      throw UsageError(std::string("--") + option->name + ": expected " + option->value +
                       " behind it, got nothing");
    check_word(*option, value);
  } else if (equals != std::string::npos || (!is_long && word.size() > 2)) {
    throw UsageError(std::string("--") + option->name + ": expected no value, got '" + word + "'");
  }
  options_[option->name] = value;
}

std::string Arguments::text(const std::string& option, const std::string& otherwise) const {
  const auto found = options_.find(option);
  return found != options_.end() ? found->second : otherwise;
}

double Arguments::number(const std::string& option, double otherwise, double least,
                         double most) const {
  if (!has(option)) return otherwise;
  const std::string value = text(option);
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (end == value.c_str() || *end != '\0' || !(number >= least && number <= most)) {
    std::ostringstream message;
    message << "--" << option << ": expected a number from " << least << " to " << most << ", got '"
            << value << "'";
    throw UsageError(message.str());
  }
  return number;
}

const CommandRow& find_command(std::vector<std::string>& words) {
  if (words.empty()) throw UsageError("expected a command; chatterbox --help lists them");
  bool has_actions = false;
  for (const CommandRow& row : command_rows()) {
    const std::string first = first_word(row), name = row.name;
    if (words[0] != first) continue;
    if (name == first) {
      words.erase(words.begin());
      return row;
    }
    has_actions = true;
    if (words.size() > 1 && name == first + " " + words[1]) {
      words.erase(words.begin(), words.begin() + 2);
      return row;
    }
  }
  if (has_actions)
    throw UsageError("chatterbox " + words[0] + ": expected an action" +
                     (words.size() > 1 ? ", got '" + words[1] + "'" : "") + "; chatterbox " +
                     words[0] + " --help lists them");
  throw UsageError("unknown command '" + words[0] + "'; chatterbox --help lists those there are");
}

std::string overview() {
  std::string text =
      "usage: chatterbox COMMAND ...\n\nSpeech from text, and another voice for speech.\n\n";
  for (const CommandRow& row : command_rows())
    text += "  " + padded(row.name, 18) + row.summary + "\n";
  return text + "\nchatterbox COMMAND --help tells more, and so does man chatterbox-COMMAND.\n";
}

std::string help_of(const CommandRow& row) {
  std::string text = std::string("usage: chatterbox ") + row.name + " [OPTION...]";
  if (*row.arguments != '\0') text += std::string(" ") + row.arguments;
  text += std::string("\n\n") + row.description + "\n\nOptions:\n";
  for (const auto* options : {&row.options, &common_options()})
    for (const OptionRow& option : *options) text += option_line(option);
  text += "\nExamples:\n";
  for (const ExampleRow& example : row.examples)
    text += std::string("  ") + example.line + "\n      " + example.meaning + "\n";
  return text;
}

std::string help_of_command(const std::string& first) {
  std::string text = "usage: chatterbox " + first + " ACTION ...\n\n";
  for (const CommandRow& row : command_rows())
    if (first_word(row) == first) text += "  " + padded(row.name, 18) + row.summary + "\n";
  return text + "\nchatterbox " + first + " ACTION --help tells more.\n";
}

}  // namespace chatterbox::cli
