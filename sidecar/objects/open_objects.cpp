// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "objects/open_objects.h"

#include <cstdlib>

#include "chatterbox/error.h"
#include "objects/file_objects.h"
#ifdef CHATTERBOX_HAVE_CURL
#include "objects/s3_objects.h"
#endif

namespace chatterbox::sidecar {
namespace {

constexpr std::string_view kFile = "file://", kS3 = "s3://";

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "objects: " + what);
}

#ifdef CHATTERBOX_HAVE_CURL
// The setting, or the first of the usual variables that is set.
std::string chosen(const std::string& setting, std::initializer_list<const char*> variables) {
  if (!setting.empty()) return setting;
  for (const char* name : variables)
    if (const char* value = std::getenv(name); value && *value) return value;
  return "";
}

std::unique_ptr<Objects> open_s3(const Config& config) {
  const std::string_view rest = std::string_view(config.objects).substr(kS3.size());
  const auto slash = rest.find('/');
  S3Place place;
  place.bucket = rest.substr(0, slash);
  if (slash != rest.npos) place.prefix = rest.substr(slash + 1);
  if (!place.prefix.empty() && !place.prefix.ends_with('/')) place.prefix += '/';
  place.region = chosen(config.objects_region, {"AWS_REGION", "AWS_DEFAULT_REGION"});
  place.endpoint = chosen(config.objects_endpoint, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  if (place.endpoint.empty())
    place.endpoint =
        "https://s3." + (place.region.empty() ? "us-east-1" : place.region) + ".amazonaws.com";
  S3Keys keys;
  keys.id = chosen(config.objects_access_key, {"AWS_ACCESS_KEY_ID"});
  keys.secret = chosen(config.objects_secret_key, {"AWS_SECRET_ACCESS_KEY"});
  // It belongs to the keys beside it.
  if (config.objects_access_key.empty()) keys.token = chosen("", {"AWS_SESSION_TOKEN"});
  if (keys.id.empty() || keys.secret.empty())
    refuse(
        "expected objects-access-key and objects-secret-key, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, got none");
  try {
    return std::make_unique<S3Objects>(std::move(place), std::move(keys));
  } catch (const ObjectError& error) {
    refuse(error.what());
  }
}
#else
std::unique_ptr<Objects> open_s3(const Config&) {
  refuse("expected a server built with libcurl for s3://, got one that was built without");
}
#endif

}  // namespace

std::unique_ptr<Objects> open_objects(const Config& config) {
  if (config.objects.empty()) return nullptr;
  if (config.objects.starts_with(kS3)) return open_s3(config);
  if (!config.objects.starts_with(kFile) || config.objects.size() <= kFile.size() ||
      config.objects[kFile.size()] != '/')
    refuse("expected s3://BUCKET[/PREFIX] or file:///DIRECTORY, got '" + config.objects + "'");
  try {
    return std::make_unique<FileObjects>(config.objects.substr(kFile.size()),
                                         config.durability == "power");
  } catch (const ObjectError& error) {
    refuse(error.what());
  }
}

}  // namespace chatterbox::sidecar
