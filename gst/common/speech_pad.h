// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <functional>
#include <mutex>

#include "glib_raii.h"
#include "speech_output.h"

// What speech leaves an element as: the engine's own rate first.
#define CHATTERBOX_SPEECH_FORMATS "{ " GST_AUDIO_NE(S16) ", " GST_AUDIO_NE(F32) " }"
#define CHATTERBOX_SPEECH_CAPS                                                 \
  "audio/x-raw, format = (string) " CHATTERBOX_SPEECH_FORMATS                  \
  ", rate = (int) 24000, channels = (int) 1, layout = (string) interleaved; "  \
  "audio/x-raw, format = (string) " CHATTERBOX_SPEECH_FORMATS                  \
  ", rate = (int) { 48000, 44100, 32000, 22050, 16000, 12000, 11025, 8000 }, " \
  "channels = (int) 1, layout = (string) interleaved"

namespace chatterbox::gst {

// A source pad that speech leaves by: the events that come before it, its format, its segment, its
// position and its gaps. Used by the pad's task, or while that cannot run, except where noted.
class SpeechPad {
 public:
  using Decorate = std::function<void(GstBuffer*, std::span<const SpokenWord>)>;

  // `must_stop`: the task is to leave its function.
  SpeechPad(GstElement* element, GstPad* pad, std::function<bool()> must_stop);

  // Begins a new run, or goes on after a flush, which keeps the format and the tags.
  void reset();
  void flush();
  // The same at `position` of the segment, which downstream is told again with that seqnum.
  void restart(GstClockTime position, guint32 seqnum);

  // Pushes what downstream must have seen before anything else: stream-start, caps, segment.
  GstFlowReturn prepare();
  bool ready() const { return !run_.need_segment && output_.configured(); }

  // A stream of speech begins that `text`, the stream-start of text, led to.
  void start_stream(GstEvent* text);
  // A segment begins; downstream is told at once.
  GstFlowReturn set_segment(GstEvent* event);
  // Sticky tags: what was known before stays.
  void merge_tags(const GstTagList* tags);
  bool has_tag(const char* tag) const;
  GstFlowReturn end(OwnedEvent eos);
  // The EOS that went out, to be sent again after a flush.
  OwnedEvent take_end() { return std::move(run_.ended); }
  void forget_end() { run_.ended = nullptr; }

  SpeechOutput& output() { return output_; }
  // For the output: `decorate` sees each buffer before it leaves.
  SpeechOutput::Push pusher(Decorate decorate = {});
  // Moves the output to `position`; what lies before it is a gap, or silence where `fill`.
  GstFlowReturn advance_to(GstClockTime position, bool fill);

  const GstSegment& segment() const { return run_.segment; }
  guint32 seqnum() const { return run_.seqnum; }
  GstClockTime stream_time(GstClockTime position) const;
  GstClockTime running_time(GstClockTime position) const;
  // The pipeline's running time, less `behind`, as a position in the segment; NONE while there is
  // none.
  GstClockTime now(GstClockTime behind = 0) const;

  // Any thread.
  void set_playing(bool playing) { playing_ = playing; }
  bool playing() const { return playing_; }
  bool answer_position(GstQuery* query) const;

 private:
  // Belongs to one run: reset by assignment.
  struct Run {
    bool need_segment = true;
    guint32 seqnum = GST_SEQNUM_INVALID;
    GstSegment segment = empty_segment(GST_FORMAT_TIME);
    GstClockTime position = 0;  // as queries are told
    Owned<GstTagList> tags;
    OwnedEvent ended;
  };

  GstFlowReturn negotiate();
  GstFlowReturn push(OwnedBuffer buffer);
  void set_position(GstClockTime position);

  GstElement* const element_;
  GstPad* const pad_;
  const std::function<bool()> must_stop_;
  std::atomic<bool> playing_{false};
  SpeechOutput output_;
  mutable std::mutex mutex_;  // segment and position, which queries see
  Run run_;
};

}  // namespace chatterbox::gst
