// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/models.h"

#include <glib.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "barrier.h"
#include "chatterbox/error.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

std::string megabytes(std::int64_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000); }

}  // namespace

struct Models::Entry {
  enum class State { kAway, kLoading, kHere, kLeaving };

  ModelSetting setting;
  ModelFacts facts;
  std::int64_t bytes = 0;
  // Known once it has been loaded.
  std::string type;
  // Guarded by mutex_.
  State state = State::kAway;
  std::shared_ptr<const Model> model;
  int users = 0;
  std::int64_t used_us = 0;
};

Models::Lease& Models::Lease::operator=(Lease&& other) noexcept {
  end();
  owner_ = std::exchange(other.owner_, nullptr);
  entry_ = std::exchange(other.entry_, nullptr);
  model_ = std::move(other.model_);
  return *this;
}

void Models::Lease::end() {
  model_.reset();
  if (!owner_) return;
  const std::lock_guard lock(owner_->mutex_);
  --entry_->users;
  entry_->used_us = g_get_monotonic_time();
  owner_->changed_.notify_all();
  owner_ = nullptr;
}

Models::Models(const std::vector<ModelSetting>& settings, const ModelOptions& options,
               const Limits& limits, Leaving leaving)
    : options_(options), limits_(limits), leaving_(std::move(leaving)) {
  for (const ModelSetting& setting : settings) {
    auto entry = std::make_unique<Entry>();
    entry->setting = setting;
    entry->facts = read_model_facts(setting.path, setting.family);
    entry->bytes = entry->facts.weight_bytes;
    if (limits.most_bytes && entry->bytes > limits.most_bytes)
      throw Error(ErrorCode::kInvalidArgument,
                  "max-model-memory: expected room for model '" + setting.name + "', which has " +
                      megabytes(entry->bytes) + " MB of weights, got " +
                      megabytes(limits.most_bytes) + " MB");
    entries_.push_back(std::move(entry));
  }
}

Models::~Models() = default;

const std::string& Models::default_name() const { return entries_.front()->setting.name; }

const std::vector<std::string>& Models::aliases() {
  static const std::vector<std::string> names{"tts-1", "tts-1-hd", "gpt-4o-mini-tts"};
  return names;
}

Models::Entry* Models::find(const std::string& name) const {
  for (const auto& entry : entries_)
    if (entry->setting.name == name) return entry.get();
  return nullptr;
}

bool Models::knows(const std::string& asked) const {
  return asked.empty() || find(asked) || asked == kDefaultModel ||
         std::find(aliases().begin(), aliases().end(), asked) != aliases().end();
}

std::string Models::resolve(const std::string& asked) const {
  if (find(asked)) return asked;
  return knows(asked) || entries_.size() == 1 ? default_name() : "";
}

std::string Models::speaks(const std::string& language) const {
  const std::string code = language.substr(0, language.find_first_of("-_"));
  for (const auto& entry : entries_) {
    const auto& codes = entry->facts.languages;
    if (std::find(codes.begin(), codes.end(), code) != codes.end()) return entry->setting.name;
  }
  return "";
}

std::string Models::unknown(const std::string& asked) const {
  std::string names;
  for (const auto& entry : entries_) names += (names.empty() ? "" : ", ") + entry->setting.name;
  return "expected one of " + names + ", got '" + asked.substr(0, 100) + "'";
}

std::vector<ModelView> Models::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<ModelView> views;
  for (const auto& entry : entries_)
    views.push_back({entry->setting.name, entry->facts, entry->state == Entry::State::kHere});
  return views;
}

std::vector<ModelOffer> Models::offers() const {
  const std::lock_guard lock(mutex_);
  std::vector<ModelOffer> offers;
  for (const auto& entry : entries_) offers.push_back({entry->setting.name, entry->type});
  offers.push_back({"", entries_.front()->type});
  return offers;
}

bool Models::any_loaded() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry->state == Entry::State::kHere; });
}

