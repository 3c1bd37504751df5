// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <memory>

// ThreadSanitizer does not see into GLib, whose locks are no pthread locks.
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define CHATTERBOX_LOCKED(lock) __tsan_acquire(lock)
#define CHATTERBOX_UNLOCKING(lock) __tsan_release(lock)
#else
#define CHATTERBOX_LOCKED(lock) static_cast<void>(lock)
#define CHATTERBOX_UNLOCKING(lock) static_cast<void>(lock)
#endif

namespace chatterbox::gst {

// Owners for what GStreamer counts or frees. Copying is deleted, as for any
// unique_ptr; `release()` hands a reference to a call that takes one.
struct Release {
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstQuery* query) const { gst_query_unref(query); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
  void operator()(GstAudioConverter* converter) const { gst_audio_converter_free(converter); }
  void operator()(GstTagList* tags) const { gst_tag_list_unref(tags); }
  void operator()(gchar* text) const { g_free(text); }
};

template <class T>
using Owned = std::unique_ptr<T, Release>;

using OwnedCaps = Owned<GstCaps>;
using OwnedEvent = Owned<GstEvent>;
using OwnedBuffer = Owned<GstBuffer>;
using OwnedStructure = Owned<GstStructure>;
using OwnedConverter = Owned<GstAudioConverter>;
using OwnedString = Owned<gchar>;

inline GstSegment empty_segment(GstFormat format) {
  GstSegment segment;
  gst_segment_init(&segment, format);
  return segment;
}

// Mono float samples, as the engine has them.
inline GstAudioInfo mono_float(int rate_hz) {
  GstAudioInfo info;
  gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_F32, rate_hz, 1, nullptr);
  return info;
}

// No format at all.
inline GstAudioInfo no_format() {
  GstAudioInfo info;
  gst_audio_info_init(&info);
  return info;
}

// A thread that holds this keeps the element alive.
inline std::shared_ptr<GstElement> keep(GstElement* element) {
  return {GST_ELEMENT(gst_object_ref(element)), gst_object_unref};
}

// The pipeline that the element is in, or what stands in its place.
inline std::shared_ptr<GstElement> outermost(GstElement* element) {
  std::shared_ptr<GstElement> top = keep(element);
  while (GstObject* parent = gst_object_get_parent(GST_OBJECT(top.get())))
    top.reset(GST_ELEMENT(parent), gst_object_unref);
  return top;
}

// Bytes of a buffer for as long as this lives.
class BufferMap {
 public:
  BufferMap(GstBuffer* buffer, GstMapFlags flags) : buffer_(buffer) {
    mapped_ = gst_buffer_map(buffer, &info_, flags);
  }
  ~BufferMap() {
    if (mapped_) gst_buffer_unmap(buffer_, &info_);
  }
  BufferMap(const BufferMap&) = delete;
  BufferMap& operator=(const BufferMap&) = delete;

  explicit operator bool() const { return mapped_; }
  guint8* data() const { return info_.data; }
  gsize size() const { return info_.size; }

 private:
  GstBuffer* buffer_;
  GstMapInfo info_ = GST_MAP_INFO_INIT;
  bool mapped_;
};

// Holds a lock of GStreamer for as long as this lives.
template <auto kLock, auto kUnlock>
class HeldLock {
 public:
  explicit HeldLock(gpointer owner) : owner_(owner) {
    kLock(owner_);
    CHATTERBOX_LOCKED(owner_);
  }
  ~HeldLock() {
    CHATTERBOX_UNLOCKING(owner_);
    kUnlock(owner_);
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  gpointer owner_;
};

inline void lock_stream(gpointer pad) { GST_PAD_STREAM_LOCK(pad); }
inline void unlock_stream(gpointer pad) { GST_PAD_STREAM_UNLOCK(pad); }
inline void lock_object(gpointer object) { GST_OBJECT_LOCK(object); }
inline void unlock_object(gpointer object) { GST_OBJECT_UNLOCK(object); }

// A pad's stream lock: its streaming thread is outside of our functions.
using StreamLock = HeldLock<lock_stream, unlock_stream>;
// GST_OBJECT_LOCK, which guards properties.
using ObjectLock = HeldLock<lock_object, unlock_object>;

}  // namespace chatterbox::gst
