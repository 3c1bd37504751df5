// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Pauses, voices and SSML in text, without an element.
#include "script.h"

#include <string>

#include "markup.h"
#include "ssml.h"
#include "tts_cases.h"

using namespace chatterbox::gst;

namespace {

// Parts as "pause|speaker|voice|speed|text", for comparison at a glance.
std::string show(const Script& script) {
  std::string out;
  for (const ScriptPart& part : script) {
    char numbers[64];
    g_snprintf(numbers, sizeof numbers, "%g|", part.pause);
    out += numbers + part.speaker + "|" + part.choice.voice.value_or("") + "|";
    g_snprintf(numbers, sizeof numbers, "%g|", part.speed);
    out += numbers + part.text + "\n";
  }
  return out;
}

void expect(const Script& script, const std::string& expected) {
  const std::string got = show(script);
  fail_unless(got == expected, "got\n%sexpected\n%s", got.c_str(), expected.c_str());
}

struct Case {
  const char* input;
  const char* parts;
};

const Case kPauses[] = {
    {"Wait. [pause:500ms] Go.", "0|||1|Wait.\n0.5|||1|Go.\n"},
    {"[pause:1.5]Then", "1.5|||1|Then\n"},
    {"Then [PAUSE: 2 s ]", "0|||1|Then\n2|||1|\n"},
    {"[pause:1][pause:1]x", "2|||1|x\n"},
    {"[pause:9999]x", "60|||1|x\n"},
    {"[laugh] Ha [pause:no] [pause:-1] [pause", "0|||1|[laugh] Ha [pause:no] [pause:-1] [pause\n"},
    {"", ""},
};

const Case kCues[] = {
    {"<v Bob>Well,\n<c.loud>yes</c></v>", "0|Bob||1|Well, yes\n"},
    {"<v.first.loud Mary Ann>Hi <v Bob>Hello</v> you",
     "0|Mary Ann||1|Hi\n0|Bob||1|Hello\n0|||1|you\n"},
    {"a < b & <none>", "0|||1|a < b & <none>\n"},
    {"<v>who</v>", "0|||1|who\n"},
};

const Case kDocuments[] = {
    {"<speak>One <break time='500ms'/> two</speak>", "0|||1|One\n0.5|||1|two\n"},
    {"<?xml version='1.0'?><speak version='1.1' xmlns='http://www.w3.org/2001/10/synthesis'>"
     "<s>One.</s><s>Two.</s></speak>",
     "0|||1|One.\n0|||1|Two.\n"},
    {"<speak>Say <voice name='ada'>this</voice> and that</speak>",
     "0|||1|Say\n0||ada|1|this\n0|||1|and that\n"},
    {"<speak><prosody rate='fast'>quick</prosody> <prosody rate='50%'>slow</prosody>"
     "<prosody rate='+20%'>bit</prosody></speak>",
     "0|||1.25|quick\n0|||0.5|slow\n0|||1.2|bit\n"},
    {"<speak>The <sub alias='World Wide Web Consortium'>W3C</sub>.</speak>",
     "0|||1|The World Wide Web Consortium.\n"},
    {"<speak>Room <say-as interpret-as='characters'>B52</say-as> now</speak>",
     "0|||1|Room B 5 2 now\n"},
    {"<speak><metadata>no</metadata><emphasis>so</emphasis> <phoneme ph='x'>it</phoneme> "
     "<unknown>is</unknown> &amp; was<break strength='strong'/></speak>",
     "0|||1|so it is & was\n0.7|||1|\n"},
    {"no root <break time='1s'/> at all", "0|||1|no root\n1|||1|at all\n"},
};

}  // namespace

GST_START_TEST(test_parse_pauses) {
  expect(parse_pauses(kPauses[__i__].input), kPauses[__i__].parts);
}
GST_END_TEST;

GST_START_TEST(test_parse_cues) { expect(parse_cue(kCues[__i__].input), kCues[__i__].parts); }
GST_END_TEST;

GST_START_TEST(test_parse_documents) {
  const auto script = parse_ssml(kDocuments[__i__].input);
  fail_unless(script.has_value());
  expect(*script, kDocuments[__i__].parts);
}
GST_END_TEST;

GST_START_TEST(test_broken_documents) {
  for (const char* xml : {"<speak>a", "<speak>a</b></speak>", "<speak>a & b</speak>", "</speak>"})
    fail_if(parse_ssml(xml).has_value(), "%s", xml);
}
GST_END_TEST;

GST_START_TEST(test_sentences_of_document) {
  const auto script = parse_ssml(
      "<speak>This is the first sentence. This is the <break time='1s'/> second one. "
      "<s>And a third</s></speak>");
  fail_unless(script.has_value());
  const auto sentences = split_into_sentences(*script);
  fail_unless_equals_int(int(sentences.size()), 3);
  expect(sentences[0], "0|||1|This is the first sentence.\n");
  expect(sentences[1], "0|||1|This is the\n1|||1|second one.\n");
  expect(sentences[2], "0|||1|And a third\n");
}
GST_END_TEST;

GST_START_TEST(test_limit_parts) {
  std::string text;
  while (text.size() < 9000) text += "w\xC3\xB6rds ";
  text += std::string(5000, 'x');
  const Script parts = limit_parts(parse_pauses("[pause:1]" + text));
  std::string joined;
  for (const ScriptPart& part : parts) {
    fail_unless(part.text.size() <= 4000);
    fail_unless(g_utf8_validate(part.text.data(), gssize(part.text.size()), nullptr));
    joined += part.text;
  }
  std::erase(text, ' ');
  std::erase(joined, ' ');
  fail_unless(joined == text);
  fail_unless(parts[0].pause == 1 && parts[1].pause == 0);
}
GST_END_TEST;

GST_START_TEST(test_speaker_map) {
  GstStructure* map = gst_structure_from_string(
      "speakers,mary-ann=ada,Bob=(structure)[voice,voice=george,exaggeration=1,seed=(int)3]",
      nullptr);
  fail_unless(map != nullptr);
  fail_unless(choice_for_speaker(map, "Mary Ann")->voice == "ada");
  const auto bob = choice_for_speaker(map, "BOB");
  fail_unless(bob->voice == "george" && bob->exaggeration == 1.0 && bob->seed == 3);
  fail_if(choice_for_speaker(map, "Eve").has_value());
  fail_if(choice_for_speaker(map, "").has_value());
  gst_structure_free(map);
}
GST_END_TEST;

TCase* script_cases() {
  TCase* cases = tcase_create("script");
  tcase_add_loop_test(cases, test_parse_pauses, 0, int(G_N_ELEMENTS(kPauses)));
  tcase_add_loop_test(cases, test_parse_cues, 0, int(G_N_ELEMENTS(kCues)));
  tcase_add_loop_test(cases, test_parse_documents, 0, int(G_N_ELEMENTS(kDocuments)));
  tcase_add_test(cases, test_broken_documents);
  tcase_add_test(cases, test_sentences_of_document);
  tcase_add_test(cases, test_limit_parts);
  tcase_add_test(cases, test_speaker_map);
  return cases;
}
