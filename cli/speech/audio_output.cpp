// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech/audio_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "chatterbox/error.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;

struct Form {
  const char* ending;
  const char* encoder;  // which must be there
  const char* elements;
};

constexpr Form kForms[] = {
    {".wav", "wavenc", "audioconvert ! wavenc"},
    {".flac", "flacenc", "audioconvert ! flacenc"},
    {".opus", "opusenc", "audioconvert ! audioresample ! opusenc ! oggmux"},
    {".ogg", "opusenc", "audioconvert ! audioresample ! opusenc ! oggmux"},
    {".mp3", "lamemp3enc", "audioconvert ! audioresample ! lamemp3enc ! id3v2mux"},
    {".mka", "opusenc", "audioconvert ! audioresample ! opusenc ! matroskamux"},
};

const Form& form_of(const std::string& path) {
  std::string ending = fs::path(path).extension().string(), endings;
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  for (const Form& form : kForms) {
    if (ending == form.ending) return form;
    endings += std::string(endings.empty() ? "" : ", ") + form.ending;
  }
  throw Error(ErrorCode::kInvalidArgument,
              path + ": expected a file that ends in one of " + endings);
}

// Keeps back what libraries print of each sound system that is not there, until this goes away.
class NoStandardError {
 public:
  NoStandardError() : kept_(dup(STDERR_FILENO)) {
    std::fflush(stderr);
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept_ >= 0 && nothing >= 0) dup2(nothing, STDERR_FILENO);
    if (nothing >= 0) close(nothing);
  }
  ~NoStandardError() {
    if (kept_ < 0) return;
    dup2(kept_, STDERR_FILENO);
    close(kept_);
  }
  NoStandardError(const NoStandardError&) = delete;
  NoStandardError& operator=(const NoStandardError&) = delete;

 private:
  const int kept_;
};

// Where there is no device, autoaudiosink plays to nobody and says so in a warning.
void check_device(GstElement* speakers) {
  {
    const NoStandardError quiet;
    gst_element_set_state(speakers, GST_STATE_READY);
  }
  GstIterator* children = gst_bin_iterate_elements(GST_BIN(speakers));
  GValue child = G_VALUE_INIT;
  bool found = false;
  while (gst_iterator_next(children, &child) == GST_ITERATOR_OK) {
    GstElementFactory* factory = gst_element_get_factory(GST_ELEMENT(g_value_get_object(&child)));
    const std::string name = factory ? GST_OBJECT_NAME(factory) : "";
    found = found || name != "fakesink";
    g_value_reset(&child);
  }
  g_value_unset(&child);
  gst_iterator_free(children);
  if (!found) throw Error(ErrorCode::kNotFound, "expected an audio device to play to, found none");
}

}  // namespace

AudioOutput::AudioOutput(const std::string& path, const std::string& speakers)
    : path_(path), speakers_(speakers.empty() ? "autoaudiosink name=speakers" : speakers) {
  if (path.empty()) return;
  const Form& form = form_of(path);
  if (!has_element(form.encoder))
    throw Error(ErrorCode::kNotFound, path + ": the encoder " + form.encoder +
                                          " is missing: install gstreamer1.0-plugins-good, or "
                                          "choose another ending");
  const fs::path directory = fs::absolute(path).parent_path();
  if (!fs::is_directory(directory) || access(directory.c_str(), W_OK) != 0)
    throw Error(ErrorCode::kNotFound,
                path + ": expected a directory to write to, got '" + directory.string() + "'");
  part_ = (directory / ("." + fs::path(path).filename().string() + ".part")).string();
}

AudioOutput::~AudioOutput() {
  std::error_code ignored;
  if (!part_.empty()) fs::remove(part_, ignored);
}

std::string AudioOutput::elements() const {
  if (is_file()) return std::string(form_of(path_).elements) + " ! filesink name=output";
  return "audioconvert ! audioresample ! " + speakers_;
}

void AudioOutput::prepare(Pipeline& pipeline) const {
  if (is_file())
    pipeline.set("output", "location", part_);
  else if (GstElement* speakers = pipeline.element("speakers"); speakers && GST_IS_BIN(speakers))
    check_device(speakers);
}

void AudioOutput::publish() {
  if (!is_file()) return;
  std::error_code failed;
  fs::rename(part_, path_, failed);
  if (failed) throw Error(ErrorCode::kNotFound, path_ + ": cannot be written: " + failed.message());
  part_.clear();
}

}  // namespace chatterbox::cli
