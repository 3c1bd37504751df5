// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "ssml.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>

#include "chatterbox/sentences.h"

namespace chatterbox::gst {

namespace {

struct Named {
  std::string_view name;
  double value;
};

// Seconds, from the names that SSML gives to pauses.
constexpr Named kStrengths[] = {{"none", 0},     {"x-weak", 0.1}, {"weak", 0.2},
                                {"medium", 0.4}, {"strong", 0.7}, {"x-strong", 1.0}};
constexpr Named kRates[] = {{"x-slow", 0.6}, {"slow", 0.8},  {"medium", 1},
                            {"default", 1},  {"fast", 1.25}, {"x-fast", 1.6}};
constexpr Named kVolumes[] = {{"silent", 0},  {"x-soft", 0.25}, {"soft", 0.5}, {"medium", 1},
                              {"default", 1}, {"loud", 1.4},    {"x-loud", 2}};
constexpr double kSlowest = 0.5, kFastest = 3, kLoudest = 4;

std::optional<double> named(std::span<const Named> values, std::string_view name) {
  for (const Named& value : values)
    if (value.name == name) return value.value;
  return std::nullopt;
}

// "120%", "+20%", "-10%" or "1.2" as a factor.
std::optional<double> factor(const char* text) {
  char* end = nullptr;
  const double number = g_ascii_strtod(text, &end);
  if (end == text) return std::nullopt;
  if (*end == '%') return text[0] == '+' || text[0] == '-' ? 1 + number / 100 : number / 100;
  return number;
}

double speed_of(const char* rate) {
  const auto value = named(kRates, rate);
  return std::clamp(value ? *value : factor(rate).value_or(1), kSlowest, kFastest);
}

// A name, decibels ("+6dB"), or the per cent of old.
double gain_of(const char* volume) {
  if (const auto value = named(kVolumes, volume)) return *value;
  char* end = nullptr;
  const double number = g_ascii_strtod(volume, &end);
  if (end == volume) return 1;
  const double gain = g_ascii_strcasecmp(end, "db") == 0 ? std::pow(10, number / 20) : number / 100;
  return std::clamp(gain, 0.0, kLoudest);
}

// "A1" as "A 1": one after the other.
std::string spelled_out(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = g_utf8_skip[static_cast<unsigned char>(text[at])];
    if (!g_unichar_isspace(g_utf8_get_char(&text[at]))) {
      if (!out.empty()) out += ' ';
      out += text.substr(at, size);
    }
    at += size;
  }
  return out;
}

// Properties that hold inside of an element.
struct Context {
  SpeechChoice choice;
  double speed = 1, gain = 1;
  bool silent = false;  // text is not for the listener
  bool spell = false;
};

class SsmlParser {
 public:
  SsmlParser() : contexts_(1) {}
  // The script so far; a break that nothing follows is a part of its own.
  Script finish() {
    close();
    if (pause_ > 0) {
      ScriptPart part;
      part.pause = std::exchange(pause_, 0);
      script_.push_back(std::move(part));
    }
    return std::move(script_);
  }

  void start(std::string_view name, const gchar** keys, const gchar** values) {
    Context context = contexts_.back();
    const auto find = [&](const char* key) -> const char* {
      for (std::size_t i = 0; keys[i]; ++i)
        if (std::strcmp(keys[i], key) == 0) return values[i];
      return nullptr;
    };
    close();
    if (const char* language = find("xml:lang")) context.choice.language = language;
    if (name == "p" || name == "s") {
      new_sentence_ = true;
    } else if (name == "break") {
      add_break(find("time"), find("strength"));
    } else if (name == "voice") {
      if (const char* voice = find("name")) context.choice.voice = voice;
    } else if (name == "prosody") {
      if (const char* rate = find("rate")) context.speed = speed_of(rate);
      if (const char* volume = find("volume")) context.gain = gain_of(volume);
    } else if (name == "sub") {
      if (const char* alias = find("alias")) {
        text_ += alias;
        close_with(context);
        context.silent = true;
      }
    } else if (name == "say-as") {
      const char* kind = find("interpret-as");
      for (const char* spelled : {"characters", "spell-out", "digits", "telephone"})
        context.spell |= kind && std::strcmp(kind, spelled) == 0;
    } else if (name == "metadata" || name == "desc") {
      context.silent = true;
    }
    contexts_.push_back(std::move(context));
  }

