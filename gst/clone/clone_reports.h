// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include "clone_job.h"
#include "progress.h"

namespace chatterbox::gst {

// Messages and events of chatterboxclone. Any thread, without locks.
class CloneReports {
 public:
  CloneReports(GstElement* element, GstPad* src_pad);

  // `percent` of the speech has been collected. Only while playing: gst-launch-1.0 does not begin
  // to play before progress that was reported earlier has ended, and this one ends by playing.
  void collected(int percent);
  void created(const CloneJob::Request& request, const CloneJob::Result& result);
  // `error`: the stream cannot go on.
  void failed(const CloneSettings& settings, const CloneFailure& failure,
              const RecordingQuality& quality, bool error);
  void cancelled();

 private:
  GstElement* const element_;
  GstPad* const src_pad_;
  Progress progress_;
};

}  // namespace chatterbox::gst
