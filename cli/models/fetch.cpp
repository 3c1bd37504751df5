// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/fetch.h"

#include <glib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "models/hub_cache.h"
#include "models/hub_client.h"
#include "models/model_store.h"
#include "models/transfers.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSpareBytes = 16'000'000;  // that a disk keeps

std::int64_t size_of(const fs::path& path) {
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  return missing ? 0 : std::int64_t(size);
}

// Rate and time left, five times a second at most.
class ProgressLine {
 public:
  ProgressLine(const Console& console, std::string name, std::int64_t whole)
      : console_(console), name_(std::move(name)), whole_(whole) {}
  ~ProgressLine() { console_.end_progress(); }

  void show(const std::string& file, std::int64_t done) {
    const gint64 now = g_get_monotonic_time();
    if (now - shown_us_ < 200'000) return;
    if (start_us_ == 0) {
      start_us_ = now;
      start_bytes_ = done;
    }
    shown_us_ = now;
    const double seconds = double(now - start_us_) / 1e6;
    const double rate = seconds > 0 ? double(done - start_bytes_) / seconds : 0;
    std::string line = name_ + " " + progress_bar(whole_ > 0 ? double(done) / double(whole_) : 0) +
                       ", " + readable_bytes(done) + " of " + readable_bytes(whole_);
    if (rate > 0)
      line += ", " + readable_bytes(std::int64_t(rate)) + "/s, " +
              readable_time(double(std::max<std::int64_t>(whole_ - done, 0)) / rate) + " left";
    console_.progress(line + "  " + file);
  }

 private:
  const Console& console_;
  const std::string name_;
  const std::int64_t whole_;
  gint64 start_us_ = 0, shown_us_ = 0;
  std::int64_t start_bytes_ = 0;
};

class Fetch {
 public:
  Fetch(const PublishedModel& model, const std::string& directory, const Console& console)
      : model_(model),
        directory_(directory),
        console_(console),
        stage_(stage_of(directory, model.name)) {}

  Fetched run(bool check) {
    result_.path = directory_ + "/" + model_.name;
    std::error_code failed;
    fs::create_directories(directory_, failed);
    if (failed)
      throw Error(ErrorCode::kNotFound,
                  directory_ + ": expected a directory to write to: " + failed.message());
    const ModelLock lock(directory_, model_.name, &say_waiting, this);
    std::vector<std::string> unlisted;
    if (is_whole(model_, result_.path) &&
        (!check || faults_of(model_, result_.path, unlisted).empty())) {
      fs::remove_all(stage_, failed);
      result_.was_here = true;
      return result_;
    }
    fs::create_directories(stage_);
    remove_strangers();
    for (const PublishedFile& file : model_.files)
      if (!in_stage(file)) take_from_here(file);
    check_space();
    download_rest();
    publish_stage(directory_, model_.name);
    return result_;
  }

 private:
  static void say_waiting(void* self) {
    auto* fetch = static_cast<Fetch*>(self);
    fetch->console_.note(fetch->model_.name + ": another fetch of it is at work, waiting for it");
  }

  std::string staged(const PublishedFile& file) const { return stage_ + "/" + file.name; }

  bool in_stage(const PublishedFile& file) const { return fs::is_regular_file(staged(file)); }

  // Removes files that an earlier version of the model left in the stage.
  void remove_strangers() const {
    std::vector<fs::path> strangers;
    for (const auto& entry : fs::directory_iterator(stage_)) {
      const std::string name = entry.path().filename().string();
      const bool known =
          std::any_of(model_.files.begin(), model_.files.end(), [&](const PublishedFile& file) {
            return name == file.name || name == file.name + ".part";
          });
      if (!known) strangers.push_back(entry.path());
    }
    for (const fs::path& path : strangers) fs::remove_all(path);
  }

