// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// What is made of text on its way to the engine.
#include <string>
#include <vector>

#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

static std::string spoken(const std::string& text, GstFormat format = GST_FORMAT_BYTES,
                          const char* caps = nullptr) {
  TtsHarness tts;
  tts.start(format, caps);
  fail_unless_equals_int(tts.text(text), GST_FLOW_OK);
  tts.eos();
  return tts.hear().text();
}

// The texts of all utterances, as reported; pitch tells 7 bits only.
static std::vector<std::string> utterances(TtsHarness& tts) {
  std::vector<std::string> texts;
  GstBus* bus = gst_element_get_bus(tts.element());
  while (GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT)) {
    const GstStructure* structure = gst_message_get_structure(message);
    if (gst_structure_has_name(structure, "chatterbox/utterance-start"))
      texts.emplace_back(gst_structure_get_string(structure, "text"));
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return texts;
}

GST_START_TEST(test_no_caps) { assert_text(spoken("Hello."), "Hello."); }
GST_END_TEST;

// A character cut in two between buffers is the same character.
GST_START_TEST(test_cut_anywhere) {
  const std::string text = "Na\xC3\xAFve \xE2\x82\xAC 5 \xF0\x9F\x98\x80 d\xC3\xA9j\xC3\xA0 vu";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    TtsHarness tts;
    tts.start();
    tts.text(text.substr(0, cut));
    tts.text(text.substr(cut));
    tts.eos();
    tts.hear();
    const auto texts = utterances(tts);
    fail_unless_equals_int(int(texts.size()), 1);
    assert_text(texts[0], "Na\xC3\xAFve \xE2\x82\xAC 5 d\xC3\xA9j\xC3\xA0 vu");
  }
}
GST_END_TEST;

// UTF-16 is told by its mark, wherever its bytes are cut.
GST_START_TEST(test_utf16_cut_anywhere) {
  const std::string bytes("\xFF\xFEO\0n\0e\0 \0t\0w\0o\0.\0", 18);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    TtsHarness tts;
    tts.start();
    tts.text(bytes.substr(0, cut));
    tts.text(bytes.substr(cut));
    tts.eos();
    assert_text(tts.hear().text(), "One two.");
  }
}
GST_END_TEST;

GST_START_TEST(test_signs_are_read_when_wanted) {
  TtsHarness tts({{"read-signs", "true"}});
  tts.start();
  tts.text("# One *two* <i>so</i>");
  tts.eos();
  assert_text(tts.hear().text(), "# One *two* <i>so</i>");
  fail_unless(!spoken_texts().back().options.plain_text);
}
GST_END_TEST;

GST_START_TEST(test_codes_of_subtitles) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME, "text/x-raw,format=utf8");
  tts.text("{\\an8}One\\N{\\i1}two{\\i0}", 0, GST_SECOND);
  tts.text("{\\an8}\xE2\x99\xAA", GST_SECOND, GST_SECOND);  // nothing to say
  tts.eos();
  assert_text(tts.hear().text(), "One two");
}
GST_END_TEST;

GST_START_TEST(test_lyrics_are_left_out_when_wanted) {
  const std::string cue = "\xE2\x99\xAA La la\nla \xE2\x99\xAA\nHello.";
  TtsHarness tts({{"skip-lyrics", "true"}, {"accumulate", "cue"}});
  tts.start();
  tts.text(cue);
  tts.eos();
  assert_text(tts.hear().text(), "Hello.");
}
GST_END_TEST;

struct TextCase {
  const char* input;
  gssize size;  // -1: up to the NUL
  const char* spoken;
};
static const TextCase kTextCases[] = {
    {"\xEF\xBB\xBFHello", -1, "Hello"},          // byte order mark
    {"one\r\ntwo\rthree", -1, "one two three"},  // line ends
    {"a\0b", 3, "a b"},                          // NUL
    {"a\tb \n  c", -1, "a b c"},                 // white space
    {"", 0, ""},                                 // nothing
    {" \n\n ... !", -1, ""},                     // nothing to say
    {"a < b & c > d", -1, "a < b & c > d"},      // not markup
    {"<i>so</i> it is", -1, "so it is"},         // tags
    {"salt &amp; pepper", -1, "salt & pepper"},  // entities
    {"## Title\n\n**Bold** text", -1,
     "Title"
     "Bold text"},                      // Markdown
    {"- one\n- two", -1, "one . two"},  // the items of a list pause
    {"\xFF\xFEH\0i\0", 6, "Hi"},        // UTF-16, either byte first
    {"\xFE\xFF\0H\0i", 6, "Hi"},
    {"\xFF\xFE\x3D\xD8\x0E\xDC\x69\0", 8, "i"},            // with a pair that is a picture
    {"Mr. Fox met Dr. Who.", -1, "Mr. Fox met Dr. Who."},  // abbreviations
};

GST_START_TEST(test_plain_text) {
  const TextCase& c = kTextCases[__i__];
  const std::string input = c.size < 0 ? c.input : std::string(c.input, gsize(c.size));
  assert_text(spoken(input), c.spoken);
}
GST_END_TEST;

GST_START_TEST(test_pango) {
  const std::string text = spoken("<b>Salt &amp; pepper</b> &lt;1 &#65;&#x42;", GST_FORMAT_BYTES,
                                  "text/x-raw,format=pango-markup");
  assert_text(text, "Salt & pepper <1 AB");
}
GST_END_TEST;

