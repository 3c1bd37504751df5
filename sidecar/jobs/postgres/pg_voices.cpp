// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/pg_voices.h"

#include <glib.h>

#include "jobs/postgres/pg_schema.h"

namespace chatterbox::sidecar {
namespace {

// Changes are numbered in the order in which they can be seen.
constexpr const char* kLock = "LOCK TABLE chatterbox.voices IN EXCLUSIVE MODE";

// Names that differ in letter case or Unicode form alone are one.
std::string key_of(const std::string& name) {
  gchar* normal = g_utf8_normalize(name.c_str(), gssize(name.size()), G_NORMALIZE_NFC);
  gchar* folded = g_utf8_casefold(normal ? normal : "", -1);
  std::string key = folded;
  g_free(folded);
  g_free(normal);
  return key;
}

}  // namespace

bool PgVoices::put(const SharedVoice& voice, bool replace) {
  const bool kept = pool_.with([&](PgConnection& connection) {
    PgTransaction transaction(connection);
    if (!voice.object.empty()) keep_pg_object(connection, voice.object);
    connection.execute(kLock);
    // A job that begins again after it has kept its voice finds its own.
    const bool changed = PgQuery(connection, R"sql(
INSERT INTO chatterbox.voices AS v(client, key, name, gender, description, original_file,
  provenance, digest, recording, id, object, gone, change)
VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9::bytea, $11, $12, 0,
  (SELECT coalesce(max(change), 0) + 1 FROM chatterbox.voices))
ON CONFLICT (client, key) DO UPDATE SET name = excluded.name, gender = excluded.gender,
  description = excluded.description, original_file = excluded.original_file,
  provenance = excluded.provenance, digest = excluded.digest, recording = excluded.recording,
  id = excluded.id, object = excluded.object, gone = 0, change = excluded.change
WHERE v.gone = 1 OR $10::bigint = 1 OR
  (v.provenance = excluded.provenance AND v.provenance LIKE 'cloned by job %')
RETURNING 1)sql")
                             .bind(voice.folder)
                             .bind(key_of(voice.about.name))
                             .bind(voice.about.name)
                             .bind(voice.about.gender)
                             .bind(voice.about.description)
                             .bind(voice.about.original_file)
                             .bind(voice.about.provenance)
                             .bind(voice.digest)
                             .bind_bytes(voice.recording)
                             .bind(std::int64_t(replace))
                             .bind(voice.about.id)
                             .bind(voice.object)
                             .run()
                             .count() > 0;
    // Where the name is taken the object stays on trial, and goes.
    if (changed) transaction.commit();
    return changed;
  });
  if (kept) changed_();
  return kept;
}

// A removed voice stays in the table, so that every machine learns of it.
void PgVoices::remove(const std::string& folder, const std::string& name) {
  pool_.with([&](PgConnection& connection) {
    PgTransaction transaction(connection);
    connection.execute(kLock);
    PgQuery(connection,
            "UPDATE chatterbox.voices SET gone = 1, recording = '', digest = '', object = '', "
            "change = (SELECT max(change) + 1 FROM chatterbox.voices) "
            "WHERE client = $1 AND key = $2")
        .bind(folder)
        .bind(key_of(name))
        .run();
    transaction.commit();
    return true;
  });
  changed_();
}

std::vector<SharedVoice> PgVoices::changed_after(std::int64_t change) {
  return pool_.with([&](PgConnection& connection) {
    const PgRows rows =
        PgQuery(connection,
                "SELECT client, name, gender, description, original_file, provenance, digest, "
                "recording, gone, change, id, object FROM chatterbox.voices WHERE change > $1 "
                "ORDER BY change LIMIT 8")
            .bind(change)
            .run();
    std::vector<SharedVoice> voices;
    for (int row = 0; row < rows.count(); ++row) {
      SharedVoice voice;
      voice.folder = rows.text(row, 0);
      voice.about = {rows.text(row, 1), rows.text(row, 2), rows.text(row, 3),
                     rows.text(row, 4), rows.text(row, 5), rows.text(row, 10)};
      voice.digest = rows.text(row, 6);
      voice.recording = rows.text(row, 7);
      voice.gone = rows.integer(row, 8) != 0;
      voice.change = rows.integer(row, 9);
      voice.object = rows.text(row, 11);
      voices.push_back(std::move(voice));
    }
    return voices;
  });
}

}  // namespace chatterbox::sidecar
