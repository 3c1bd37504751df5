// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/quantize.h"
#include "commands.h"
#include "models/fetch.h"
#include "models/manifest.h"
#include "models/model_store.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Where models are fetched to.
std::string target_directory(const Arguments& arguments) {
  if (arguments.has("system")) return system_model_directory();
  const std::string own = own_model_directory();
  if (own.empty())
    throw Error(ErrorCode::kNotFound,
                "expected a home to keep models in, got none; set HOME or XDG_DATA_HOME");
  return own;
}

std::string place_of(const std::string& name) {
  std::error_code ignored;
  for (const std::string& directory : model_directories())
    if (fs::is_directory(fs::path(directory) / name, ignored)) return directory + "/" + name;
  return {};
}

std::int64_t bytes_in(const std::string& path) {
  std::int64_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path, ignored))
    if (entry.is_regular_file(ignored)) bytes += std::int64_t(entry.file_size(ignored));
  return bytes;
}

struct ListedModel {
  std::string name, state, path, about;  // state: "here", "damaged", "begun", "at the hub"
  std::int64_t bytes = 0;
};

ListedModel listed(const PublishedModel& model) {
  ListedModel line{model.name, "at the hub", place_of(model.name), model.about, model.size()};
  if (!line.path.empty()) {
    line.state = is_whole(model, line.path) ? "here" : "damaged";
    line.bytes = bytes_in(line.path);
  } else if (fs::is_directory(stage_of(own_model_directory(), model.name))) {
    line.state = "begun";
  }
  return line;
}

std::vector<ListedModel> list_models(const std::vector<PublishedModel>& published) {
  std::vector<ListedModel> lines;
  for (const PublishedModel& model : published) lines.push_back(listed(model));
  const auto known = [&](const std::string& name) {
    for (const ListedModel& line : lines)
      if (line.name == name) return true;
    return false;
  };
  std::error_code ignored;
  for (const std::string& directory : model_directories())
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      const std::string name = entry.path().filename().string();
      // The weights of the watermark lie among the models, and are none.
      if (entry.is_directory(ignored) && !name.starts_with('.') && name != "watermark" &&
          !known(name))
        lines.push_back({name, "here", entry.path().string(), "", bytes_in(entry.path().string())});
    }
  return lines;
}

int list(const Arguments& arguments, const Console& console) {
  json array = json::array();
  for (const ListedModel& line : list_models(read_manifest(arguments.text("manifest")))) {
    array.push_back({{"name", line.name},
                     {"state", line.state},
                     {"bytes", line.bytes},
                     {"path", line.path},
                     {"about", line.about}});
    if (arguments.has("names"))
      std::puts(line.name.c_str());
    else if (!console.json())
      std::printf("%s%s%s%s\n", padded(line.name, 14).c_str(), padded(line.state, 12).c_str(),
                  padded(readable_bytes(line.bytes), 9).c_str(),
                  (line.about.empty() ? line.path : line.about).c_str());
  }
  if (console.json()) std::puts(array.dump(1).c_str());
  return kDone;
}

int fetch(const Arguments& arguments, const Console& console) {
  const auto models = read_manifest(arguments.text("manifest"));
  for (const std::string& name : arguments.words()) find_published(models, name);
  json array = json::array();
  for (const std::string& name : arguments.words()) {
    const Fetched fetched = fetch_model(find_published(models, name), target_directory(arguments),
                                        arguments.has("check"), console);
    array.push_back({{"name", name},
                     {"path", fetched.path},
                     {"was_here", fetched.was_here},
                     {"downloaded", fetched.downloaded},
                     {"taken", fetched.taken}});
    if (console.json()) continue;
    console.note(name + (fetched.was_here
                             ? " is here already"
                             : ": " + readable_bytes(fetched.downloaded) + " fetched, " +
                                   readable_bytes(fetched.taken) + " were on this machine"));
    std::puts(fetched.path.c_str());
  }
  if (console.json()) std::puts(array.dump(1).c_str());
  return kDone;
}