  void end(std::string_view name) {
    close();
    if (name == "p" || name == "s") new_sentence_ = true;
    contexts_.pop_back();
  }

  void text(std::string_view text) {
    if (!contexts_.back().silent) text_ += text;
  }

 private:
  void add_break(const char* time, const char* strength) {
    double seconds = time ? parse_duration(time) : -1;
    if (seconds < 0) seconds = named(kStrengths, strength ? strength : "medium").value_or(0.4);
    pause_ = std::min(pause_ + seconds, kLongestPause);
  }

  void close() { close_with(contexts_.back()); }

  // Ends the part being read.
  void close_with(const Context& context) {
    std::string text = normalize_spaces(std::exchange(text_, {}));
    if (text.empty()) return;
    ScriptPart part;
    part.text = context.spell ? spelled_out(text) : std::move(text);
    part.pause = std::exchange(pause_, 0);
    part.choice = context.choice;
    part.speed = context.speed;
    part.gain = context.gain;
    part.new_sentence = std::exchange(new_sentence_, false);
    script_.push_back(std::move(part));
  }

  std::vector<Context> contexts_;
  Script script_;
  std::string text_;
  double pause_ = 0;
  bool new_sentence_ = false;
};

// One word from the same voice in the same way: no reason to stop between.
bool continues(const ScriptPart& a, const ScriptPart& b) {
  return b.pause == 0 && !b.new_sentence && a.speed == b.speed && a.gain == b.gain &&
         a.choice.voice == b.choice.voice && a.choice.language == b.choice.language;
}

Script joined(const Script& script) {
  Script result;
  for (const ScriptPart& part : script) {
    if (!result.empty() && !result.back().text.empty() && continues(result.back(), part))
      result.back().text += (std::strchr(".,;:!?", part.text[0]) ? "" : " ") + part.text;
    else
      result.push_back(part);
  }
  return result;
}

}  // namespace

std::optional<Script> parse_ssml(std::string_view document) {
  std::string xml(document);
  if (xml.find("<speak") == xml.npos) xml = "<speak>" + xml + "</speak>";

  const GMarkupParser callbacks = {
      [](GMarkupParseContext*, const gchar* name, const gchar** keys, const gchar** values,
         gpointer parser,
         GError**) { static_cast<SsmlParser*>(parser)->start(name, keys, values); },
      [](GMarkupParseContext*, const gchar* name, gpointer parser, GError**) {
        static_cast<SsmlParser*>(parser)->end(name);
      },
      [](GMarkupParseContext*, const gchar* text, gsize size, gpointer parser, GError**) {
        static_cast<SsmlParser*>(parser)->text({text, size});
      },
      nullptr, nullptr};
  SsmlParser parser;
  GMarkupParseContext* context =
      g_markup_parse_context_new(&callbacks, G_MARKUP_TREAT_CDATA_AS_TEXT, &parser, nullptr);
  const bool well_formed =
      g_markup_parse_context_parse(context, xml.data(), gssize(xml.size()), nullptr) &&
      g_markup_parse_context_end_parse(context, nullptr);
  g_markup_parse_context_free(context);
  if (!well_formed) return std::nullopt;
  return joined(parser.finish());
}

std::vector<Script> split_into_sentences(const Script& script) {
  std::vector<Script> sentences(1);
  const auto add = [&](const ScriptPart& part, std::string text, bool first) {
    ScriptPart piece = part;
    piece.text = std::move(text);
    if (!first) piece.pause = 0;
    sentences.back().push_back(std::move(piece));
  };
  for (const ScriptPart& part : script) {
    if (part.new_sentence && !sentences.back().empty()) sentences.emplace_back();
    SentenceSegmenter segmenter;
    segmenter.feed(part.text);
    bool first = true;
    while (auto sentence = segmenter.next()) {
      add(part, std::move(*sentence), std::exchange(first, false));
      sentences.emplace_back();
    }
    if (auto rest = segmenter.flush())
      add(part, std::move(*rest), first);
    else if (first && part.pause > 0)
      add(part, {}, true);
  }
  if (sentences.back().empty()) sentences.pop_back();
  return sentences;
}

}  // namespace chatterbox::gst
