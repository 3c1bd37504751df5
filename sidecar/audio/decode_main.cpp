// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// chatterbox-decode REGISTRY SECONDS WORK_SECONDS [unconfined] < file > samples
// chatterbox-decode REGISTRY --check
//
// Decodes what strangers send, away from the server: whatever a demuxer does
// wrong ends this process alone. Before the first byte is looked at it gives up
// all files but the libraries it decodes with, network and most memory. Stops a little after
// SECONDS of audio, however much the file claims to hold. REGISTRY is GStreamer's list of plugins.
// Where the kernel confines nothing it decodes nothing, unless it is told `unconfined`.
// --check tells what of that this kernel offers, as "landlock=6 seccomp=1", and whether it holds.
#include <fcntl.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "audio/decode_protocol.h"
#include "audio/decode_sandbox.h"

namespace {

constexpr rlim_t kMemoryBytes = rlim_t(1) << 30;
constexpr int kBlockBytes = 65536;

void limit(int what, rlim_t value) {
  const rlimit both{value, value};
  setrlimit(__rlimit_resource_t(what), &both);
}

void give_up_rights(int work_seconds) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  signal(SIGXFSZ, SIG_IGN);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CORE, 0);
#ifndef CHATTERBOX_SANITIZED
  limit(RLIMIT_AS, kMemoryBytes);
#endif
  limit(RLIMIT_CPU, rlim_t(work_seconds));
  // No network of its own where the kernel lets users have none.
  [[maybe_unused]] const int ignored = unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

// Where the code that decodes is: plugins are loaded when the file shows what it is.
std::vector<std::string> library_folders() {
  std::vector<std::string> folders{"/usr", "/lib", "/lib64", "/etc/ld.so.cache"};
  GList* plugins = gst_registry_get_plugin_list(gst_registry_get());
  for (GList* at = plugins; at; at = at->next) {
    const gchar* file = gst_plugin_get_filename(GST_PLUGIN(at->data));
    if (!file || g_str_has_prefix(file, "/usr/")) continue;
    gchar* folder = g_path_get_dirname(file);
    if (std::find(folders.begin(), folders.end(), folder) == folders.end())
      folders.emplace_back(folder);
    g_free(folder);
  }
  gst_plugin_list_free(plugins);
  return folders;
}

chatterbox::sidecar::Sandbox enter() {
#ifdef CHATTERBOX_SANITIZED
  // A sanitizer reads and calls what a decoder may not.
  return {};
#else
  return chatterbox::sidecar::enter_sandbox(library_folders());
#endif
}

bool confine() {
#ifdef CHATTERBOX_SANITIZED
  return true;
#else
  return enter().any();
#endif
}

// Tries what the sandbox promises to refuse: a file that is no library, and a socket.
int check_sandbox() {
  give_up_rights(10);
  const auto sandbox = enter();
  const bool reads = open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
  const bool calls = socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
  std::printf("landlock=%d seccomp=%d\n", sandbox.landlock, int(sandbox.seccomp));
  std::fflush(stdout);
  const bool holds = sandbox.any() && (!sandbox.landlock || !reads) && (!sandbox.seccomp || !calls);
  _exit(holds ? 0 : 3);
}

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

void write_all(const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = write(STDOUT_FILENO, at, size);
    if (count <= 0) std::exit(0);  // the server has heard enough
    at += count;
    size -= std::size_t(count);
  }
}

// Playlists and session descriptions name addresses to fetch; pictures and film
// are not ours to decode.
// Functions that GStreamer calls throw nothing; did one, this process of one recording would end.
int may_plug(GstElement*, GstPad*, GstCaps*, GstElementFactory* factory, gpointer) noexcept {
  enum { kTry = 0, kExpose = 1, kSkip = 2 };
  const gchar* klass = gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS);
  for (const char* word : {"Adaptive", "Network", "Protocol", "Source", "Video", "Image"})
    if (klass && std::strstr(klass, word)) return kSkip;
  return kTry;
}

void link_audio(GstElement*, GstPad* pad, gpointer sink_pad) noexcept {
  GstPad* sink = GST_PAD(sink_pad);
  GstCaps* caps = gst_pad_get_current_caps(pad);
  const bool audio = caps && std::strcmp(gst_structure_get_name(gst_caps_get_structure(caps, 0)),
                                         "audio/x-raw") == 0;
  if (caps) gst_caps_unref(caps);
  // The first audio stream; others stay unlinked.
  if (audio && !gst_pad_is_linked(sink)) gst_pad_link(pad, sink);
}

// Fills the source from standard input, in a thread of its own.
gpointer feed(gpointer data) noexcept {
  auto* source = GST_APP_SRC(data);
  for (;;) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kBlockBytes, nullptr);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    const ssize_t count = read(STDIN_FILENO, map.data, kBlockBytes);
    gst_buffer_unmap(buffer, &map);
    if (count <= 0) {
      gst_buffer_unref(buffer);
      break;
    }
    gst_buffer_set_size(buffer, count);
    if (gst_app_src_push_buffer(source, buffer) != GST_FLOW_OK) return nullptr;
  }
  gst_app_src_end_of_stream(source);
  return nullptr;
}

