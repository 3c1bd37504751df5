// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// chatterbox: speech, voices and models from the command line.
#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>

#include "advice.h"
#include "chatterbox/error.h"
#include "commands.h"

namespace chatterbox::cli {
namespace {

int run(std::vector<std::string> words) {
  if (!words.empty() && (words[0] == "--help" || words[0] == "-h" || words[0] == "help"))
    return std::fputs(overview().c_str(), stdout), kDone;
  if (!words.empty() && words[0] == "--version")
    return std::puts("chatterbox " CHATTERBOX_VERSION), kDone;
  if (words.size() == 2 && (words[1] == "--help" || words[1] == "-h"))
    for (const CommandRow& row : command_rows())
      if (first_word(row) == words[0] && row.name != words[0])
        return std::fputs(help_of_command(words[0]).c_str(), stdout), kDone;
  const CommandRow& row = find_command(words);
  const Arguments arguments(row, words);
  if (arguments.has("help")) return std::fputs(help_of(row).c_str(), stdout), kDone;
  Runs runs;
  for (const auto add : {add_bench_command, add_hearing_commands, add_model_commands,
                         add_speaking_commands, add_voice_commands, add_watermark_commands})
    add(runs);
  return runs.at(row.name)(arguments, Console(arguments.has("quiet"), arguments.has("json")));
}

}  // namespace
}  // namespace chatterbox::cli

int main(int argc, char** argv) {
  using namespace chatterbox::cli;
  std::setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const int status = run({argv + 1, argv + argc});
    return std::fflush(stdout) == 0 ? status : kFailed;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "chatterbox: %s\n", error.what());
    return kWrongUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chatterbox: %s%s\n", error.what(), advice(error.what()).c_str());
    return kFailed;
  }
}
