// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chatterbox/options.h"

namespace chatterbox::sidecar {

// Every setting of the server. Each has one name: the flag `--max-queue`, the
// variable `CHATTERBOX_MAX_QUEUE` and the key `max-queue` of the file mean the
// same, and win in this order. docs/sidecar-configuration.md explains them.
struct Config {
  std::string listen = "127.0.0.1:8004";
  std::string wyoming;
  std::string data_dir;
  std::string store;
  std::string objects;
  std::string objects_endpoint;
  std::string objects_region;
  std::string objects_access_key;
  std::string objects_secret_key;
  int objects_from_kb = 512;
  std::string model_path;
  // "NAME=DIR" each, joined by ';'.
  std::string models;
  std::string voices_dir;
  std::string device = "auto";
  std::string model_family;
  std::string dtype = "auto";
  int threads = 0;
  std::string quality;
  std::string attention = "auto";
  int voice_cache_mb = int(ModelOptions::kVoiceCacheBytes >> 20);

  std::string api_key_file;
  std::string api_key;
  std::string metrics_key;
  std::string tls_certificate;
  std::string tls_key;
  std::string allow_origin;
  std::string webhooks = "all";
  std::string share_voices = "no";
  std::string openai_voices;
  std::string decoder_sandbox = "required";

  int max_model_memory = 0;
  int unload_after = 0;
  int workers = 2;
  int max_queue = 1000;
  int max_queue_mb = 2048;
  int max_live = 32;
  int max_connections = 2048;
  int max_connections_per_address = 1024;
  int max_run_mb = 10;
  int max_runsync_mb = 20;
  int max_upload_mb = 256;
  int max_answer_mb = 256;
  int max_kept = 20000;
  int max_kept_mb = 4096;
  int max_voices = 2000;
  int max_voices_mb = 4096;
  int max_audio_seconds = 300;
  int header_seconds = 20;
  int body_seconds = 60;
  int result_seconds = 1800;
  int sync_result_seconds = 60;
  int max_ttl_seconds = 86400;
  int stream_wait_ms = 2000;
  int drain_seconds = 25;
  int drain_notice_seconds = 0;
  int attempts = 3;
  int lease_seconds = 30;
  int webhook_retry_seconds = 10;
  std::string durability = "process";
  std::string log = "info";

  // Set by flags only.
  std::string config_file;
  bool help = false;
  bool version = false;
};

// Reads flags, environment and file. Throws Error(kInvalidArgument) naming the
// setting, what was expected and what was found.
Config read_config(const std::vector<std::string>& arguments);

// Text of --help.
std::string usage();

}  // namespace chatterbox::sidecar
