// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Events and queries on the source pad of chatterboxtts.
#include <utility>

#include "common.h"
#include "tts_stream.h"

#define GST_CAT_DEFAULT gst_chatterbox_tts_debug

namespace chatterbox::gst {

bool TtsStream::src_event(OwnedEvent event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_SEEK: {
      if (is_backwards_seek(event.get())) return false;
      Lock lock(mutex_);
      // Text has no positions to seek to.
      if (text_source_ || in_segment_.format != GST_FORMAT_TIME) return false;
      break;
    }
    case GST_EVENT_QOS: {
      // Speech is never dropped; a sink that waits for it is only worth a word.
      gdouble proportion = 1;
      gst_event_parse_qos(event.get(), nullptr, &proportion, nullptr, nullptr);
      Lock lock(mutex_);
      if (proportion > 1 && !std::exchange(warned_slow_, true))
        GST_WARNING_OBJECT(element_, "speech comes %.2f times too slowly", proportion);
      break;
    }
    default:
      break;
  }
  return gst_pad_event_default(src_pad_, GST_OBJECT(element_), event.release());
}

bool TtsStream::src_query(GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION: {
      GstFormat format;
      gst_query_parse_position(query, &format, nullptr);
      if (format != GST_FORMAT_TIME) return false;
      Lock lock(mutex_);
      const guint64 time = gst_segment_to_stream_time(&out_segment_, GST_FORMAT_TIME, position_);
      gst_query_set_position(query, format, gint64(time));
      return true;
    }
    case GST_QUERY_DURATION:
      // Unknown until it has been spoken; upstream's is a number of bytes.
      return false;
    case GST_QUERY_SEEKING: {
      Lock lock(mutex_);
      if (!text_source_ && in_segment_.format == GST_FORMAT_TIME) break;
      GstFormat format;
      gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
      gst_query_set_seeking(query, format, FALSE, 0, -1);
      return true;
    }
    case GST_QUERY_LATENCY: {
      gboolean live = FALSE;
      GstClockTime least = 0, most = GST_CLOCK_TIME_NONE;
      if (gst_pad_peer_query(sink_pad_, query))
        gst_query_parse_latency(query, &live, &least, &most);
      const TtsSettings settings = this->settings();
      // What a source says that is not live (0, 0) would starve a mixer beside this.
      if (!live && settings.force_live) {
        least = 0;
        most = GST_CLOCK_TIME_NONE;
      }
      if (live || settings.force_live) {
        const GstClockTime own = settings.latency();
        live = TRUE;
        least += own;
        if (GST_CLOCK_TIME_IS_VALID(most)) most += own;
      }
      gst_query_set_latency(query, live, least, most);
      return true;
    }
    default:
      break;
  }
  return gst_pad_query_default(src_pad_, GST_OBJECT(element_), query);
}

}  // namespace chatterbox::gst
