// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <string>

#include "pages/pages.h"

namespace chatterbox::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> actions_of(const std::string& first) {
  std::vector<std::string> actions;
  for (const CommandRow& row : command_rows())
    if (first_word(row) == first && row.name != first)
      actions.push_back(std::string(row.name).substr(first.size() + 1));
  return actions;
}

std::vector<OptionRow> options_of(const CommandRow& row) {
  std::vector<OptionRow> options = row.options;
  options.insert(options.end(), common_options().begin(), common_options().end());
  return options;
}

// Value of COMPREPLY in bash.
std::string bash_values(Value kind, const std::string& words) {
  switch (kind) {
    case Value::kFile:
      return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))";
    case Value::kVoice:
      return "_chatterbox_lines voices";
    case Value::kModel:
      return "_chatterbox_lines models";
    case Value::kWords:
      return "COMPREPLY=($(compgen -W '" + words + "' -- \"$word\"))";
    case Value::kNone:
    case Value::kText:
      return ":";
  }
  return ":";
}

std::string bash_case(const CommandRow& row) {
  std::vector<std::string> names;
  std::string values;
  for (const OptionRow& option : options_of(row)) {
    names.push_back(std::string("--") + option.name);
    if (!*option.value) continue;
    std::string pattern = std::string("--") + option.name;
    if (option.letter != 0) pattern += std::string("|-") + option.letter;
    values +=
        "        " + pattern + ") " + bash_values(option.kind, option.words) + "; return ;;\n";
  }
  return std::string("    '") + row.name + "')\n      case \"$before\" in\n" + values +
         "      esac\n      if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W '" +
         joined(names) + "' -- \"$word\"))\n      else\n        " + bash_values(row.argument, "") +
         "\n      fi ;;\n";
}

// Text within single quotes and the brackets of _arguments.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':')
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

std::string zsh_action(Value kind, const std::string& words) {
  switch (kind) {
    case Value::kFile:
      return "_files";
    case Value::kVoice:
      return "_chatterbox_voices";
    case Value::kModel:
      return "_chatterbox_models";
    case Value::kWords:
      return "(" + words + ")";
    case Value::kNone:
    case Value::kText:
      return " ";
  }
  return " ";
}

std::string zsh_option(const OptionRow& option) {
  std::string end = std::string("[") + zsh_text(option.help) + "]";
  if (*option.value)
    end += std::string(":") + zsh_text(option.value) + ":" + zsh_action(option.kind, option.words);
  std::string text = std::string(" \\\n        '--") + option.name + end + "'";
  if (option.letter != 0) text += std::string(" \\\n        '-") + option.letter + end + "'";
  return text;
}

std::string zsh_case(const CommandRow& row) {
  std::string text = std::string("      '") + row.name + "') _arguments";
  for (const OptionRow& option : options_of(row)) text += zsh_option(option);
  return text + " \\\n        '*:argument:" + zsh_action(row.argument, "") + "' ;;\n";
}

}  // namespace

std::string bash_completion() {
  std::string text = R"sh(# bash completion of chatterbox, made of its table of commands
_chatterbox_lines() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(chatterbox "$1" list --names 2>/dev/null)" -- "$word"))
}
_chatterbox() {
  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
  local command="${COMP_WORDS[1]}"
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ')sh";
  text += joined(command_names()) +
          " --help --version' -- \"$word\"))\n    return\n  fi\n  case \"$command\" in\n";
  for (const std::string& first : command_names())
    if (const auto actions = actions_of(first); !actions.empty())
      text += "    " + first +
              ")\n      if ((COMP_CWORD == 2)); then\n        COMPREPLY=($(compgen -W '" +
              joined(actions) + " --help' -- \"$word\"))\n        return\n      fi\n" +
              "      command+=\" ${COMP_WORDS[2]}\" ;;\n";
  text += "  esac\n  case \"$command\" in\n";
  for (const CommandRow& row : command_rows()) text += bash_case(row);
  return text + "  esac\n}\ncomplete -F _chatterbox chatterbox\n";
}

std::string zsh_completion() {
  std::string text = R"sh(#compdef chatterbox
# Made of chatterbox's table of commands.
_chatterbox_voices() {
  local -a names=("${(@f)$(chatterbox voices list --names 2>/dev/null)}")
  compadd -a names
}
_chatterbox_models() {
  local -a names=("${(@f)$(chatterbox models list --names 2>/dev/null)}")
  compadd -a names
  _files -/
}
_chatterbox() {
  local -a found
  local command="$words[2]"
  if ((CURRENT == 2)); then
    found=(
)sh";
  for (const CommandRow& row : command_rows())
    if (row.name == first_word(row))
      text += "      '" + first_word(row) + ":" + zsh_text(row.summary) + "'\n";
  for (const std::string& first : command_names())
    if (!actions_of(first).empty())
      text += "      '" + first + ":" + zsh_text(joined(actions_of(first))) + "'\n";
  text += "    )\n    _describe command found\n    return\n  fi\n  case \"$command\" in\n";
  for (const std::string& first : command_names())
    if (const auto actions = actions_of(first); !actions.empty()) {
      text += "    " + first + ")\n      if ((CURRENT == 3)); then\n        found=(\n";
      for (const CommandRow& row : command_rows())
        if (first_word(row) == first)
          text += std::string("          '") + std::string(row.name).substr(first.size() + 1) +
                  ":" + zsh_text(row.summary) + "'\n";
      text +=
          "        )\n        _describe action found\n        return\n      fi\n"
          "      command+=\" $words[3]\"\n      words=(chatterbox \"${(@)words[4,-1]}\")\n"
          "      ((CURRENT -= 2)) ;;\n";
    } else {
      text += "    " + first +
              ")\n      words=(chatterbox \"${(@)words[3,-1]}\")\n"
              "      ((CURRENT -= 1)) ;;\n";
    }
  text += "  esac\n  case \"$command\" in\n";
  for (const CommandRow& row : command_rows()) text += zsh_case(row);
  return text + "  esac\n}\n_chatterbox \"$@\"\n";
}

}  // namespace chatterbox::cli
