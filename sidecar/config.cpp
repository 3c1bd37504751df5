// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "config.h"

#include <glib.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <variant>

#include "chatterbox/error.h"

namespace chatterbox::sidecar {
namespace {

struct Setting {
  const char* name;
  std::variant<std::string Config::*, int Config::*> field;
  const char* help;
  int low = 0, high = 0;
};

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all{
      {"listen", &Config::listen, "HOST:PORT to serve on; port 0 picks a free one"},
      {"wyoming", &Config::wyoming, "HOST:PORT to speak the Wyoming protocol on, without keys"},
      {"data-dir", &Config::data_dir, "directory of the job database"},
      {"store", &Config::store, "postgresql://...: a database that several servers share"},
      {"objects", &Config::objects,
       "s3://BUCKET/PREFIX or file:///DIRECTORY: where large requests, results and voices are "
       "kept"},
      {"objects-endpoint", &Config::objects_endpoint, "https://HOST of a service that speaks S3"},
      {"objects-region", &Config::objects_region, "region of that service"},
      {"objects-access-key", &Config::objects_access_key, "id of the key for it"},
      {"objects-secret-key", &Config::objects_secret_key,
       "the key itself; better in the environment than here"},
      {"objects-from-kb", &Config::objects_from_kb, "what is smaller stays in the database", 1,
       1000000},
      {"model-path", &Config::model_path, "directory of the model"},
      {"model", &Config::models,
       "NAME=DIR[,family=FAMILY], a model that requests choose by its name; given several times, "
       "or "
       "joined by ';'"},
      {"model-family", &Config::model_family,
       "english, turbo, nano or multilingual, where the directory holds several"},
      {"voices-dir", &Config::voices_dir, "directory that cloned voices are saved in"},
      {"device", &Config::device, "auto, cpu, cuda or cuda:N"},
      {"dtype", &Config::dtype, "auto, float32, bfloat16, float16 or int8"},
      {"threads", &Config::threads, "threads for inference; 0: chosen for the model", 0, 1024},
      {"quality", &Config::quality,
       "reference, balanced or fast: dtype, attention and steps where these are auto"},
      {"attention", &Config::attention,
       "auto, full or chunk: what the decoder sees of speech while it is streamed"},
      {"voice-cache-mb", &Config::voice_cache_mb, "megabytes of what is kept of voices", 0,
       1048576},
      {"api-key-file", &Config::api_key_file, "file of accepted keys, one per line"},
      {"api-key", &Config::api_key, "one accepted key; better in the environment than here"},
      {"metrics-key", &Config::metrics_key, "the key that may read /metrics; needed with several"},
      {"tls-certificate", &Config::tls_certificate, "PEM certificate: serves HTTPS"},
      {"tls-key", &Config::tls_key, "PEM private key of the certificate"},
      {"allow-origin", &Config::allow_origin, "origin of web pages that may call: a URL, or *"},
      {"webhooks", &Config::webhooks,
       "all: of the Internet; any: private addresses too; none; or hosts, separated by commas"},
      {"share-voices", &Config::share_voices, "yes: what one key clones, all may use"},
      {"openai-voices", &Config::openai_voices, "changes what OpenAI's names mean: alloy=Amy,..."},
      {"decoder-sandbox", &Config::decoder_sandbox,
       "required: no start without one for chatterbox-decode; optional: with what there is"},
      {"max-model-memory", &Config::max_model_memory,
       "megabytes of weights in memory at once, of several models; 0: any", 0, 10000000},
      {"unload-after", &Config::unload_after,
       "seconds after which a model that nobody uses leaves memory; 0: never", 0, 31536000},
      {"workers", &Config::workers, "jobs at work at once", 1, 64},
      {"max-queue", &Config::max_queue, "jobs that may wait", 1, 1000000},
      {"max-queue-mb", &Config::max_queue_mb, "megabytes of requests that may wait", 1, 1000000},
      {"max-live", &Config::max_live, "speech requests that may wait with open connections", 1,
       10000},
      {"max-connections", &Config::max_connections, "open connections", 1, 100000},
      {"max-connections-per-address", &Config::max_connections_per_address,
       "open connections of one address", 1, 100000},
      {"max-run-mb", &Config::max_run_mb, "megabytes of one /run request", 1, 1024},
      {"max-runsync-mb", &Config::max_runsync_mb, "megabytes of one /runsync request", 1, 1024},
      {"max-upload-mb", &Config::max_upload_mb, "megabytes of requests being received at once", 1,
       1000000},
      {"max-audio-seconds", &Config::max_audio_seconds, "length of one recording sent", 1, 36000},
      {"header-seconds", &Config::header_seconds, "time for a client to send headers", 1, 3600},
      {"body-seconds", &Config::body_seconds, "time for a client to send a body", 1, 3600},
      {"max-answer-mb", &Config::max_answer_mb, "megabytes of answers being sent", 16, 100000},
      {"max-kept", &Config::max_kept, "jobs on disk, whatever became of them", 1, 10000000},
      {"max-kept-mb", &Config::max_kept_mb, "megabytes of their requests and results", 1, 10000000},
      {"max-voices", &Config::max_voices, "voices that clients may have added", 1, 100000},
      {"max-voices-mb", &Config::max_voices_mb, "megabytes of their recordings", 1, 10000000},
      {"max-ttl-seconds", &Config::max_ttl_seconds, "the longest a client may have a job kept", 10,
       604800},
      {"result-seconds", &Config::result_seconds, "how long results of /run are kept", 1, 604800},
      {"sync-result-seconds", &Config::sync_result_seconds, "the same for /runsync", 1, 604800},
      {"stream-wait-ms", &Config::stream_wait_ms, "how long /stream waits for news", 0, 9000},
      {"drain-seconds", &Config::drain_seconds, "how long a stop waits for running jobs", 0, 3600},
      {"drain-notice-seconds", &Config::drain_notice_seconds,
       "before that: how long balancers are told alone, by /ping", 0, 3600},
      {"attempts", &Config::attempts, "starts of one job before a crash fails it", 1, 1000000},
      {"lease-seconds", &Config::lease_seconds,
       "with a shared store: when a server that is silent has lost its jobs", 1, 3600},
      {"webhook-retry-seconds", &Config::webhook_retry_seconds, "between tries of a webhook", 1,
       3600},
      {"durability", &Config::durability, "process: survives kill -9; power: survives power loss"},
      {"log", &Config::log, "info, warning or debug"},
  };
  return all;
}

[[noreturn]] void refuse(const std::string& what, const std::string& expected,
                         const std::string& got) {
  throw Error(ErrorCode::kInvalidArgument, what + ": expected " + expected + ", got " + got);
}

void assign(Config& config, const Setting& setting, const std::string& origin,
            const std::string& value) {
  if (const auto* text = std::get_if<std::string Config::*>(&setting.field)) {
    config.** text = value;
    return;
  }
  gint64 number = 0;
  if (!g_ascii_string_to_signed(value.c_str(), 10, setting.low, setting.high, &number, nullptr))
    refuse(origin,
           "a whole number from " + std::to_string(setting.low) + " to " +
               std::to_string(setting.high),
           "'" + value + "'");
  config.*std::get<int Config::*>(setting.field) = int(number);
}

std::string variable_name(const char* name) {
  std::string variable = "CHATTERBOX_";
  for (const char* c = name; *c; ++c) variable += *c == '-' ? '_' : g_ascii_toupper(*c);
  return variable;
}

std::map<std::string, std::string> read_flags(const std::vector<std::string>& arguments,
                                              Config& config) {
  std::map<std::string, std::string> flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--help" || name == "-h")
      config.help = true;
    else if (name == "--version")
      config.version = true;
    else if (name.starts_with("--")) {
      name = name.substr(2);
      std::optional<std::string> value;
      if (const auto equals = name.find('='); equals != name.npos) {
        value = name.substr(equals + 1);
        name.resize(equals);
      } else if (i + 1 < arguments.size()) {
        value = arguments[++i];
      }
      if (!value) refuse("--" + name, "a value", "nothing");
      // One that is given several times.
      if (name == "model" && flags.count(name)) *value = flags[name] + ";" + *value;
      flags[name] = *value;
    } else {
      refuse("command line", "flags as in --help", "'" + name + "'");
    }
  }
  return flags;
}

