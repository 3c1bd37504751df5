// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/output_stream.h"

#include <algorithm>
#include <cstring>

#include "barrier.h"

namespace chatterbox::sidecar {
namespace {

// Contents of a stream: text before, pieces from disk, text after.
struct Source {
  JobStore& store;
  std::string id, piece, tail;
  int number = 0;
  bool from_disk = false;

  // The next piece, when the one at hand is used up; false at the end.
  bool advance() {
    if (from_disk) {
      piece = store.output_part(id, number++);
      if (!piece.empty()) return true;
      from_disk = false;
    }
    piece = std::move(tail);
    tail.clear();
    return !piece.empty();
  }
};

}  // namespace

extern "C" {
struct ChatterboxOutputStream {
  GInputStream parent;
  Source* source;
  std::size_t used;
};
struct ChatterboxOutputStreamClass {
  GInputStreamClass parent;
};
G_DEFINE_TYPE(ChatterboxOutputStream, chatterbox_output_stream, G_TYPE_INPUT_STREAM)

static gssize chatterbox_output_stream_read(GInputStream* stream, void* buffer, gsize count,
                                            GCancellable*, GError**) {
  auto* self = reinterpret_cast<ChatterboxOutputStream*>(stream);
  if (self->used == self->source->piece.size()) {
    self->used = 0;
    if (!self->source->advance()) return 0;
  }
  const std::string& piece = self->source->piece;
  const gsize size = std::min<gsize>(count, piece.size() - self->used);
  std::memcpy(buffer, piece.data() + self->used, size);
  self->used += size;
  return gssize(size);
}

static void chatterbox_output_stream_finalize(GObject* object) {
  delete reinterpret_cast<ChatterboxOutputStream*>(object)->source;
  G_OBJECT_CLASS(chatterbox_output_stream_parent_class)->finalize(object);
}

static void chatterbox_output_stream_class_init(ChatterboxOutputStreamClass* type) {
  G_OBJECT_CLASS(type)->finalize = chatterbox_output_stream_finalize;
  G_INPUT_STREAM_CLASS(type)->read_fn = for_c<chatterbox_output_stream_read>(
      [](GInputStream*, void*, gsize, GCancellable*, GError** error) -> gssize {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the result could not be read");
        return -1;
      });
}

static void chatterbox_output_stream_init(ChatterboxOutputStream*) {}
}

GInputStream* open_status(JobStore& store, const Job& job, std::int64_t bytes,
                          std::int64_t* length) {
  StatusJson text = status_json(job, bytes > 0);
  *length = std::int64_t(text.head.size() + text.tail.size()) + bytes;
  auto source = std::make_unique<Source>(
      Source{store, job.id, std::move(text.head), std::move(text.tail), 0, bytes > 0});
  auto* stream = static_cast<ChatterboxOutputStream*>(
      g_object_new(chatterbox_output_stream_get_type(), nullptr));
  stream->source = source.release();
  return G_INPUT_STREAM(stream);
}

}  // namespace chatterbox::sidecar
