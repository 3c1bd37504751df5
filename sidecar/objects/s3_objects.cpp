// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "objects/s3_objects.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "barrier.h"

namespace chatterbox::sidecar {
namespace {

using Kind = ObjectError::Kind;

constexpr long kConnectSeconds = 5;
// Slower than this for so long is nobody.
constexpr long kLeastBytesPerSecond = 1024, kSlowSeconds = 20;
constexpr std::size_t kMostErrorBytes = 16 << 10;
constexpr std::size_t kKeptHandles = 4;

std::string sha256(std::string_view bytes) {
  gchar* text = g_compute_checksum_for_data(
      G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(bytes.data()), bytes.size());
  std::string digest = text;
  g_free(text);
  return digest;
}

std::string host_of(const std::string& endpoint) {
  GUri* uri = g_uri_parse(endpoint.c_str(), G_URI_FLAGS_NONE, nullptr);
  const char* host = uri ? g_uri_get_host(uri) : nullptr;
  std::string found = host ? host : "";
  if (uri) g_uri_unref(uri);
  return found;
}

// "s3.eu-west-1.amazonaws.com", "bucket.s3.us-west-004.backblazeb2.com",
// "fra1.digitaloceanspaces.com"
std::string region_of(const std::string& endpoint) {
  const std::string host = host_of(endpoint);
  const auto part = [&](std::size_t begin) {
    return host.substr(begin, host.find('.', begin) - begin);
  };
  if (const auto at = host.find("s3."); at == 0 || (at != host.npos && host[at - 1] == '.')) {
    const std::string found = part(at + 3);
    // Those of one service without regions in their names have none.
    return found == "amazonaws" ? "us-east-1" : found;
  }
  if (const auto at = host.find(".digitaloceanspaces."); at != host.npos) {
    const auto dot = host.rfind('.', at - 1);
    return host.substr(dot == host.npos ? 0 : dot + 1, at - (dot == host.npos ? 0 : dot + 1));
  }
  return "us-east-1";
}

// S3's name of a failure: the text between <Code> and </Code> in its answer.
std::string code_of(const std::string& answer) {
  const auto begin = answer.find("<Code>");
  const auto end = answer.find("</Code>");
  if (begin == answer.npos || end == answer.npos || end < begin + 6 || end - begin > 80) return "";
  const std::string code = answer.substr(begin + 6, end - begin - 6);
  const bool plain =
      std::all_of(code.begin(), code.end(), [](unsigned char c) { return g_ascii_isalnum(c); });
  return plain ? " (" + code + ")" : "";
}

// A list of headers, freed with it.
struct Headers {
  curl_slist* list = nullptr;
  ~Headers() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

}  // namespace

std::string S3Place::address_of(const std::string& name) const {
  std::string address = endpoint;
  while (address.ends_with('/')) address.pop_back();
  if (!host_of(endpoint).starts_with(bucket + ".")) address += "/" + bucket;
  return address + "/" + prefix + name;
}

void check_place(const S3Place& place) {
  const auto refuse = [](const std::string& what) { throw ObjectError(Kind::kRefused, what); };
  const auto plain = [](const std::string& text, const char* more) {
    return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
      return g_ascii_isalnum(c) || std::strchr(more, c) != nullptr;
    });
  };
  if (place.bucket.size() < 3 || place.bucket.size() > 63 || !plain(place.bucket, "-._"))
    refuse("expected the name of a bucket, of 3 to 63 letters, digits and \"-._\", got another");
  // No path that libcurl would shorten: it signs none as it is.
  if (place.prefix.size() > 512 || !plain(place.prefix, "-._/") || place.prefix.starts_with('/') ||
      place.prefix.find("//") != std::string::npos || place.prefix.find("./") != std::string::npos)
    refuse("expected a path of letters, digits and \"-._/\", got another");
  GUri* uri = g_uri_parse(place.endpoint.c_str(), G_URI_FLAGS_NONE, nullptr);
  const std::string scheme = uri ? g_uri_get_scheme(uri) : "";
  const bool bare = uri && g_uri_get_host(uri) && *g_uri_get_host(uri) &&
                    !g_uri_get_userinfo(uri) && !g_uri_get_query(uri) && !g_uri_get_fragment(uri) &&
                    (!*g_uri_get_path(uri) || std::strcmp(g_uri_get_path(uri), "/") == 0);
  if (uri) g_uri_unref(uri);
  if (!bare || (scheme != "http" && scheme != "https"))
    refuse("expected an endpoint as https://HOST[:PORT], got another");
}

