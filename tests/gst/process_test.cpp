// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Launch lines that have to end by themselves, each in a process of gst-launch-1.0 with a time
// limit: what a harness does not see (pipelines that hang, exit statuses, warnings of other
// elements). process_test [NAME...] runs the rows of these names, else all.
#include <glib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::chrono::seconds kPatience{30};

struct Row {
  const char* name;
  const char* line;          // gst-launch-1.0's
  int status;                // its exit status
  const char* says = "";     // stands in the output
  bool interrupted = false;  // as by Ctrl-C, after a second
};

// With the scripted engine: 40 ms of speech for each byte of text, at once.
const Row kRows[] = {
#include "process_rows.inc"
};

// What no good line makes any element say.
bool complains(const std::string& output) {
  return output.find("CRITICAL") != output.npos || output.find("WARNING **") != output.npos ||
         output.find("data flow before") != output.npos;
}

struct Outcome {
  bool ended = false;
  int status = -1;
  std::string output;
};

Outcome launch(const Row& row, const std::string& log) {
  Outcome outcome;
  const std::string command = "exec gst-launch-1.0 " + std::string(row.line);
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    if (std::freopen(log.c_str(), "w", stdout) && dup2(1, 2) >= 0)
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  if (row.interrupted) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    kill(child, SIGINT);
  }
  while (!outcome.ended && std::chrono::steady_clock::now() < deadline) {
    outcome.ended = waitpid(child, &status, WNOHANG) == child;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!outcome.ended) {
    kill(-child, SIGKILL);
    waitpid(child, &status, 0);
  } else if (WIFEXITED(status)) {
    outcome.status = WEXITSTATUS(status);
  } else {
    outcome.status = 128 + WTERMSIG(status);
  }
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  outcome.output = text.str();
  return outcome;
}

// gst-launch-1.0 itself can miss an error: one that comes between its change to PAUSED and the
// start of its main loop asks a loop to end that does not run yet. Such a pipeline was never set to
// NULL.
bool launcher_missed_error(const Outcome& outcome) {
  return !outcome.ended && outcome.output.find("doesn't want to preroll") != outcome.output.npos &&
         outcome.output.find("Setting pipeline to NULL") == outcome.output.npos;
}

// Empty when the row holds.
std::string verdict(const Row& row, const Outcome& outcome) {
  if (!outcome.ended) return "did not end";
  if (outcome.status != row.status)
    return "expected exit status " + std::to_string(row.status) + ", got " +
           std::to_string(outcome.status);
  if (complains(outcome.output)) return "an element complained";
  if (outcome.output.find(row.says) == outcome.output.npos)
    return "expected '" + std::string(row.says) + "' in the output";
  return "";
}

bool chosen(const Row& row, int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], row.name) == 0) return true;
  return argc < 2;
}

}  // namespace

int main(int argc, char** argv) {
  gchar* scratch = g_dir_make_tmp("process-test-XXXXXX", nullptr);
  if (!scratch || chdir(scratch) != 0) return 1;
  g_file_set_contents("empty.txt", "", 0, nullptr);
  g_file_set_contents("words.txt", "A few words. And some more.", -1, nullptr);
  g_file_set_contents("latin1.txt", "Caf\xe9 at n\xb0 5. Ok.", -1, nullptr);
  g_file_set_contents("cues.srt",
                      "1\n00:00:00,200 --> 00:00:00,800\nHello you.\n\n"
                      "2\n00:00:01,000 --> 00:00:01,500\nAnd <i>more</i> words.\n\n",
                      -1, nullptr);
  const std::string log = std::string(scratch) + "/log";
  int failures = 0, ran = 0;
  for (const Row& row : kRows) {
    if (!chosen(row, argc, argv)) continue;
    ++ran;
    Outcome outcome = launch(row, log);
    if (launcher_missed_error(outcome)) {
      std::printf("again %s: gst-launch-1.0 missed an error\n", row.name);
      outcome = launch(row, log);
    }
    const std::string error = verdict(row, outcome);
    std::printf("%s %s: %s\n", error.empty() ? "ok  " : "FAIL", row.name, row.line);
    if (!error.empty()) std::printf("     %s\n%s\n", error.c_str(), outcome.output.c_str());
    std::fflush(stdout);
    failures += !error.empty();
  }
  const char* remove[] = {"rm", "-rf", scratch, nullptr};
  g_spawn_sync(nullptr, const_cast<char**>(remove), nullptr, G_SPAWN_SEARCH_PATH, nullptr, nullptr,
               nullptr, nullptr, nullptr, nullptr);
  g_free(scratch);
  return failures || ran == 0 ? 1 : 0;
}
