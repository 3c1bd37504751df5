// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/byte_budget.h"

#include <memory>

namespace chatterbox::sidecar {

bool ByteBudget::take(SoupServerMessage* message, const std::string& owner, std::int64_t bytes) {
  std::int64_t& own = of_owner_[owner];
  if (used_ + bytes > total_ || (own > 0 && own + bytes > shares_.of(total_))) {
    if (own == 0) of_owner_.erase(owner);
    return false;
  }
  auto* part = static_cast<Part*>(g_object_get_data(G_OBJECT(message), name_));
  auto first = part ? nullptr : std::make_unique<Part>(Part{*this, owner, bytes});
  own += bytes;
  used_ += bytes;
  if (part) {
    part->bytes += bytes;
    return true;
  }
  g_object_set_data_full(G_OBJECT(message), name_, first.release(), [](gpointer data) {
    const std::unique_ptr<Part> over(static_cast<Part*>(data));
    over->budget.give_back(*over);
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
