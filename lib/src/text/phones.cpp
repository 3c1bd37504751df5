// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/phones.h"

#include "chatterbox/error.h"
#include "text/aloud/aloud.h"
#include "text/normalizer.h"
#include "text/replace_all.h"

#ifdef HAVE_FLITE

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <mutex>

extern "C" {
#include <flite/flite.h>
void usenglish_init(cst_voice* voice);
cst_lexicon* cmu_lex_init(void);
cst_utterance* cmu_postlex(cst_utterance* utterance);
}

namespace chatterbox {
namespace {

constexpr std::string_view kMarks = ",.?!;:";

// One written word as ASCII for flite.
std::string spell(std::string word) {
  replace_all(word, "…", "...");
  replace_all(word, "°", " degrees");
  for (const std::string_view dash : {"—", "―", "--"}) replace_all(word, dash, ", ");
  std::string ascii = to_ascii(word);
  std::erase_if(ascii, [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
  return ascii;
}

// The text flite sees, and where in it each written word begins.
struct Spelling {
  std::string ascii;
  struct Start {
    std::size_t offset;
    std::string_view written;
  };
  std::vector<Start> words;
};

Spelling spell_all(std::string_view text) {
  std::vector<std::string> words;
  std::vector<std::string_view> all_written;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    all_written.push_back(text.substr(begin, end - begin));
    words.emplace_back(all_written.back());
    begin = end + 1;
  }
  const std::vector<std::string> spoken = read_aloud(words);
  Spelling spelling;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view written = all_written[i];
    const std::string word = spell(spoken[i]);
    const bool dash = !word.empty() && word.find_first_not_of("-, ") == std::string::npos;
    const bool mark = !word.empty() && word.find_first_not_of(".?!;: ") == std::string::npos;
    if (dash || mark) {
      // A dash between words is a pause, which flite knows as a comma; a mark of its own belongs
      // to the word before it.
      std::string& ascii = spelling.ascii;
      if (!ascii.empty() && std::isalnum(static_cast<unsigned char>(ascii.back())))
        ascii += dash ? ',' : word[0];
      continue;
    }
    if (!spelling.ascii.empty()) spelling.ascii += ' ';
    spelling.words.push_back({spelling.ascii.size(), written});
    spelling.ascii += word;
  }
  return spelling;
}

cst_utterance* unchanged(cst_utterance* utterance) { return utterance; }

// A voice that reads and does not speak.
cst_voice* make_reader() {
  flite_init();
  cst_voice* voice = new_voice();
  usenglish_init(voice);
  feat_set(voice->features, "lexicon", lexicon_val(cmu_lex_init()));
  for (const char* name : {"wave_synth_func", "f0_model_func", "duration_model_func"})
    feat_set(voice->features, name, uttfunc_val(unchanged));
  feat_set(voice->features, "postlex_func", uttfunc_val(cmu_postlex));
  return voice;
}

std::string string_at(const cst_item* item, const char* path) {
  const char* value = ffeature_string(item, path);
  return value ? value : "";
}

// Walks the segments of one utterance and emits symbols.
class Walk {
 public:
  explicit Walk(const Spelling& spelling) : spelling_(spelling) {}

  void segment(const cst_item* item) {
    const cst_item* word = path_to_item(item, "R:SylStructure.parent.parent");
    const std::string name = string_at(item, "name");
    if (!word) {
      if (last_word_) phones_.symbols.push_back(mark_.empty() ? "|" : mark_);
      last_word_ = nullptr;
      phones_.symbols.push_back("pau");
      return;
    }
    const cst_item* token = path_to_item(item, "R:SylStructure.parent.parent.R:Token.parent");
    if (last_word_ && word != last_word_)
      phones_.symbols.push_back(!mark_.empty() && token != last_token_ ? mark_ : "|");
    if (word != last_word_) begin_word(item, token);
    last_word_ = word;
    last_token_ = token;
    const bool vowel = !name.empty() && std::strchr("aeiou", name[0]);
    const int position = int(phones_.symbols.size());
    phones_.symbols.push_back(vowel ? name + string_at(item, "R:SylStructure.parent.stress")
                                    : name);
    if (!phones_.words.empty() && written_ >= 0) phones_.words.back().last = position;
  }

  Phones take() { return std::move(phones_); }

 private:
  void begin_word(const cst_item* item, const cst_item* token) {
    const std::string punctuation =
        string_at(item, "R:SylStructure.parent.parent.R:Token.parent.punc");
    const std::size_t at = punctuation.find_first_of(kMarks);
    mark_ = at == std::string::npos ? "" : punctuation.substr(at, 1);

    // flite notes where it stood after reading the token.
    const int after = token ? item_feat_int(token, "file_pos") : 0;
    int written = -1;
    while (written + 1 < int(spelling_.words.size()) &&
           int(spelling_.words[std::size_t(written + 1)].offset) < after)
      ++written;
    if (written < 0 || written == written_) return;
    written_ = written;
    const int position = int(phones_.symbols.size());
    phones_.words.push_back(
        {std::string(spelling_.words[std::size_t(written)].written), position, position});
  }

  const Spelling& spelling_;
  Phones phones_;
  const cst_item* last_word_ = nullptr;
  const cst_item* last_token_ = nullptr;
  std::string mark_;
  int written_ = -1;
};

// flite leaves a failed reading by longjmp where a target is set, and ends the
// process otherwise. Nothing between here and flite has a destructor.
cst_utterance* synthesize_guarded(const char* text, cst_voice* voice) {
  std::jmp_buf target;
  if (setjmp(target) != 0) {
    cst_errjmp = nullptr;
    return nullptr;
  }
  cst_errjmp = &target;
  cst_utterance* utterance = flite_synth_text(text, voice);
  cst_errjmp = nullptr;
  return utterance;
}

}  // namespace

bool have_phones() { return true; }

Phones read_phones(std::string_view text) {
  const Spelling spelling = spell_all(text);
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  static cst_voice* const reader = make_reader();
  const std::unique_ptr<cst_utterance, void (*)(cst_utterance*)> utterance(
      synthesize_guarded(spelling.ascii.c_str(), reader), [](cst_utterance* u) {
        if (u) delete_utterance(u);
      });
  if (!utterance) throw Error(ErrorCode::kModelFailure, "flite cannot read this text");
  Walk walk(spelling);
  for (const cst_item* segment = relation_head(utt_relation(utterance.get(), "Segment")); segment;
       segment = item_next(segment))
    walk.segment(segment);
  return walk.take();
}

}  // namespace chatterbox

#else

namespace chatterbox {

bool have_phones() { return false; }

Phones read_phones(std::string_view) {
  throw Error(ErrorCode::kInvalidArgument,
              "this model reads phones, and the library was built without flite");
}

}  // namespace chatterbox

#endif
