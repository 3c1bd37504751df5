// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>

#include "glib_raii.h"
#include "speech_output.h"
#include "stream_clock.h"

// Formats that speech leaves an element in: the engine's own rate first.
#define CHATTERBOX_SPEECH_FORMATS "{ " GST_AUDIO_NE(S16) ", " GST_AUDIO_NE(F32) " }"
#define CHATTERBOX_SPEECH_CAPS                                                 \
  "audio/x-raw, format = (string) " CHATTERBOX_SPEECH_FORMATS                  \
  ", rate = (int) 24000, channels = (int) 1, layout = (string) interleaved; "  \
  "audio/x-raw, format = (string) " CHATTERBOX_SPEECH_FORMATS                  \
  ", rate = (int) { 48000, 44100, 32000, 22050, 16000, 12000, 11025, 8000 }, " \
  "channels = (int) 1, layout = (string) interleaved"

namespace chatterbox::gst {

// A source pad that speech leaves by: the events that come before it, its format, its segment and
// its gaps. Used by the pad's task, or while that cannot run.
class SpeechPad {
 public:
  using Decorate = std::function<void(GstBuffer*, std::span<const SpokenWord>)>;

  // `must_stop`: the task is to leave its function.
  SpeechPad(GstElement* element, GstPad* pad, StreamClock& clock, std::function<bool()> must_stop);

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
  // The task can push no more: the pipeline gets an error message, unless the task was told to stop
  // or downstream has had enough, and EOS.
  void give_up(GstFlowReturn flow);
  // The EOS that went out, to be sent again after a flush.
  OwnedEvent take_end() { return std::move(run_.ended); }

  SpeechOutput& output() { return output_; }
  // Pushes for the output: `decorate` sees each buffer before it leaves.
  SpeechOutput::Push pusher(Decorate decorate = {});
  // Moves the output to `position`; what lies before it is a gap, or silence where `fill`.
  GstFlowReturn advance_to(GstClockTime position, bool fill);

 private:
  // Belongs to one run: reset by assignment.
  struct Run {
    bool need_segment = true;
    guint32 seqnum = GST_SEQNUM_INVALID;
    Owned<GstTagList> tags;
    OwnedEvent ended;
  };

  GstFlowReturn negotiate();
  GstFlowReturn push(OwnedBuffer buffer);

  GstElement* const element_;
  GstPad* const pad_;
  StreamClock& clock_;
  const std::function<bool()> must_stop_;
  SpeechOutput output_;
  Run run_;
};

}  // namespace chatterbox::gst
