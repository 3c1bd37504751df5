// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <iterator>

#include "text/plain/plain.h"

#include "text/unicode_text.h"

namespace chatterbox::plain {
namespace {

struct Interval {
  UChar32 first, last;
};

bool within(UChar32 c, const Interval& interval) {
  return c >= interval.first && c <= interval.last;
}

// Letters, digits and signs in another dress, which compatibility normalisation takes off.
constexpr Interval kDressed[] = {
    {0x1d400, 0x1d7ff}, {0xff01, 0xff5e}, {0xffe0, 0xffe6}, {0x2460, 0x249b}, {0x24b6, 0x24ea},
    {0x1f130, 0x1f149}, {0x2102, 0x2102}, {0x210a, 0x2115}, {0x2119, 0x211d}, {0x2124, 0x2124},
    {0x2128, 0x2128},   {0x212a, 0x212a}, {0x212c, 0x2134}, {0x2139, 0x2139}, {0x2145, 0x2149},
    {0x2160, 0x217f},   {0xfb00, 0xfb06}, {0x3371, 0x33df}, {0x2100, 0x2101}, {0x2105, 0x2106},
};

// Not in Unicode's tables: small capitals.
struct SmallCapital {
  UChar32 written;
  char letter;
};
constexpr SmallCapital kSmallCapitals[] = {
    {0x1d00, 'a'}, {0x0299, 'b'}, {0x1d04, 'c'}, {0x1d05, 'd'}, {0x1d07, 'e'},
    {0xa730, 'f'}, {0x0262, 'g'}, {0x029c, 'h'}, {0x026a, 'i'}, {0x1d0a, 'j'},
    {0x1d0b, 'k'}, {0x029f, 'l'}, {0x1d0d, 'm'}, {0x0274, 'n'}, {0x1d0f, 'o'},
    {0x1d18, 'p'}, {0xa7af, 'q'}, {0x0280, 'r'}, {0xa731, 's'}, {0x1d1b, 't'},
    {0x1d1c, 'u'}, {0x1d20, 'v'}, {0x1d21, 'w'}, {0x028f, 'y'}, {0x1d22, 'z'},
};

// Pictures that are read (text/aloud/symbols.cpp).
bool is_read(UChar32 c) {
  constexpr UChar32 kRead[] = {0x00a9, 0x00ae, 0x2122, 0x2605, 0x2606, 0x2b50, 0x1f31f,
                               0x266a, 0x266b, 0x2713, 0x2714, 0x2717, 0x2718, 0x2194,
                               0x203c, 0x2049, 0x27a1, 0x2b05, 0x3030, 0x2139};
  return std::find(std::begin(kRead), std::end(kRead), c) != std::end(kRead);
}

bool is_picture(UChar32 c) {
  return (u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) ||
          u_hasBinaryProperty(c, UCHAR_EMOJI_MODIFIER) ||
          u_hasBinaryProperty(c, UCHAR_REGIONAL_INDICATOR)) &&
         !is_read(c);
}

// Signs that are not seen, and lines through letters.
bool is_unseen(UChar32 c) {
  constexpr Interval kUnseen[] = {{0x00ad, 0x00ad}, {0x200b, 0x200b}, {0x200e, 0x200f},
                                  {0x202a, 0x202e}, {0x2060, 0x2064}, {0x2066, 0x2069},
                                  {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0x0332, 0x0338},
                                  {0x0305, 0x0305}, {0x20d0, 0x20f0}, {0xe0020, 0xe007f}};
  return std::any_of(std::begin(kUnseen), std::end(kUnseen),
                     [c](const Interval& interval) { return within(c, interval); });
}

// A letter in a box or a ball that has no plain twin.
char boxed(UChar32 c) {
  for (const UChar32 first : {0x1f150, 0x1f170})
    if (c >= first && c < first + 26) return char('A' + (c - first));
  return 0;
}

icu::UnicodeString undressed(UChar32 c) {
  for (const SmallCapital& small : kSmallCapitals)
    if (small.written == c) return icu::UnicodeString(UChar32(small.letter));
  if (const char letter = boxed(c)) return icu::UnicodeString(UChar32(letter));
  const bool dressed = std::any_of(std::begin(kDressed), std::end(kDressed),
                                   [c](const Interval& interval) { return within(c, interval); });
  if (!dressed) return icu::UnicodeString(c);
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* compatible = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) return icu::UnicodeString(c);
  icu::UnicodeString plain = compatible->normalize(icu::UnicodeString(c), status);
  // "㎡" is "m²", not "m2".
  if (c >= 0x3371 && plain.endsWith("2")) plain.replace(plain.length() - 1, 1, UChar32(0xb2));
  if (c >= 0x3371 && plain.endsWith("3")) plain.replace(plain.length() - 1, 1, UChar32(0xb3));
  // "①" is one word.
  if (c >= 0x2460 && c <= 0x249b) plain.append(UChar32(' '));
  return plain;
}

}  // namespace

std::string without_styles(std::string_view utf8) {
  if (std::all_of(utf8.begin(), utf8.end(), [](unsigned char c) { return c < 0x80; }))
    return std::string(utf8);
  const icu::UnicodeString text = from_utf8(utf8);
  icu::UnicodeString plain;
  bool after_picture = false;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    // Parts of a picture are joined by a sign that scripts use too.
    if (is_unseen(c) || (after_picture && c == 0x200d)) continue;
    if (is_picture(c) && boxed(c) == 0) {
      after_picture = true;
      continue;
    }
    // A picture parts words.
    if (after_picture && u_isalnum(c) && !plain.isEmpty() &&
        !u_isUWhiteSpace(plain[plain.length() - 1]))
      plain.append(u' ');
    after_picture = false;
    plain.append(undressed(c));
  }
  std::string result;
  return plain.toUTF8String(result);
}

}  // namespace chatterbox::plain
