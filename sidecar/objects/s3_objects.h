// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gio/gio.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "objects/objects.h"

namespace chatterbox::sidecar {

// A bucket of a service that speaks Amazon's S3.
struct S3Place {
  // "https://host" or "http://host:port"; may begin with the name of the bucket, as in
  // "https://bucket.s3.eu-west-1.amazonaws.com".
  std::string endpoint;
  std::string bucket;
  // Empty: as the host of the endpoint says, else us-east-1.
  std::string region;
  // Before every name: empty, or ending in '/'.
  std::string prefix;

  // Where an object is found.
  std::string address_of(const std::string& name) const;
};

struct S3Keys {
  std::string id, secret;
  // Token of keys that are lent for a while.
  std::string token;
};

// Throws ObjectError for a place that lacks a setting, by its name: bucket, endpoint.
void check_place(const S3Place& place);

// Whether this address may be talked to. Nothing: any.
using PeerCheck = std::function<bool(GInetAddress* peer)>;

// Objects in a bucket, each request signed (AWS Signature Version 4) with its whole body.
class S3Objects : public Objects {
 public:
  // `check`: for places that a stranger named; then no proxy is used either.
  S3Objects(S3Place place, S3Keys keys, PeerCheck check = {});
  ~S3Objects() override;

  void put(const std::string& name, std::string_view bytes, const Patience& patience,
           const std::stop_token& stop) override;
  std::string get(const std::string& name, std::int64_t first, std::int64_t most,
                  const Patience& patience, const std::stop_token& stop) override;
  void remove(const std::string& name, const Patience& patience) override;
  // Content type that put() gives the bytes.
  void set_content_type(std::string type) { content_type_ = std::move(type); }

 private:
  struct Call;
  void carry_out(Call& call, const Patience& patience, const std::stop_token& stop);
  void try_once(Call& call, int seconds, const std::stop_token& stop);
  void* take_handle();
  void give_back(void* handle);

  const S3Place place_;
  const S3Keys keys_;
  const PeerCheck check_;
  std::string content_type_ = "application/octet-stream";
  std::mutex mutex_;
  // Guarded by mutex_: libcurl's, with their connections.
  std::vector<void*> idle_;
};

}  // namespace chatterbox::sidecar