  // The models share files, and the hub's Python client may have fetched them before.
  void take_from_here(const PublishedFile& file) {
    std::string found;
    for (const std::string& directory : model_directories()) {
      std::error_code ignored;
      for (const auto& other : fs::directory_iterator(directory, ignored)) {
        const fs::path path = other.path() / file.name;
        if (found.empty() && fs::is_regular_file(path, ignored) &&
            is_published_file(path.string(), file))
          found = path.string();
      }
    }
    if (found.empty()) found = find_in_hub_cache(model_, file);
    if (found.empty()) return;
    fs::remove(staged(file) + ".part");
    link_or_copy(found, staged(file));
    result_.taken += size_of(staged(file));
    console_.note(model_.name + ": " + file.name + " is on this machine: " + found);
  }

  void check_space() const {
    std::int64_t needed = 0;
    for (const PublishedFile& file : model_.files)
      if (!in_stage(file))
        needed += std::max<std::int64_t>(file.size - size_of(staged(file) + ".part"), 0);
    const auto space = fs::space(stage_);
    if (needed > 0 && std::int64_t(space.available) < needed + kSpareBytes)
      throw Error(ErrorCode::kNotFound,
                  directory_ + ": expected " + readable_bytes(needed + kSpareBytes) + " free for " +
                      model_.name + ", got " + readable_bytes(std::int64_t(space.available)) +
                      "; free some, or set XDG_DATA_HOME to a directory of a larger disk");
  }

  // Those that take longest first: the others fit in beside them.
  std::vector<Transfer> missing() const {
    std::vector<Transfer> transfers;
    for (const PublishedFile& file : model_.files)
      if (!in_stage(file))
        transfers.push_back(
            {hub_.address(model_.repository, model_.revision, file.name), staged(file), &file});
    std::stable_sort(transfers.begin(), transfers.end(), [](const Transfer& a, const Transfer& b) {
      return a.file->size > b.file->size;
    });
    return transfers;
  }

  void download_rest() {
    const std::vector<Transfer> transfers = missing();
    if (transfers.empty()) return;
    const char* offline = std::getenv("HF_HUB_OFFLINE");
    if (offline && std::string(offline) == "1")
      throw Error(ErrorCode::kNotFound, model_.name + ": " + transfers[0].file->name +
                                            " is not on this machine, and HF_HUB_OFFLINE=1 "
                                            "forbids to fetch it");
    std::int64_t staged_bytes = 0, before = 0;
    for (const PublishedFile& file : model_.files)
      if (in_stage(file)) staged_bytes += size_of(staged(file));
    for (const Transfer& transfer : transfers) before += size_of(transfer.path + ".part");
    ProgressLine line(console_, model_.name, model_.size());
    try {
      download_all(transfers, {[&](const std::string& file, std::int64_t here) {
                                 line.show(file, staged_bytes + here);
                               },
                               [&](const std::string& trouble) { console_.note(trouble); }});
    } catch (const HubError& error) {
      fail(error);
    }
    for (const Transfer& transfer : transfers) result_.downloaded += size_of(transfer.path);
    result_.downloaded -= std::min(before, result_.downloaded);
  }

  [[noreturn]] void fail(const HubError& error) const {
    if (error.kind == HubError::Kind::kOffline)
      throw Error(ErrorCode::kNotFound,
                  model_.name + ": cannot reach " + hub_.endpoint() + " (" + error.what() +
                      "): go online and run it again, or set HF_ENDPOINT to a mirror");
    throw Error(ErrorCode::kNotFound, model_.name + ": " + error.what() +
                                          (error.kind == HubError::Kind::kBroken
                                               ? "; what has come stays: run it again to go on"
                                               : ""));
  }

  const PublishedModel& model_;
  const std::string directory_;
  const Console& console_;
  const std::string stage_;
  const HubClient hub_;
  Fetched result_;
};

}  // namespace

Fetched fetch_model(const PublishedModel& model, const std::string& directory, bool check,
                    const Console& console) {
  try {
    return Fetch(model, directory, console).run(check);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::kNotFound, model.name + ": " + error.what());
  }
}

}  // namespace chatterbox::cli