// One request and its answer.
struct S3Objects::Call {
  const char* method;
  std::string name;
  std::string_view body;
  std::string range;
  const S3Objects* owner = nullptr;
  const std::stop_token* stop = nullptr;
  std::string answer;
  std::size_t sent = 0;
  std::size_t most = 0;
  bool refused = false, too_long = false;

  static std::size_t write(char* data, std::size_t, std::size_t size, void* self) {
    auto* call = static_cast<Call*>(self);
    if (call->answer.size() + size > call->most) {
      call->too_long = true;
      return 0;
    }
    call->answer.append(data, size);
    return size;
  }
  static std::size_t read(char* data, std::size_t, std::size_t room, void* self) {
    auto* call = static_cast<Call*>(self);
    const std::size_t size = std::min(room, call->body.size() - call->sent);
    std::memcpy(data, call->body.data() + call->sent, size);
    call->sent += size;
    return size;
  }
  // A connection that broke before its answer is made anew by libcurl.
  static int seek(void* self, curl_off_t offset, int origin) {
    auto* call = static_cast<Call*>(self);
    if (origin != SEEK_SET || offset < 0 || std::size_t(offset) > call->body.size())
      return CURL_SEEKFUNC_FAIL;
    call->sent = std::size_t(offset);
    return CURL_SEEKFUNC_OK;
  }
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Call*>(self)->stop->stop_requested() ? 1 : 0;
  }
  // Before the first byte goes out, and before anybody is knocked at.
  static curl_socket_t open(void* self, curlsocktype, curl_sockaddr* peer) {
    auto* call = static_cast<Call*>(self);
    GInetAddress* address = nullptr;
    if (GSocketAddress* socket = g_socket_address_new_from_native(&peer->addr, peer->addrlen)) {
      if (G_IS_INET_SOCKET_ADDRESS(socket))
        address = G_INET_ADDRESS(
            g_object_ref(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(socket))));
      g_object_unref(socket);
    }
    const bool allowed = address && call->owner->check_(address);
    if (address) g_object_unref(address);
    if (!allowed) {
      call->refused = true;
      return CURL_SOCKET_BAD;
    }
    return ::socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol);
  }
};

S3Objects::S3Objects(S3Place place, S3Keys keys, PeerCheck check)
    : place_([&] {
        if (place.region.empty()) place.region = region_of(place.endpoint);
        return std::move(place);
      }()),
      keys_(std::move(keys)),
      check_(std::move(check)) {
  static const CURLcode begun = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (begun != CURLE_OK) throw ObjectError(Kind::kRefused, curl_easy_strerror(begun));
  check_place(place_);
  // A handle comes back, also when memory has run out.
  idle_.reserve(kKeptHandles);
}

S3Objects::~S3Objects() {
  for (void* handle : idle_) curl_easy_cleanup(handle);
}

void* S3Objects::take_handle() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      void* handle = idle_.back();
      idle_.pop_back();
      // Its connections stay.
      curl_easy_reset(handle);
      return handle;
    }
  }
  void* handle = curl_easy_init();
  if (!handle) throw ObjectError(Kind::kLater, "expected memory for a connection, got none");
  return handle;
}

void S3Objects::give_back(void* handle) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kKeptHandles)
    idle_.push_back(handle);
  else
    curl_easy_cleanup(handle);
}

