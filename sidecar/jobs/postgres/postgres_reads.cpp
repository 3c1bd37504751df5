// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of PostgresJobStore that clients read: rows, results, streams.
#include "jobs/postgres/postgres_store.h"

namespace chatterbox::sidecar {
namespace {

// Most of one /stream answer; the rest comes with the next.
constexpr std::size_t kStreamAnswerBytes = 2 << 20;

}  // namespace

Job read_pg_job(const PgRows& rows, int row) {
  Job job;
  job.id = rows.text(row, 0);
  job.state = JobState(rows.integer(row, 1));
  job.sync = rows.integer(row, 2) != 0;
  job.created_ms = rows.integer(row, 3);
  job.started_ms = rows.integer(row, 4);
  job.finished_ms = rows.integer(row, 5);
  job.attempts = int(rows.integer(row, 6));
  job.retries = int(rows.integer(row, 7));
  job.seed = std::uint32_t(rows.integer(row, 8));
  job.webhook = rows.text(row, 9);
  job.webhook_tries = int(rows.integer(row, 10));
  job.error = rows.text(row, 11);
  job.detail = rows.text(row, 12);
  job.owner = rows.text(row, 13);
  job.epoch = rows.integer(row, 14);
  job.input_bytes = rows.integer(row, 15);
  job.model = rows.text(row, 16);
  job.output_bytes = rows.integer(row, 17);
  return job;
}

std::optional<Job> PostgresJobStore::find(const std::string& owner, const std::string& id) {
  static const std::string sql = std::string("SELECT ") + kPgJobColumns +
                                 " FROM chatterbox.jobs j WHERE j.id = $1 AND j.client = $2";
  return pool_.with([&](PgConnection& connection) -> std::optional<Job> {
    const PgRows rows = PgQuery(connection, sql.c_str()).bind(id).bind(owner).run();
    if (rows.count() == 0) return std::nullopt;
    return read_pg_job(rows, 0);
  });
}

std::int64_t PostgresJobStore::output_bytes(const std::string& id) {
  return pool_.with([&](PgConnection& connection) {
    const PgRows rows =
        PgQuery(connection, "SELECT output_bytes FROM chatterbox.jobs WHERE id = $1")
            .bind(id)
            .run();
    return rows.count() ? rows.integer(0, 0) : 0;
  });
}

std::string PostgresJobStore::output_part(const std::string& id, int number) {
  return pool_.with([&](PgConnection& connection) {
    const PgRows rows = PgQuery(connection,
                                "SELECT body FROM chatterbox.outputs WHERE number = $2 AND "
                                "job = (SELECT number FROM chatterbox.jobs WHERE id = $1)")
                            .bind(id)
                            .bind(number)
                            .run();
    return rows.count() ? rows.text(0, 0) : std::string();
  });
}

std::optional<ObjectOfJob> PostgresJobStore::output_object(const std::string& id) {
  return pool_.with([&](PgConnection& connection) -> std::optional<ObjectOfJob> {
    const PgRows rows = PgQuery(connection,
                                "SELECT o.object, j.output_bytes FROM chatterbox.jobs j "
                                "JOIN chatterbox.outputs o ON o.job = j.number "
                                "WHERE j.id = $1 AND o.number = 0 AND o.object <> ''")
                            .bind(id)
                            .run();
    if (rows.count() == 0) return std::nullopt;
    return ObjectOfJob{rows.text(0, 0), rows.integer(0, 1)};
  });
}

std::optional<PostgresJobStore::JobProgress> PostgresJobStore::find_progress(
    PgConnection& connection, const std::string& owner, const std::string& id, bool lock) {
  static const std::string look =
      std::string("SELECT ") + kPgJobColumns +
      ", j.number, j.delivered, "
      "(SELECT count(*) FROM chatterbox.chunks c WHERE c.job = j.number) "
      "FROM chatterbox.jobs j WHERE j.id = $1 AND j.client = $2";
  // Counts in a statement that waited for a lock may be from before the wait.
  if (lock)
    PgQuery(connection, "SELECT 1 FROM chatterbox.jobs WHERE id = $1 AND client = $2 FOR UPDATE")
        .bind(id)
        .bind(owner)
        .run();
  const PgRows rows = PgQuery(connection, look.c_str()).bind(id).bind(owner).run();
  if (rows.count() == 0) return std::nullopt;
  return JobProgress{read_pg_job(rows, 0), rows.integer(0, kPgJobColumnCount),
                     rows.integer(0, kPgJobColumnCount + 1),
                     rows.integer(0, kPgJobColumnCount + 2)};
}

std::optional<StreamNews> PostgresJobStore::take_stream(const std::string& owner,
                                                        const std::string& id) {
  return pool_.with([&](PgConnection& connection) -> std::optional<StreamNews> {
    // Most answers are that there is nothing new: those lock nothing.
    auto found = find_progress(connection, owner, id, false);
    if (!found) return std::nullopt;
    if (!is_final(found->job.state) && found->made <= found->delivered)
      return StreamNews{std::move(found->job)};
    PgTransaction transaction(connection);
    found = find_progress(connection, owner, id, true);
    if (!found) return std::nullopt;
    StreamNews news{std::move(found->job)};
    std::int64_t delivered = found->delivered, made = found->made;
    if (made == 0 && delivered == 0 && news.job.state == JobState::kCompleted) {
      news.whole_output = true;
      delivered = made = 1;
    } else if (made > delivered) {
      const PgRows rows = PgQuery(connection,
                                  "SELECT body FROM chatterbox.chunks WHERE job = $1 AND "
                                  "number >= $2 ORDER BY number LIMIT 256")
                              .bind(found->number)
                              .bind(delivered)
                              .run();
      std::size_t bytes = 0;
      for (int row = 0; row < rows.count() && bytes < kStreamAnswerBytes; ++row) {
        news.chunks.push_back(rows.text(row, 0));
        bytes += news.chunks.back().size();
        ++delivered;
      }
    }
    news.ended = is_final(news.job.state) && delivered >= made;
    if (news.ended && news.job.state == JobState::kCancelled) {
      // One more than there are: the end has been delivered too.
      news.told_cancelled = delivered > made;
      delivered = made + 1;
    }
    if (delivered != found->delivered)
      PgQuery(connection, "UPDATE chatterbox.jobs SET delivered = $1 WHERE number = $2")
          .bind(delivered)
          .bind(found->number)
          .run();
    transaction.commit();
    return news;
  });
}

}  // namespace chatterbox::sidecar
