// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/byte_budget.h"

namespace chatterbox::sidecar {

bool ByteBudget::take(SoupServerMessage* message, const std::string& owner, std::int64_t bytes) {
  std::int64_t& own = of_owner_[owner];
  if (used_ + bytes > total_ || (own > 0 && own + bytes > shares_.of(total_))) {
    if (own == 0) of_owner_.erase(owner);
    return false;
  }
  own += bytes;
  used_ += bytes;
  if (auto* part = static_cast<Part*>(g_object_get_data(G_OBJECT(message), name_))) {
    part->bytes += bytes;
    return true;
  }
  g_object_set_data_full(G_OBJECT(message), name_, new Part{*this, owner, bytes},
                         [](gpointer data) {
                           auto* part = static_cast<Part*>(data);
                           part->budget.give_back(*part);
                           delete part;
                         });
  return true;
}

void ByteBudget::give_back(const Part& part) {
  used_ -= part.bytes;
  const auto own = of_owner_.find(part.owner);
  if (own != of_owner_.end() && (own->second -= part.bytes) <= 0) of_owner_.erase(own);
}

void ByteBudget::release(SoupServerMessage* message) {
  g_object_set_data(G_OBJECT(message), name_, nullptr);
}

}  // namespace chatterbox::sidecar
