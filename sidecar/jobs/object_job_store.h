// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <optional>

#include "jobs/job_store.h"
#include "jobs/object_voices.h"
#include "objects/objects.h"
#include "rounds.h"

namespace chatterbox::sidecar {

// A store of jobs whose large requests, results and voices are objects somewhere else. While that
// place is away they are kept in the store itself, so that nothing waits for it or is lost by it;
// what is there already can then not be read. The store knows all objects: what no row names any
// more is removed.
class ObjectJobStore : public JobStore {
 public:
  // `from_bytes`: what is smaller stays in the store.
  ObjectJobStore(std::unique_ptr<JobStore> store, std::unique_ptr<Objects> objects,
                 std::size_t from_bytes);

  bool add(const NewJob& job) override;
  bool add_failed(const NewJob& job, const std::string& error, const std::string& detail) override {
    return store_->add_failed(job, error, detail);
  }
  std::optional<Job> find(const std::string& owner, const std::string& id) override {
    return store_->find(owner, id);
  }
  void keep_for(const std::string& owner, const std::string& id, std::int64_t ms) override {
    store_->keep_for(owner, id, ms);
  }
  std::int64_t output_bytes(const std::string& id) override { return store_->output_bytes(id); }
  std::string output_part(const std::string& id, int number) override;
  bool begin_reading(const std::string& id) override { return store_->begin_reading(id); }
  void end_reading(const std::string& id) override { store_->end_reading(id); }
  std::optional<Claim> claim_for(const std::vector<ModelOffer>& offers) override {
    return store_->claim_for(offers);
  }
  std::string request_of(const Claim& claim, const std::stop_token& stop) override;
  bool is_current(const Job& job) override { return store_->is_current(job); }
  ChunkFate add_chunk(const Job& job, int number, std::string_view json) override {
    return store_->add_chunk(job, number, json);
  }
  bool finish(const Job& job, JobState state, const Output& output, const std::string& error,
              const std::string& detail) override;
  void put_back(const Job& job) override { store_->put_back(job); }
  bool cancel(const std::string& owner, const std::string& id) override {
    return store_->cancel(owner, id);
  }
  bool retry(const std::string& owner, const std::string& id) override {
    return store_->retry(owner, id);
  }
  std::vector<std::string> purge_queue(const std::string& owner) override {
    return store_->purge_queue(owner);
  }
  std::optional<StreamNews> take_stream(const std::string& owner, const std::string& id) override {
    return store_->take_stream(owner, id);
  }
  std::vector<std::string> expire() override { return store_->expire(); }
  JobCounts counts() override { return store_->counts(); }
  JobCounts counts(const std::string& owner) override { return store_->counts(owner); }
  std::vector<Job> due_webhooks(const std::map<std::string, int>& in_the_air, int each) override {
    return store_->due_webhooks(in_the_air, each);
  }
  void webhook_sent(const std::string& id, bool delivered, std::int64_t retry_ms) override {
    store_->webhook_sent(id, delivered, retry_ms);
  }
  void begin_object(const std::string& name) override { store_->begin_object(name); }
  void drop_object(const std::string& name) override { store_->drop_object(name); }
  std::optional<ObjectOfJob> output_object(const std::string& id) override {
    return store_->output_object(id);
  }
  std::vector<std::string> due_objects() override { return store_->due_objects(); }
  void object_removed(const std::string& name) override { store_->object_removed(name); }
  void checkpoint() override { store_->checkpoint(); }
  void check() override { store_->check(); }
  bool shared() const override { return store_->shared(); }
  bool available() override { return store_->available(); }
  QueueFigures figures() override;
  VoiceTable* voices() override { return voices_ ? &*voices_ : nullptr; }
  void watch(StoreEvents events) override { store_->watch(std::move(events)); }

  // Removes some objects that nothing names any more; returns how many. A thread does so by itself;
  // tests call it.
  int sweep();

 private:
  Rounds::Pause sweep_round();

  const std::unique_ptr<JobStore> store_;
  const std::unique_ptr<Objects> objects_;
  ObjectShelf shelf_;
  std::optional<ObjectVoices> voices_;
  bool failed_ = false;  // of the thread
  std::optional<Rounds> sweeper_;
};

}  // namespace chatterbox::sidecar