std::map<std::string, std::string> read_file(const std::string& path) {
  std::map<std::string, std::string> values;
  GKeyFile* file = g_key_file_new();
  GError* error = nullptr;
  if (!g_key_file_load_from_file(file, path.c_str(), G_KEY_FILE_NONE, &error)) {
    const std::string message = error->message;
    g_clear_error(&error);
    g_key_file_unref(file);
    refuse("--config " + path, "a file with a [server] section", message);
  }
  gchar** keys = g_key_file_get_keys(file, "server", nullptr, nullptr);
  for (gchar** key = keys; key && *key; ++key) {
    gchar* value = g_key_file_get_string(file, "server", *key, nullptr);
    values[*key] = value ? value : "";
    g_free(value);
  }
  g_strfreev(keys);
  g_key_file_unref(file);
  return values;
}

void check(const Config& config) {
  const auto one_of = [](const char* name, const std::string& value,
                         std::initializer_list<const char*> words, const char* expected) {
    if (std::none_of(words.begin(), words.end(), [&](const char* word) { return value == word; }))
      refuse(name, expected, "'" + value + "'");
  };
  one_of("durability", config.durability, {"process", "power"}, "process or power");
  one_of("share-voices", config.share_voices, {"yes", "no"}, "yes or no");
  one_of("decoder-sandbox", config.decoder_sandbox, {"required", "optional"},
         "required or optional");
  one_of("log", config.log, {"info", "warning", "debug"}, "info, warning or debug");
  if (config.tls_certificate.empty() != config.tls_key.empty())
    refuse("tls-certificate and tls-key", "both or neither", "one");
}

}  // namespace