std::string error_message(GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  gst_object_unref(bus);
  if (!message) return "no audio stream was found";
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  std::string text = error->message;
  g_clear_error(&error);
  gst_message_unref(message);
  return text;
}

// Writes one buffer, the header before the first; false for unusable caps.
bool write_sample(GstSample* sample, double seconds, std::size_t& samples, std::size_t& most) {
  if (most == 0) {
    GstAudioInfo info;
    if (!gst_audio_info_from_caps(&info, gst_sample_get_caps(sample))) return false;
    chatterbox::sidecar::DecodeHeader header;
    header.rate_hz = std::uint32_t(GST_AUDIO_INFO_RATE(&info));
    write_all(&header, sizeof header);
    most = std::size_t(seconds * header.rate_hz) + 1;
  }
  GstMapInfo map;
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return false;
  const std::size_t count = std::min(map.size / sizeof(float), most - samples);
  write_all(map.data, count * sizeof(float));
  samples += count;
  gst_buffer_unmap(buffer, &map);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  // Each arena reserves 64 MB of the address space that is about to be limited.
  mallopt(M_ARENA_MAX, 1);
  // Orc's compiled code would need a file; its plain code is fast enough here.
  setenv("ORC_CODE", "backup", 1);
  if (argc > 1 && *argv[1]) {
    setenv("GST_REGISTRY_1_0", argv[1], 1);
    // The server has brought it up to date.
    setenv("GST_REGISTRY_UPDATE", "no", 1);
  }
  gst_init(nullptr, nullptr);
  if (argc == 3 && std::strcmp(argv[2], "--check") == 0) return check_sandbox();
  const bool unconfined = argc == 5 && std::strcmp(argv[4], "unconfined") == 0;
  if (argc != 4 && !unconfined)
    fail("usage: chatterbox-decode REGISTRY SECONDS WORK_SECONDS [unconfined] < file > samples");
  const double seconds = g_ascii_strtod(argv[2], nullptr);
  give_up_rights(std::max(1, std::atoi(argv[3])));
  if (!confine() && !unconfined)
    fail("expected a kernel with Landlock or seccomp, got one with neither");

  GstElement* pipeline = gst_pipeline_new(nullptr);
  GstElement* source = gst_element_factory_make("appsrc", nullptr);
  GstElement* decoder = gst_element_factory_make("decodebin", nullptr);
  GstElement* convert = gst_element_factory_make("audioconvert", nullptr);
  GstElement* sink = gst_element_factory_make("appsink", nullptr);
  if (!source || !decoder || !convert || !sink)
    fail("GStreamer lacks appsrc, decodebin, audioconvert or appsink");
  GstCaps* caps = gst_caps_from_string(
      "audio/x-raw,format=F32LE,channels=1,layout=interleaved,rate=[1000,384000]");
  g_object_set(source, "format", GST_FORMAT_BYTES, "block", TRUE, "max-bytes",
               guint64(4 * kBlockBytes), nullptr);
  g_object_set(sink, "sync", FALSE, "max-buffers", 8, "caps", caps, nullptr);
  gst_caps_unref(caps);
  gst_bin_add_many(GST_BIN(pipeline), source, decoder, convert, sink, nullptr);
  gst_element_link(source, decoder);
  gst_element_link(convert, sink);
  GstPad* sink_pad = gst_element_get_static_pad(convert, "sink");
  g_signal_connect(decoder, "autoplug-select", G_CALLBACK(may_plug), nullptr);
  g_signal_connect(decoder, "pad-added", G_CALLBACK(link_audio), sink_pad);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GThread* feeder = g_thread_new("feed", feed, source);
  g_thread_unref(feeder);

  std::size_t samples = 0, most = 0;
  GstBus* bus = gst_element_get_bus(pipeline);
  while (most == 0 || samples < most) {
    GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 50 * GST_MSECOND);
    if (!sample) {
      if (gst_app_sink_is_eos(GST_APP_SINK(sink))) break;
      if (GstMessage* error = gst_bus_peek(bus)) {
        const bool stop = GST_MESSAGE_TYPE(error) == GST_MESSAGE_ERROR;
        gst_message_unref(error);
        if (stop) break;
        gst_message_unref(gst_bus_pop(bus));
      }
      continue;
    }
    const bool usable = write_sample(sample, seconds, samples, most);
    gst_sample_unref(sample);
    if (!usable) fail("the decoder gave audio without a rate");
  }
  if (samples == 0) fail(error_message(pipeline));
  // A file cut short still holds what came before. The process ends here; the
  // kernel takes the pipeline down faster than its state changes would.
  std::fflush(nullptr);
  _exit(0);
}