int verify(const Arguments& arguments, const Console& console) {
  const auto models = read_manifest(arguments.text("manifest"));
  json array = json::array();
  bool right = true;
  for (const std::string& word : arguments.words()) {
    const std::string path = find_model(word);
    fs::path directory(path);
    if (!directory.has_filename()) directory = directory.parent_path();
    const PublishedModel& model =
        find_published(models, arguments.text("as", directory.filename().string()));
    std::vector<std::string> unlisted;
    const std::vector<std::string> faults = faults_of(model, path, unlisted);
    right = right && faults.empty();
    array.push_back({{"name", model.name},
                     {"path", path},
                     {"faults", faults},
                     {"without_known_digest", unlisted}});
    if (console.json()) continue;
    std::printf("%s: %s\n", word.c_str(), faults.empty() ? "as published" : "not as published");
    for (const std::string& fault : faults) std::printf("  %s\n", fault.c_str());
    for (const std::string& name : unlisted)
      console.note("  " + name + ": there, but no digest of it is known");
    if (!faults.empty())
      console.note("chatterbox models fetch --check " + model.name + " fetches what is wrong");
  }
  if (console.json()) std::puts(array.dump(1).c_str());
  return right ? kDone : kFailed;
}

int remove_models(const Arguments& arguments, const Console& console) {
  const std::string directory = target_directory(arguments);
  json array = json::array();
  for (const std::string& name : arguments.words()) {
    if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos)
      throw UsageError("models remove: expected the name of a model, got '" + name + "'");
    const std::string path = directory + "/" + name, stage = stage_of(directory, name);
    if (!fs::is_directory(path) && !fs::is_directory(stage)) {
      const std::string place = place_of(name);
      throw Error(ErrorCode::kNotFound,
                  place.empty() ? "no model '" + name +
                                      "' is here; chatterbox models list shows those there are"
                                : name + " is in " + place +
                                      ", which is not the user's own; models of the system go with "
                                      "--system, packaged ones with their package");
    }
    const ModelLock lock(directory, name, nullptr, nullptr);
    std::error_code failed;
    fs::remove_all(stage, failed);
    if (!failed) fs::remove_all(path, failed);
    if (failed)
      throw Error(ErrorCode::kNotFound, path + ": cannot be removed: " + failed.message());
    array.push_back({{"name", name}, {"path", path}});
    if (!console.json()) console.note(name + ": removed");
  }
  if (console.json()) std::puts(array.dump(1).c_str());
  return kDone;
}

int path(const Arguments& arguments, const Console& console) {
  const std::string found = find_model(arguments.words()[0]);
  if (!fs::is_directory(found))
    throw Error(ErrorCode::kNotFound,
                "no model '" + arguments.words()[0] +
                    "' is here; chatterbox models list shows those there are");
  std::puts(console.json() ? json{{"path", found}}.dump().c_str() : found.c_str());
  return kDone;
}

// The name of what quantize makes: a plain name, in a directory of models.
std::string quantized_name(const Arguments& arguments) {
  const auto& words = arguments.words();
  std::string name = words.size() > 1 ? words[1] : find_model(words[0]);
  if (words.size() == 1) {
    while (name.ends_with('/')) name.pop_back();
    name = fs::path(name).filename().string() + "-int8";
  }
  if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos)
    throw UsageError("models quantize: expected a plain name for what it makes, got '" + name +
                     "'");
  return name;
}

int quantize(const Arguments& arguments, const Console& console) {
  const std::string model = find_model(arguments.words()[0]), name = quantized_name(arguments);
  const std::string directory = target_directory(arguments), path = directory + "/" + name;
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed)
    throw Error(ErrorCode::kNotFound,
                directory + ": expected a directory to write to: " + failed.message());
  const ModelLock lock(directory, name, nullptr, nullptr);
  if (fs::exists(path))
    throw Error(ErrorCode::kInvalidArgument, path + " is here already; remove it with chatterbox " +
                                                 "models remove " + name +
                                                 ", or give another name");
  const std::string stage = stage_of(directory, name);
  fs::remove_all(stage, failed);  // of one that was stopped
  const QuantizedModel made = quantize_model(model, stage, arguments.text("family"));
  publish_stage(directory, name);
  if (console.json()) {
    std::puts(json{{"name", name},
                   {"path", path},
                   {"matrices", made.matrices},
                   {"bytes_before", made.bytes_before},
                   {"bytes_after", made.bytes_after}}
                  .dump(1)
                  .c_str());
    return kDone;
  }
  console.note(made.file + ": " + std::to_string(made.matrices) + " matrices in rows of int8, " +
               readable_bytes(made.bytes_after) + " in place of " +
               readable_bytes(made.bytes_before) + "; speak with --model " + name +
               " --dtype int8");
  std::puts(path.c_str());
  return kDone;
}

}  // namespace

void add_model_commands(Runs& runs) {
  runs["models list"] = list;
  runs["models fetch"] = fetch;
  runs["models verify"] = verify;
  runs["models remove"] = remove_models;
  runs["models path"] = path;
  runs["models quantize"] = quantize;
}

}  // namespace chatterbox::cli
