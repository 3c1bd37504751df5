// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/object_shelf.h"

#include <glib.h>

#include "log.h"

namespace chatterbox::sidecar {
namespace {

// After a failure the next try comes so much later.
constexpr std::int64_t kPauseUs = 15 * G_USEC_PER_SEC;

}  // namespace

std::optional<ObjectOfJob> ObjectShelf::put(const char* folder, std::string_view bytes,
                                            const Patience& patience, const std::stop_token& stop) {
  if (bytes.size() < from_bytes_ || g_get_monotonic_time() < away_until_us_) return std::nullopt;
  ObjectOfJob object{std::string(folder) + "/" + new_job_id(false), std::int64_t(bytes.size())};
  store_.begin_object(object.name);
  try {
    objects_.put(object.name, bytes, patience, stop);
    return object;
  } catch (const ObjectError& error) {
    drop(object);
    if (error.kind() == ObjectError::Kind::kStopped) return std::nullopt;
    ++failures_;
    away_until_us_ = g_get_monotonic_time() + kPauseUs;
    log(Level::kWarning, std::string("objects: kept in the database for a while: ") + error.what());
    return std::nullopt;
  }
}

void ObjectShelf::drop(const ObjectOfJob& object) {
  try {
    store_.drop_object(object.name);
  } catch (const StorageError&) {
  }
}

}  // namespace chatterbox::sidecar