void S3Objects::try_once(Call& call, int seconds, const std::stop_token& stop) {
  call.owner = this;
  call.stop = &stop;
  call.answer.clear();
  call.sent = 0;
  call.refused = call.too_long = false;
  const auto back = [this](void* handle) { give_back(handle); };
  const std::unique_ptr<void, decltype(back)> held(take_handle(), back);
  CURL* curl = held.get();
  const std::string url = place_.address_of(call.name);
  const std::string signer = "aws:amz:" + place_.region + ":s3";
  Headers headers;
  headers.add("x-amz-content-sha256: " + sha256(call.body));
  if (!keys_.token.empty()) headers.add("x-amz-security-token: " + keys_.token);
  // Not to be waited for: most do not answer it.
  headers.add("Expect:");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, signer.c_str());
  curl_easy_setopt(curl, CURLOPT_USERNAME, keys_.id.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, keys_.secret.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, long(seconds));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kLeastBytesPerSecond);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, for_c<Call::write>());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &call);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, for_c<Call::progress>());
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &call);
  if (check_) {
    // The address that is checked is the one that is called, not that of a proxy.
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION,
                     for_c<Call::open>([](void*, curlsocktype, curl_sockaddr*) -> curl_socket_t {
                       return CURL_SOCKET_BAD;
                     }));
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &call);
  }
  if (std::strcmp(call.method, "PUT") == 0) {
    headers.add("Content-Type: " + content_type_);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(call.body.size()));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, for_c<Call::read>());
    curl_easy_setopt(curl, CURLOPT_READDATA, &call);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, for_c<Call::seek>());
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &call);
  } else {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method);
    if (!call.range.empty()) curl_easy_setopt(curl, CURLOPT_RANGE, call.range.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);

  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  const std::string what = std::string(call.method) + " at " + host_of(place_.endpoint) + ": ";
  if (call.refused)
    throw ObjectError(Kind::kRefused, what + "its address is one that may not be called");
  if (code == CURLE_ABORTED_BY_CALLBACK) throw ObjectError(Kind::kStopped, what + "stopped");
  if (call.too_long) throw ObjectError(Kind::kLater, what + "expected less than was sent");
  if (code != CURLE_OK) throw ObjectError(Kind::kLater, what + curl_easy_strerror(code));
  if (status >= 200 && status < 300) return;
  // The range lies beyond the end: nothing.
  if (status == 416) return call.answer.clear();
  const bool later = status >= 500 || status == 408 || status == 429;
  throw ObjectError(
      status == 404 ? Kind::kMissing
      : later       ? Kind::kLater
                    : Kind::kRefused,
      what + "expected success, got status " + std::to_string(status) + code_of(call.answer));
}

void S3Objects::carry_out(Call& call, const Patience& patience, const std::stop_token& stop) {
  auto pause = std::chrono::milliseconds(250);
  for (int tries = 1;; ++tries) {
    try {
      return try_once(call, patience.seconds, stop);
    } catch (const ObjectError& error) {
      if (error.kind() != Kind::kLater || tries >= patience.tries) throw;
    }
    const auto end = std::chrono::steady_clock::now() + pause;
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (stop.stop_requested()) throw ObjectError(Kind::kStopped, "stopped");
    pause = std::min(pause * 2, std::chrono::milliseconds(8000));
  }
}

void S3Objects::put(const std::string& name, std::string_view bytes, const Patience& patience,
                    const std::stop_token& stop) {
  Call call{"PUT", name, bytes};
  call.most = kMostErrorBytes;
  carry_out(call, patience, stop);
}

std::string S3Objects::get(const std::string& name, std::int64_t first, std::int64_t most,
                           const Patience& patience, const std::stop_token& stop) {
  if (most <= 0) return "";
  Call call{"GET", name, {}};
  call.range = std::to_string(first) + "-" + std::to_string(first + most - 1);
  call.most = std::size_t(most) + kMostErrorBytes;
  carry_out(call, patience, stop);
  // A server without ranges sends the whole object.
  if (std::int64_t(call.answer.size()) > most)
    throw ObjectError(Kind::kRefused, "GET at " + host_of(place_.endpoint) +
                                          ": expected a range of an object, got more");
  return std::move(call.answer);
}

void S3Objects::remove(const std::string& name, const Patience& patience) {
  Call call{"DELETE", name, {}};
  call.most = kMostErrorBytes;
  try {
    carry_out(call, patience, {});
  } catch (const ObjectError& error) {
    if (error.kind() != Kind::kMissing) throw;
  }
}

}  // namespace chatterbox::sidecar
