// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "chatterbox/engine.h"
#include "chatterbox/model_facts.h"
#include "jobs/job_store.h"
#include "models/model_settings.h"

namespace chatterbox::sidecar {

// The server's description of one of its models.
struct ModelView {
  std::string name;
  ModelFacts facts;
  bool loaded = false;
};

// The models that the server serves: loaded when they are asked for, given back when nobody has
// used them for a while, or when another needs the room. Any thread may call.
class Models {
 private:
  struct Entry;

 public:
  // A model while somebody uses it: it stays in memory.
  class Lease {
   public:
    Lease() = default;
    Lease(Models& owner, Entry& entry, std::shared_ptr<const Model> model)
        : owner_(&owner), entry_(&entry), model_(std::move(model)) {}
    Lease(Lease&& other) noexcept { *this = std::move(other); }
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { end(); }
    const std::shared_ptr<const Model>& model() const { return model_; }

   private:
    void end();
    Models* owner_ = nullptr;
    Entry* entry_ = nullptr;
    std::shared_ptr<const Model> model_;
  };

  struct Limits {
    // Most bytes of weight files whose models are in memory at once; 0: any.
    std::int64_t most_bytes = 0;
    // After so many seconds without use a model is given back; 0: never.
    int unload_after = 0;
  };
  // Tells that a model is about to leave, so that others drop what they keep for it.
  using Leaving = std::function<void(const std::string& model_id)>;

  // Reads the small files of each. Throws Error when there is something wrong with one, or one is
  // larger than the limit. `options`: how all are loaded, family aside.
  Models(const std::vector<ModelSetting>& settings, const ModelOptions& options,
         const Limits& limits, Leaving leaving);
  ~Models();

  const std::string& default_name() const;
  // The model that a request means: one of ours by name; without a name, or by what clients ask
  // for at their defaults, the default one, which is also meant by any name where there is no
  // other. Empty: none.
  std::string resolve(const std::string& asked) const;
  // Whether it is a name that we gave out.
  bool knows(const std::string& asked) const;
  // Names that stand for the default model.
  static const std::vector<std::string>& aliases();
  // The first model that speaks `language` ("fr", "pt-BR"), the default before others; empty: none.
  std::string speaks(const std::string& language) const;
  // "expected one of a, b, got 'x'"
  std::string unknown(const std::string& asked) const;

  std::vector<ModelView> list() const;
  // Models whose jobs this server takes; the empty name is the default model.
  std::vector<ModelOffer> offers() const;
  bool any_loaded() const;

  // The model of that name, which stays while the lease lasts. Loads it when it is not there;
  // for that others may have to leave, and one that is in use is waited for. Slow. Throws Error;
  // kCancelled once `stop` is asked.
  Lease lend(const std::string& name, const std::stop_token& stop);

  // Gives it back. False when it is in use.
  bool unload(const std::string& name);
  // Gives back what nobody has used for so long as the limits say.
  void unload_idle();

 private:
  Entry* find(const std::string& name) const;
  void load(Entry& entry, std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  void leave(Entry& entry, std::unique_lock<std::mutex>& lock);
  // The one that is there, unused, and was used longest ago.
  Entry* idle() const;
  std::int64_t used_bytes() const;

  const ModelOptions options_;
  const Limits limits_;
  const Leaving leaving_;
  std::vector<std::unique_ptr<Entry>> entries_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace chatterbox::sidecar
