// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// chatterbox-server: speech over HTTP, with jobs that survive its end.
#include <fcntl.h>
#include <gst/gst.h>
#include <malloc.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "audio/audio_decode.h"
#include "chatterbox/error.h"
#include "chatterbox/log.h"
#include "chatterbox/paths.h"
#include "http/server.h"
#include "jobs/open_store.h"
#include "jobs/upkeep.h"
#include "jobs/webhooks.h"
#include "log.h"
#include "main_loop.h"
#include "named_thread.h"
#include "operations/voice_mirror.h"
#include "wyoming/wyoming_server.h"

namespace chatterbox::sidecar {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMegabyte = 1'000'000;
// Rounds of a stop in which a slow disk, or the network of clients, may keep those waiting that are
// to hear of it.
constexpr int kMostIdleRounds = 100;
// Time after which waiting clients look into a shared store themselves, as news may be lost.
constexpr unsigned kAskAgainMs = 2000;

std::string data_directory(const Config& config) {
  std::string path = config.data_dir;
  if (path.empty()) path = std::string(g_get_user_state_dir()) + "/chatterbox-server";
  umask(0077);  // requests and results are nobody else's business
  std::error_code error;
  fs::create_directories(path, error);
  if (!fs::is_directory(path))
    throw Error(ErrorCode::kNotFound, "data-dir: expected a directory, got '" + path + "'");
  return path;
}

// Two servers on one directory would end each other's jobs. Held until the process ends.
void lock_directory(const std::string& data_dir) {
  const std::string path = data_dir + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return;
  throw Error(ErrorCode::kInvalidArgument,
              "data-dir: expected a directory that no other server uses, got '" + data_dir +
                  "': " + std::strerror(errno));
}

Models::Limits model_limits(const Config& config) {
  return {config.max_model_memory * kMegabyte, config.unload_after};
}

ModelOptions model_options(const Config& config) {
  ModelOptions options;
  options.device = config.device;
  options.dtype = config.dtype;
  options.threads = config.threads;
  options.quality = config.quality;
  options.attention = config.attention;
  options.voice_cache_bytes = std::int64_t(config.voice_cache_mb) << 20;
  return options;
}

void prepare_process(const std::string& data_dir) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error like a full disk
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  // Few arenas: memory that one thread frees is found by the next.
  mallopt(M_ARENA_MAX, 2);
  // Larger blocks have pages of their own, which go back when they are freed. Among small blocks
  // that stay they leave holes, another number of them after every job.
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  // The decoder has no home to keep GStreamer's registry in.
  g_setenv("GST_REGISTRY_1_0", (data_dir + "/gstreamer-registry.bin").c_str(), FALSE);
  gst_init(nullptr, nullptr);
}

void bridge_log() {
  set_log_sink([](LogLevel level, std::string_view message) {
    log(level == LogLevel::kDebug  ? Level::kDebug
        : level == LogLevel::kInfo ? Level::kInfo
                                   : Level::kWarning,
        message);
  });
}

// The default model loads beside the server, which takes requests meanwhile. Without it, or without
// workers, the server ends.
std::thread load_model(Models& models, WorkerPool& pool, JobStore& store, GMainLoop* loop,
                       std::atomic<int>& status) {
  const auto give_up = [loop, &status]() noexcept {
    log_exception("loading the model");
    status = 1;
    // In its own thread: a loop that has not begun yet would begin all the same. This needs no
    // memory of C++.
    g_idle_add(for_c([](gpointer ended) -> gboolean {
                 g_main_loop_quit(static_cast<GMainLoop*>(ended));
                 return G_SOURCE_REMOVE;
               }),
               loop);
  };
  return named_thread("loader", [&models, &pool, &store, give_up] {
    run_guarded("looking through the store", [&] { store.check(); });
    try {
      models.lend(models.default_name(), {});
      post([&pool, give_up] {
        try {
          pool.start();
        } catch (...) {
          give_up();
        }
      });
    } catch (...) {
      give_up();
    }
  });
}