GST_START_TEST(test_cue_tags) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME, "text/x-raw,format=utf8");
  tts.text("<v Bob>Well,\n<00:00:01.500><c.loud>a < b</c></v>", 0, GST_SECOND);
  tts.eos();
  assert_text(tts.hear().text(), "Well, a < b");
}
GST_END_TEST;

GST_START_TEST(test_invalid_bytes) {
  TtsHarness tts;
  tts.start();
  tts.text(
      "ab\xFF\xFE"
      "cd");
  tts.eos();
  tts.hear();
  tts.expect_warning(GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE);
  const auto texts = utterances(tts);
  fail_unless_equals_int(int(texts.size()), 1);
  assert_text(texts[0],
              "ab\xEF\xBF\xBD"
              "cd");
}
GST_END_TEST;

GST_START_TEST(test_cut_off_character) {
  TtsHarness tts;
  tts.start();
  tts.text("caf\xC3");
  tts.eos();
  tts.hear();
  tts.expect_warning(GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE);
  const auto texts = utterances(tts);
  assert_text(texts.at(0), "caf\xEF\xBF\xBD");
}
GST_END_TEST;

// On unless somebody says no.
GST_START_TEST(test_watermark) {
  {
    TtsHarness tts;
    gboolean watermark = FALSE;
    g_object_get(tts.element(), "watermark", &watermark, nullptr);
    fail_unless(watermark);
    tts.start();
    tts.text("Hello.");
    tts.eos();
    tts.hear();
    fail_unless(spoken_texts().at(0).options.watermark);
  }
  TtsHarness tts({{"watermark", "false"}});
  tts.start();
  tts.text("Hello.");
  tts.eos();
  tts.hear();
  fail_unless(!spoken_texts().at(0).options.watermark);
}
GST_END_TEST;

// A megabyte in one buffer: upstream waits, nothing is lost, in order.
GST_START_TEST(test_megabyte) {
  TtsHarness tts({{"chunk-size", "1000"}});
  scenario().samples_per_byte = 12;
  g_object_set(tts.element(), "post-messages", FALSE, nullptr);
  gst_harness_set_drop_buffers(tts.get(), TRUE);
  std::string text;
  for (int i = 0; text.size() < 1000000; ++i)
    text += "This is sentence number " + std::to_string(i) + " of many. ";
  std::size_t expected = text.size() - 1;
  for (std::size_t at = text.find(". "); at + 2 < text.size(); at = text.find(". ", at + 1))
    --expected;  // the space between two utterances is not spoken
  tts.start();
  fail_unless_equals_int(tts.text(text), GST_FLOW_OK);
  tts.eos();
  gint64 position = 0;
  tts.hear();
  fail_unless(gst_element_query_position(tts.element(), GST_FORMAT_TIME, &position));
  fail_unless_equals_int64(position, gint64(expected * GST_MSECOND / 2));
}
GST_END_TEST;

GST_START_TEST(test_same_however_cut) {
  const std::string text =
      "First comes a sentence. Yes. Then, after a pause, another (\"with a quotation.\") Version "
      "3.5 is e.g. fine.\n\nA new paragraph";
  std::vector<std::string> whole;
  for (const std::size_t step : {text.size(), std::size_t(1), std::size_t(7)}) {
    TtsHarness tts;
    tts.start();
    for (std::size_t at = 0; at < text.size(); at += step) tts.text(text.substr(at, step));
    tts.eos();
    tts.hear();
    const auto texts = utterances(tts);
    if (whole.empty()) whole = texts;
    fail_unless(texts == whole);
  }
  fail_unless_equals_int(int(whole.size()), 4);
  assert_text(whole[0], "First comes a sentence. Yes.");
  assert_text(whole[3], "A new paragraph");
}
GST_END_TEST;

GST_START_TEST(test_buffer_list) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME);
  GstBufferList* list = gst_buffer_list_new();
  for (const char* part : {"to", "geth", "er"}) {
    GstBuffer* buffer = gst_buffer_new_memdup(part, strlen(part));
    GST_BUFFER_PTS(buffer) = GST_SECOND;
    GST_BUFFER_DURATION(buffer) = GST_SECOND;
    gst_buffer_list_add(list, buffer);
  }
  fail_unless_equals_int(gst_pad_push_list(tts.get()->srcpad, list), GST_FLOW_OK);
  tts.eos();
  assert_text(tts.hear().text(), "together");
  fail_unless_equals_int(int(utterances(tts).size()), 1);
}
GST_END_TEST;

TCase* tts_text_cases() {
  TCase* cases = tcase_create("text");
  tcase_add_test(cases, test_no_caps);
  tcase_add_test(cases, test_cut_anywhere);
  tcase_add_test(cases, test_utf16_cut_anywhere);
  tcase_add_test(cases, test_signs_are_read_when_wanted);
  tcase_add_test(cases, test_codes_of_subtitles);
  tcase_add_test(cases, test_lyrics_are_left_out_when_wanted);
  tcase_add_loop_test(cases, test_plain_text, 0, int(G_N_ELEMENTS(kTextCases)));
  tcase_add_test(cases, test_pango);
  tcase_add_test(cases, test_cue_tags);
  tcase_add_test(cases, test_invalid_bytes);
  tcase_add_test(cases, test_cut_off_character);
  tcase_add_test(cases, test_watermark);
  tcase_add_test(cases, test_megabyte);
  tcase_add_test(cases, test_same_however_cut);
  tcase_add_test(cases, test_buffer_list);
  return cases;
}
