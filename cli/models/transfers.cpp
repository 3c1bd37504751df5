// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/transfers.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <mutex>
#include <numeric>
#include <stop_token>
#include <thread>

#include "models/download.h"
#include "models/hub_client.h"

namespace chatterbox::cli {
namespace {

constexpr std::size_t kAtOnce = 4;  // connections

class Transfers {
 public:
  Transfers(const std::vector<Transfer>& transfers, const TransferReports& reports)
      : transfers_(transfers), reports_(reports), here_(transfers.size()) {}

  void run() {
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < std::min(kAtOnce, transfers_.size()); ++i)
        threads.emplace_back([this] { work(); });
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void work() {
    HubClient hub;
    for (std::size_t at; (at = take()) < transfers_.size();) {
      try {
        bring(hub, at);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        stop_.request_stop();
      }
    }
  }

  // Which file is next; as many as there are for none.
  std::size_t take() {
    const std::lock_guard lock(mutex_);
    return stop_.stop_requested() ? transfers_.size() : std::min(next_++, transfers_.size());
  }

  void bring(HubClient& hub, std::size_t at) {
    const Transfer& transfer = transfers_[at];
    const DownloadReports reports{[&](std::int64_t here, std::int64_t) {
                                    const std::lock_guard lock(mutex_);
                                    here_[at] = here;
                                    reports_.progress(transfer.file->name, sum());
                                  },
                                  [&](const std::string& trouble) {
                                    const std::lock_guard lock(mutex_);
                                    reports_.trouble(trouble);
                                  }};
    download(hub, transfer.address, *transfer.file, transfer.path, reports, stop_.get_token());
  }

  std::int64_t sum() const { return std::accumulate(here_.begin(), here_.end(), std::int64_t(0)); }

  const std::vector<Transfer>& transfers_;
  const TransferReports& reports_;
  std::stop_source stop_;
  std::mutex mutex_;  // of what follows, and of the reports
  std::vector<std::int64_t> here_;
  std::size_t next_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

void download_all(const std::vector<Transfer>& transfers, const TransferReports& reports) {
  Transfers(transfers, reports).run();
}

}  // namespace chatterbox::cli