std::int64_t Models::used_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& entry : entries_)
    if (entry->state != Entry::State::kAway) bytes += entry->bytes;
  return bytes;
}

Models::Entry* Models::idle() const {
  Entry* oldest = nullptr;
  for (const auto& entry : entries_)
    if (entry->state == Entry::State::kHere && entry->users == 0 &&
        (!oldest || entry->used_us < oldest->used_us))
      oldest = entry.get();
  return oldest;
}

Models::Lease Models::lend(const std::string& name, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  Entry* entry = find(name);
  if (!entry) throw Error(ErrorCode::kNotFound, "model: " + unknown(name));
  for (;;) {
    if (stop.stop_requested())
      throw Error(ErrorCode::kCancelled, "stopped while the model was waited for");
    if (entry->state == Entry::State::kHere) {
      ++entry->users;
      return Lease(*this, *entry, entry->model);
    }
    const bool fits = !limits_.most_bytes || used_bytes() + entry->bytes <= limits_.most_bytes;
    if (entry->state == Entry::State::kAway && fits)
      load(*entry, lock, stop);
    else if (Entry* other = entry->state == Entry::State::kAway ? idle() : nullptr)
      leave(*other, lock);
    else
      changed_.wait_for(lock, kLook);
  }
}

void Models::load(Entry& entry, std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  entry.state = Entry::State::kLoading;
  lock.unlock();
  std::shared_ptr<const Model> model;
  std::string type;
  std::exception_ptr failure;
  try {
    const auto start = g_get_monotonic_time();
    ModelOptions options = options_;
    options.family = entry.setting.family;
    model = Model::load(entry.setting.path, options,
                        [&](double, std::string_view) { return !stop.stop_requested(); });
    Engine(model).warm_up();
    log(Level::kInfo, "model " + entry.setting.name + " (" + model->name() + ", " +
                          model->device() + ", " + model->dtype() + ") ready after " +
                          std::to_string((g_get_monotonic_time() - start) / 1000) + " ms");
    // Speech of one kind of processor sounds the same on others of that kind.
    type = model->name() + ", " + model->device().substr(0, model->device().find(':')) + ", " +
           model->dtype() + ", " + options_.quality + ", " + options_.attention + ", " +
           std::to_string(entry.bytes);
  } catch (...) {
    failure = std::current_exception();
    model.reset();
  }
  lock.lock();
  if (model) entry.type = std::move(type);
  entry.model = std::move(model);
  entry.state = failure ? Entry::State::kAway : Entry::State::kHere;
  entry.used_us = g_get_monotonic_time();
  changed_.notify_all();
  if (failure) std::rethrow_exception(failure);
}

void Models::leave(Entry& entry, std::unique_lock<std::mutex>& lock) {
  entry.state = Entry::State::kLeaving;
  std::shared_ptr<const Model> model = std::move(entry.model);
  entry.model.reset();
  lock.unlock();
  // Whatever throws, the model is not left between two states.
  run_guarded("the end of a model", [&] {
    leaving_(model->id());
    log(Level::kInfo, "model " + entry.setting.name + " given back");
  });
  model.reset();
  // The allocator would keep much of a model's memory.
  malloc_trim(0);
  lock.lock();
  entry.state = Entry::State::kAway;
  changed_.notify_all();
}

bool Models::unload(const std::string& name) {
  std::unique_lock lock(mutex_);
  Entry* entry = find(name);
  if (!entry || entry->state == Entry::State::kAway) return true;
  if (entry->state != Entry::State::kHere || entry->users > 0) return false;
  leave(*entry, lock);
  return true;
}

void Models::unload_idle() {
  if (limits_.unload_after <= 0) return;
  std::unique_lock lock(mutex_);
  const std::int64_t before =
      g_get_monotonic_time() - std::int64_t(limits_.unload_after) * G_USEC_PER_SEC;
  while (Entry* entry = idle()) {
    if (entry->used_us > before) return;
    leave(*entry, lock);
  }
}

}  // namespace chatterbox::sidecar
