// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cctype>
#include <vector>

#include "pattern.h"
#include "text/plain/plain.h"

namespace chatterbox::plain {
namespace {

// Longer ones are none.
constexpr std::size_t kLongestMark = 400;
constexpr std::size_t kLongestParagraph = 6000;

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// One line of the text, and what it is.
struct Line {
  std::string text;
  bool pause = false;  // whatever follows begins anew
  bool blank = false;
};

// A fence of code, a rule, the line under a table's head or a title.
bool is_drawn(std::string_view line) {
  if (line.starts_with("```") || line.starts_with("~~~"))
    return line.find_first_of(" `~", 3) >= line.size() || line.find_first_not_of("`~") == line.npos;
  const std::size_t drawn = line.find_first_not_of("-*_=|: +");
  return drawn == line.npos && std::count_if(line.begin(), line.end(), [](char c) {
                                 return c == '-' || c == '*' || c == '_' || c == '=';
                               }) >= 3;
}

// "| a | b |" -> "a, b"
bool read_row(std::string_view line, Line& read) {
  if (line.size() < 3 || line.front() != '|' || line.back() != '|') return false;
  line = line.substr(1, line.size() - 2);
  while (true) {
    const std::size_t end = std::min(line.find('|'), line.size());
    const std::string_view cell = trimmed(line.substr(0, end));
    if (!cell.empty()) {
      if (!read.text.empty()) read.text += ", ";
      read.text += cell;
    }
    if (end == line.size()) break;
    line.remove_prefix(end + 1);
  }
  read.pause = true;
  return true;
}

// Marks in front of a line: of a heading, a quotation, an item.
Line read_line(std::string_view written) {
  Line line;
  std::string_view text = trimmed(written);
  line.blank = text.empty();
  if (line.blank) return line;
  if (is_drawn(text)) {
    line.blank = true;
    return line;
  }
  while (text.starts_with("> ") || text.starts_with(">>") || text == ">")
    text = trimmed(text.substr(1));
  if (read_row(text, line)) return line;
  const std::size_t hashes = std::min(text.find_first_not_of('#'), text.size());
  if (hashes >= 1 && hashes <= 6 && hashes < text.size() && text[hashes] == ' ') {
    text = trimmed(text.substr(hashes));
    while (text.ends_with('#')) text.remove_suffix(1);
    text = trimmed(text);
    line.pause = true;
  }
  // Patterns see no more than a mark needs: they go as deep as their text is long.
  const std::string_view head = text.substr(0, kLongestMark);
  static const Pattern item("(?:[-*+]|•|‣|◦|▪|●|–)\\s+(?:\\[[ xX]\\]\\s+)?(?=\\S)");
  static const Pattern numbered("\\(?(?:\\d{1,3}|[a-zA-Z])[.)]\\s+\\S");
  static const Pattern footnote("\\[\\^[\\w-]+\\]:\\s*");
  static const Pattern target("\\[[^\\]]+\\]:\\s+\\S+(?:\\s+\"[^\"]*\")?");
  if (head.size() == text.size() && target.is_all_of(head)) {
    line.blank = true;
    return line;
  }
  Match match;
  if (item.begins(head, match) || footnote.begins(head, match)) {
    text.remove_prefix(std::size_t(match.length()));
    line.pause = true;
  } else if (numbered.begins(head, match)) {
    line.pause = true;
  }
  line.text = std::string(text);
  return line;
}

// Marks within a line: links, emphasis, code.
std::string read_marks(std::string text) {
  if (text.size() > kLongestParagraph || text.find_first_of("[*_~`<=\\") == text.npos) return text;
  struct Mark {
    Pattern written;
    const char* read;
  };
  static const Mark marks[] = {
      {Pattern("!?\\[([^\\]\\[]*)\\]\\((?:[^()\\s]|\\([^()]*\\))*(?:\\s+\"[^\"]*\")?\\)"), "$1"},
      {Pattern("\\[([^\\]\\[]+)\\]\\[[^\\]]*\\]"), "$1"},
      {Pattern("\\[\\^[\\w-]+\\]"), ""},
      {Pattern("<(https?://[^<>\\s]+|[\\w.+-]+@[\\w.-]+)>"), "$1"},
      {Pattern("`+([^`]+)`+"), "$1"},
      {Pattern("\\*\\*\\*(\\S|\\S[^*]*\\S)\\*\\*\\*"), "$1"},
      {Pattern("\\*\\*(\\S|\\S[^]*?\\S)\\*\\*"), "$1"},
      {Pattern("(^|[\\s(\"'])__(\\S|\\S[^]*?\\S)__(?=$|[\\s.,;:!?)\"'])"), "$1$2"},
      {Pattern("~~(\\S|\\S[^]*?\\S)~~"), "$1"},
      {Pattern("==(\\w|\\w[^=]*\\w)=="), "$1"},
      {Pattern("(^|[\\s(\"'])\\*(\\S|\\S[^*]*\\S)\\*(?=$|[\\s.,;:!?)\"'-])"), "$1$2"},
      {Pattern("(^|[\\s(\"'])_(\\S|\\S[^_]*\\S)_(?=$|[\\s.,;:!?)\"'-])"), "$1$2"},
      // One of a pair, whose other one is in another sentence.
      {Pattern("(^|[\\s(\"'])(?:\\*\\*|__|~~)(?=\\S)"), "$1"},
      {Pattern("([\\w.,;:!?)\"'])(?:\\*\\*|__|~~)(?=$|[\\s.,;:!?)\"'])"), "$1"},
      {Pattern("\\\\([\\\\`*_{}\\[\\]()#+.!|<>~-])"), "$1"},
  };
  for (const Mark& mark : marks) text = mark.written.replace(text, mark.read);
  return text;
}

std::size_t characters(std::string_view text) {
  return std::size_t(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// Ends with a mark that pauses; quotes and brackets behind it do not count.
bool is_ended(std::string_view text) {
  while (!text.empty() && std::string_view("\"')]*_`").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  for (const std::string_view mark : {".", "!", "?", ",", ";", ":", "…", "—", "-", "。", "！", "？",
                                      "，", "、", "；", "：", "”", "’"})
    if (text.ends_with(mark)) return true;
  return text.empty();
}

// Lines that are shorter than those of wrapped text end where their writer wanted.
bool is_title(std::string_view line, std::size_t longest, std::string_view next) {
  constexpr std::size_t kShort = 45, kLongestTitle = 80;
  const auto first = std::find_if(next.begin(), next.end(), [](char c) {
    return std::string_view("\"'([*_#").find(c) == std::string_view::npos;
  });
  if (first == next.end() || (*first >= 'a' && *first <= 'z')) return false;
  const std::size_t length = characters(line);
  return length <= kLongestTitle && (longest <= kShort || length * 4 < longest * 3);
}

}  // namespace

std::string without_markdown(std::string_view text, bool titles) {
  std::vector<Line> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(read_line(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  std::size_t longest = 0;
  for (const Line& line : lines) longest = std::max(longest, characters(line.text));

  // Emphasis may go on from line to line within a paragraph.
  std::string plain, paragraph;
  const auto end_paragraph = [&] {
    plain += read_marks(std::move(paragraph));
    paragraph.clear();
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (line.text.empty()) continue;
    std::size_t next = i + 1;
    while (next < lines.size() && lines[next].text.empty()) ++next;
    paragraph += line.text;
    if (next == lines.size()) break;
    const bool apart = next > i + 1;
    const bool pause = line.pause || apart || lines[next].pause ||
                       (titles && is_title(line.text, longest, lines[next].text));
    if (pause && !is_ended(line.text)) paragraph += " .";
    paragraph += apart ? "\n\n" : "\n";
    if (apart || pause) end_paragraph();
  }
  end_paragraph();
  return plain;
}

}  // namespace chatterbox::plain