// Balancers are told for a while; then the loop ends once running work is done, or has had its
// time.
class Drain {
 public:
  Drain(Services& services, const Server& server, GMainLoop* loop)
      : services_(services), server_(server), loop_(loop) {
    for (const int number : {SIGTERM, SIGINT}) post_on_signal(number, [this] { begin(); });
  }

 private:
  void begin() {
    if (services_.leaving) return g_main_loop_quit(loop_);  // asked twice: at once
    services_.leaving = true;
    log(Level::kInfo, "stopping: running jobs end, others keep for the next start");
    services_.pool.leave();
    const gint64 notice_us = services_.config.drain_notice_seconds * G_USEC_PER_SEC;
    refuse_us_ = g_get_monotonic_time() + notice_us;
    deadline_us_ = refuse_us_ + services_.config.drain_seconds * G_USEC_PER_SEC;
    check();
    post_every(50, [this] { check(); });
  }

  void check() {
    const gint64 now = g_get_monotonic_time();
    if (now < refuse_us_) return;
    if (!services_.draining) {
      services_.draining = true;
      services_.pool.drain();
    }
    if (services_.pool.idle()) {
      services_.waiters.flush();
      // Answers leave before the loop ends.
      const bool answered = services_.waiters.empty() && server_.connections() == 0;
      ++idle_rounds_;
      if (answered ? idle_rounds_ > 4 : idle_rounds_ > kMostIdleRounds && now > deadline_us_)
        g_main_loop_quit(loop_);
    } else if (now > deadline_us_ && !interrupted_) {
      interrupted_ = true;
      log(Level::kWarning, "running jobs go back into the queue");
      services_.pool.interrupt();
    }
  }

  Services& services_;
  const Server& server_;
  GMainLoop* loop_;
  // Until when requests are taken, and work goes on.
  gint64 refuse_us_ = 0, deadline_us_ = 0;
  int idle_rounds_ = 0;
  bool interrupted_ = false;
};

// Passes on news of other servers that share the store.
void watch_others(JobStore& store, WorkerPool& pool, Waiters& waiters, VoiceMirror* mirror) {
  if (!store.shared()) return;
  const auto news = [&waiters](const std::string& id) {
    post([&waiters, id] { waiters.news(id); });
  };
  store.watch({[&pool] { pool.wake(); }, news,
               [&pool, news](const std::string& id) {
                 pool.stop(id);
                 news(id);
               },
               [&pool](const std::string& id, std::int64_t epoch) { pool.give_up(id, epoch); },
               [mirror] {
                 if (mirror) mirror->wake();
               }});
  // News may be lost with a connection.
  post_every(kAskAgainMs, [&waiters] { waiters.news(""); });
}

// Reads the keys again on SIGHUP.
class KeyReload {
 public:
  KeyReload(Keys& keys, Shares& shares) : keys_(keys), shares_(shares) {
    shares_.set_owners(keys_.count());
    post_on_signal(SIGHUP, [this] { reload(); });
  }

 private:
  void reload() {
    try {
      keys_.reload();
      shares_.set_owners(keys_.count());
      log(Level::kInfo, "keys read again: " + std::to_string(keys_.count()));
    } catch (const std::exception& error) {
      log(Level::kWarning, std::string("keys stay as they were: ") + error.what());
    }
  }

  Keys& keys_;
  Shares& shares_;
};

