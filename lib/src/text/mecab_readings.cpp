// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// MeCab through its C interface, loaded while running: without Japanese neither MeCab nor a
// dictionary is needed.

#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <utility>

#include "chatterbox/error.h"
#include "text/kanji_readings.h"

namespace chatterbox {
namespace {

// One line of MeCab's: a word, and its dictionary's fields.
struct Entry {
  std::string written;
  std::vector<std::string> features;
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

[[noreturn]] void not_installed(const std::string& what) {
  throw Error(ErrorCode::kNotFound,
              "language ja: kanji are read by MeCab and a dictionary for it, and " + what +
                  "; install libmecab2 and mecab-ipadic-utf8 (Debian's names), or write kana");
}

// libmecab.so.2 and one analyser. Used by one thread at a time.
class Mecab {
 public:
  Mecab() {
    library_ = dlopen("libmecab.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library_) not_installed(dlerror());
    try {
      create_ = find<Create*>("mecab_new2");
      destroy_ = find<Destroy*>("mecab_destroy");
      analyse_ = find<Analyse*>("mecab_sparse_tostr2");
      describe_ = find<Describe*>("mecab_dictionary_info");
      // One line for each word: itself, a tab, its features.
      tagger_ = create_("-F%m\\t%H\\n -U%m\\t%H\\n");
      if (!tagger_) not_installed("no dictionary was found");
      check_charset();
      find_reading();
    } catch (...) {
      close();
      throw;
    }
  }
  ~Mecab() { close(); }
  Mecab(const Mecab&) = delete;
  Mecab& operator=(const Mecab&) = delete;

  std::vector<KanjiReadings::Word> read(std::string_view text) const {
    std::vector<KanjiReadings::Word> words;
    for (Entry& entry : analyse(text))
      words.push_back({std::move(entry.written), reading(entry.features)});
    return words;
  }

 private:
  struct Tagger;
  // The head of mecab_dictionary_info_t; what follows is not looked at.
  struct Dictionary {
    const char* filename;
    const char* charset;
  };
  using Create = Tagger*(const char* arguments);
  using Destroy = void(Tagger*);
  using Analyse = const char*(Tagger*, const char* text, std::size_t length);
  using Describe = const Dictionary*(Tagger*);

  template <class Function>
  Function find(const char* name) const {
    void* const symbol = dlsym(library_, name);
    if (!symbol) not_installed(std::string(name) + " is not in libmecab.so.2");
    return reinterpret_cast<Function>(symbol);
  }

  void close() {
    if (tagger_) destroy_(tagger_);
    if (library_) dlclose(library_);
  }

  void check_charset() const {
    const Dictionary* const dictionary = describe_(tagger_);
    std::string charset = dictionary && dictionary->charset ? dictionary->charset : "";
    std::transform(charset.begin(), charset.end(), charset.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    if (charset != "utf-8" && charset != "utf8")
      not_installed("its dictionary is in " + charset + " rather than UTF-8");
  }

  std::vector<Entry> analyse(std::string_view text) const {
    const char* const lines = analyse_(tagger_, text.data(), text.size());
    if (!lines) throw Error(ErrorCode::kModelFailure, "language ja: MeCab gave up on the text");
    std::vector<Entry> entries;
    for (const std::string& line : split(lines, '\n')) {
      const std::size_t tab = line.find('\t');
      if (tab != std::string::npos)
        entries.push_back(
            {line.substr(0, tab), split(std::string_view(line).substr(tab + 1), ',')});
    }
    return entries;
  }

  // Dictionaries differ in which feature is the reading, and have others like it: of the
  // dictionary form, and of the sound. A noun and a verb tell them apart.
  void find_reading() {
    const std::vector<Entry> noun = analyse("東京"), verb = analyse("行きます");
    if (noun.size() == 1 && !verb.empty())
      for (std::size_t i = 0; i < std::min(noun[0].features.size(), verb[0].features.size()); ++i)
        if (to_hiragana(noun[0].features[i]) == "とうきょう" && verb[0].written == "行き" &&
            to_hiragana(verb[0].features[i]) == "いき") {
          reading_ = i;
          return;
        }
    not_installed("its dictionary holds no readings");
  }

  std::string reading(const std::vector<std::string>& features) const {
    if (reading_ >= features.size() || features[reading_] == "*") return {};
    return features[reading_];
  }

  void* library_ = nullptr;
  Create* create_ = nullptr;
  Destroy* destroy_ = nullptr;
  Analyse* analyse_ = nullptr;
  Describe* describe_ = nullptr;
  Tagger* tagger_ = nullptr;
  std::size_t reading_ = 0;
};

class MecabReadings : public KanjiReadings {
 public:
  std::vector<Word> read(std::string_view text) const override {
    const std::lock_guard lock(mutex_);
    if (!mecab_) mecab_ = std::make_unique<Mecab>();
    return mecab_->read(text);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Mecab> mecab_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<KanjiReadings> make_mecab_readings() { return std::make_unique<MecabReadings>(); }

}  // namespace chatterbox
