// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "upstream.h"

#include "glib_raii.h"

namespace chatterbox::gst {

void Upstream::forget() {
  known_ = live_ = false;
  latency_ = 0;
}

bool Upstream::ask(GstQuery* query, GstClockTime& least, GstClockTime& most) {
  if (!gst_pad_peer_query(sink_pad_, query)) return false;
  gboolean live = FALSE;
  gst_query_parse_latency(query, &live, &least, &most);
  live_ = live;
  latency_ = live && GST_CLOCK_TIME_IS_VALID(least) ? least : 0;
  known_ = true;
  return live;
}

void Upstream::refresh() {
  GstClockTime least = 0, most = GST_CLOCK_TIME_NONE;
  const Owned<GstQuery> query(gst_query_new_latency());
  ask(query.get(), least, most);
}

void Upstream::answer(GstQuery* query, bool element_is_live, GstClockTime own_least,
                      GstClockTime own_most) {
  GstClockTime least = 0, most = GST_CLOCK_TIME_NONE;
  const bool upstream_is_live = ask(query, least, most);
  // The answer of a source that is not live (0, 0) would starve a mixer beside a live element.
  if (!upstream_is_live && element_is_live) {
    least = 0;
    most = GST_CLOCK_TIME_NONE;
  }
  const bool live = upstream_is_live || element_is_live;
  if (live) {
    least += own_least;
    if (GST_CLOCK_TIME_IS_VALID(most)) most += own_most;
  }
  gst_query_set_latency(query, live, least, most);
}

}  // namespace chatterbox::gst