Config read_config(const std::vector<std::string>& arguments) {
  Config config;
  auto flags = read_flags(arguments, config);
  if (config.help || config.version) return config;
  if (const auto named = flags.find("config"); named != flags.end()) {
    config.config_file = named->second;
    flags.erase(named);
  } else if (const char* path = std::getenv("CHATTERBOX_CONFIG")) {
    config.config_file = path;
  }
  auto file = config.config_file.empty() ? std::map<std::string, std::string>()
                                         : read_file(config.config_file);
  for (const Setting& setting : settings()) {
    const auto flag = flags.extract(setting.name);
    const auto line = file.extract(setting.name);
    const std::string variable = variable_name(setting.name);
    if (flag)
      assign(config, setting, std::string("--") + setting.name, flag.mapped());
    else if (const char* value = std::getenv(variable.c_str()))
      assign(config, setting, variable, value);
    else if (line)
      assign(config, setting, config.config_file + ": " + setting.name, line.mapped());
  }
  if (!flags.empty()) refuse("command line", "flags as in --help", "--" + flags.begin()->first);
  if (!file.empty())
    refuse(config.config_file, "names as in --help", "'" + file.begin()->first + "'");
  check(config);
  return config;
}

std::string usage() {
  std::string text =
      "chatterbox-server: Chatterbox speech over HTTP\n\n"
      "Each setting is a flag, a variable (--max-queue: CHATTERBOX_MAX_QUEUE) or a line\n"
      "of the [server] section of the file named by --config; they win in this order.\n\n"
      "  --config                 file of settings\n";
  const Config defaults;
  for (const Setting& setting : settings()) {
    std::string line = std::string("  --") + setting.name;
    line.resize(std::max<std::size_t>(27, line.size() + 1), ' ');
    line += setting.help;
    std::string value;
    if (const auto* number = std::get_if<int Config::*>(&setting.field))
      value = std::to_string(defaults.**number);
    else
      value = defaults.*std::get<std::string Config::*>(setting.field);
    if (!value.empty()) line += " (" + value + ")";
    text += line + "\n";
  }
  return text + "  --help                   this text\n  --version                the version\n";
}

}  // namespace chatterbox::sidecar
