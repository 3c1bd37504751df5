// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>

#include "jobs/postgres/pg_pool.h"
#include "operations/voice_table.h"

namespace chatterbox::sidecar {

// The voices of all machines, in the database of their jobs.
class PgVoices : public VoiceTable {
 public:
  // `changed` is called after each change of this server.
  PgVoices(PgPool& pool, std::function<void()> changed)
      : pool_(pool), changed_(std::move(changed)) {}

  bool put(const SharedVoice& voice, bool replace) override;
  void remove(const std::string& folder, const std::string& name) override;
  std::vector<SharedVoice> changed_after(std::int64_t change) override;

 private:
  PgPool& pool_;
  const std::function<void()> changed_;
};

}  // namespace chatterbox::sidecar
