// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/upload_budget.h"

namespace chatterbox::sidecar {
namespace {

constexpr const char* kShare = "chatterbox-upload";

}  // namespace

bool UploadBudget::take(SoupServerMessage* message, std::int64_t bytes) {
  if (bytes > left_) return false;
  left_ -= bytes;
  if (auto* share = static_cast<Share*>(g_object_get_data(G_OBJECT(message), kShare))) {
    share->bytes += bytes;
    return true;
  }
  g_object_set_data_full(G_OBJECT(message), kShare, new Share{*this, bytes}, [](gpointer data) {
    auto* share = static_cast<Share*>(data);
    share->budget.left_ += share->bytes;
    delete share;
  });
  return true;
}

void UploadBudget::release(SoupServerMessage* message) {
  g_object_set_data(G_OBJECT(message), kShare, nullptr);
}

}  // namespace chatterbox::sidecar
