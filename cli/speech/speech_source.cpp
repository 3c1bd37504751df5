// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech/speech_source.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;

std::string ending_of(const std::string& path) {
  std::string ending = fs::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  return ending;
}

bool is_one_of(const std::string& ending, std::initializer_list<const char*> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](const char* each) { return ending == each; });
}

bool looks_like_ssml(const std::string& text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start != text.npos &&
         (text.compare(start, 6, "<speak") == 0 || text.compare(start, 5, "<?xml") == 0);
}

// Before a model is loaded, and a device opened, for nothing.
[[noreturn]] void refuse_silence(const std::string& where) {
  throw Error(ErrorCode::kInvalidArgument, where + "expected a text with words to speak, got none");
}

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

bool has_only_space(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return file && std::all_of(std::istreambuf_iterator<char>(file), {}, is_space);
}

std::string percent_encoded(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace

SpeechSource::SpeechSource(const std::vector<std::string>& words, const std::string& file)
    : kind_(Kind::kText), file_(file) {
  if (!file.empty()) {
    if (!words.empty()) throw UsageError("expected a text or --file, got both");
    std::error_code missing;
    bytes_ = std::int64_t(fs::file_size(file, missing));
    if (missing)
      throw Error(ErrorCode::kNotFound, file + ": expected a text file: " + missing.message());
    const std::string ending = ending_of(file);
    kind_ = is_one_of(ending, {".srt", ".vtt", ".sub", ".smi"}) ? Kind::kSubtitles
            : is_one_of(ending, {".ssml", ".xml"})              ? Kind::kSsmlFile
                                                                : Kind::kFile;
    if (has_only_space(file)) refuse_silence(file + ": ");
    return;
  }
  if (words.empty() || (words.size() == 1 && words[0] == "-")) {
    const bool terminal = isatty(STDIN_FILENO) != 0;
    if (words.empty() && terminal)
      throw UsageError(
          "expected a text, --file FILE, or text on standard input; - reads lines "
          "that are typed");
    kind_ = terminal ? Kind::kTyped : Kind::kInput;
    return;
  }
  for (const std::string& word : words) text_ += (text_.empty() ? "" : " ") + word;
  if (std::all_of(text_.begin(), text_.end(), is_space)) refuse_silence("");
  kind_ = looks_like_ssml(text_) ? Kind::kSsmlText : Kind::kText;
  bytes_ = std::int64_t(text_.size());
}

std::string SpeechSource::elements() const {
  switch (kind_) {
    case Kind::kText:
      return "";
    case Kind::kSsmlText:
      return "dataurisrc name=input ! application/ssml+xml ! ";
    case Kind::kFile:
      return "filesrc name=input ! ";
    case Kind::kSubtitles:
      return "filesrc name=input ! subparse ! ";
    case Kind::kSsmlFile:
      return "filesrc name=input ! application/ssml+xml ! ";
    case Kind::kInput:
    case Kind::kTyped:
      return "fdsrc name=input ! ";
  }
  return "";
}

void SpeechSource::prepare(Pipeline& pipeline) const {
  switch (kind_) {
    case Kind::kText:
      pipeline.set("speech", "text", text_);
      break;
    case Kind::kSsmlText:
      pipeline.set("input", "uri", "data:application/ssml+xml," + percent_encoded(text_));
      break;
    case Kind::kFile:
    case Kind::kSubtitles:
    case Kind::kSsmlFile:
      pipeline.set("input", "location", file_);
      break;
    case Kind::kTyped:
      pipeline.set("speech", "force-live", "true");
      break;
    case Kind::kInput:
      break;
  }
}

void set_model(Pipeline& pipeline, const std::string& element, const Arguments& arguments) {
  if (arguments.has("model"))
    pipeline.set(element, "model-path", find_model(arguments.text("model")));
  if (arguments.has("family")) pipeline.set(element, "model-family", arguments.text("family"));
  for (const char* option : {"device", "dtype", "quality", "threads"})
    if (arguments.has(option)) pipeline.set(element, option, arguments.text(option));
}

void set_speech(Pipeline& pipeline, const Arguments& arguments) {
  set_model(pipeline, "speech", arguments);
  for (const char* option : {"voice", "language", "seed", "exaggeration", "cfg-weight",
                             "temperature", "rate", "volume", "overflow"})
    if (arguments.has(option)) pipeline.set("speech", option, arguments.text(option));
  if (arguments.has("no-watermark")) pipeline.set("speech", "watermark", "false");
  if (const std::string speakers = arguments.text("speakers"); arguments.has("speakers")) {
    if (speakers.find('=') == speakers.npos)
      throw UsageError("--speakers: expected NAME=VOICE, more of them after commas, got '" +
                       speakers + "'");
    pipeline.set("speech", "speaker-map", "speakers," + speakers);
  }
}

}  // namespace chatterbox::cli