int serve(const Config& config) {
  Keys keys(config);
  // Before anything that takes a while or may be missing, as a model may.
  check_listen(config, keys);
  const std::string data_dir = data_directory(config);
  lock_directory(data_dir);
  prepare_process(data_dir);
  check_decoder(config.decoder_sandbox == "required");
  Shares shares;
  KeyReload reload(keys, shares);
  const StandardVoices standard_voices(config.openai_voices);
  const auto store_owned = open_store(config, data_dir, shares);
  JobStore& store = *store_owned;
  Voices voices(config.voices_dir.empty() ? own_voice_directory() : config.voices_dir,
                installed_voice_directories(), config.share_voices == "yes",
                config.max_audio_seconds);
  voices.limit({config.max_voices, std::int64_t(config.max_voices_mb) << 20}, shares);
  Models models(model_settings(config), model_options(config), model_limits(config),
                [&voices](const std::string& model_id) { voices.forget(model_id); });
  std::optional<VoiceMirror> mirror;
  if (VoiceTable* table = store.voices()) {
    voices.share_with(*table);
    mirror.emplace(voices, *table);
  }
  Metrics metrics;
  Waiters waiters;
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  WorkerPool pool(store, models, voices, metrics, shares, WebhookPolicy(config.webhooks),
                  config.workers, config.max_live, {[&waiters](const std::string& id) {
                    post([&waiters, id] { waiters.news(id); });
                  }});
  Budgets budgets{{"uploads", config.max_upload_mb * kMegabyte, shares},
                  {"answers", config.max_answer_mb * kMegabyte, shares}};
  Background small_requests("small requests"), large_requests("large requests"),
      voice_changes("voice changes");
  AsyncStore async_store(store);
  Services services{config,         keys,           shares,        async_store,    models,
                    voices,         metrics,        pool,          waiters,        budgets,
                    small_requests, large_requests, voice_changes, standard_voices};
  Server server(services);
  watch_others(store, pool, waiters, mirror ? &*mirror : nullptr);
  std::optional<WyomingServer> wyoming;
  if (!config.wyoming.empty()) {
    wyoming.emplace(services, config.wyoming);
    log(Level::kInfo, "speaking Wyoming on " + wyoming->address());
  }
  Webhooks webhooks(async_store, WebhookPolicy(config.webhooks), config.webhook_retry_seconds);
  Drain drain(services, server, loop);
  std::optional<Upkeep> upkeep;
  upkeep.emplace(store, Upkeep::Hooks{[&](const std::vector<std::string>& ids) {
                                        for (const std::string& id : ids) {
                                          pool.stop(id);
                                          post([&waiters, id] { waiters.news(id); });
                                        }
                                      },
                                      [&webhooks, &models] {
                                        webhooks.look();
                                        models.unload_idle();
                                      }});
  log(Level::kInfo, "serving on " + server.address() + ", jobs in " +
                        (store.shared() ? "a database that others may share" : data_dir));
  // For a caller that started us on port 0.
  std::printf("%s\n", server.address().c_str());
  std::fflush(stdout);

  std::atomic<int> status = 0;
  std::thread loader = load_model(models, pool, store, loop, status);
  g_main_loop_run(loop);
  log(Level::kInfo, "ending");
  upkeep.reset();
  loader.join();
  // Work that still goes on ends with the process; its jobs are on disk. libtorch and GLib have
  // threads of their own that outlive static destructors badly.
  pool.drain();
  pool.interrupt();
  for (int rounds = 0; !pool.idle() && rounds < 100; ++rounds) g_usleep(20'000);
  store.checkpoint();
  std::fflush(nullptr);
  _exit(status);
}

}  // namespace
}  // namespace chatterbox::sidecar

int main(int argc, char** argv) {
  using namespace chatterbox::sidecar;
  try {
    const Config config = read_config({argv + 1, argv + argc});
    if (config.help) return std::fputs(usage().c_str(), stdout), 0;
    if (config.version) return std::puts("chatterbox-server " CHATTERBOX_VERSION), 0;
    set_log_level(config.log == "debug"     ? Level::kDebug
                  : config.log == "warning" ? Level::kWarning
                                            : Level::kInfo);
    bridge_log();
    return serve(config);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chatterbox-server: %s\n", error.what());
    return 2;
  }
}
