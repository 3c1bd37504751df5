// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <gtest/gtest.h>

#include "audio/base64.h"
#include "chatterbox/error.h"
#include "jobs/intake.h"
#include "jobs/webhook_policy.h"
#include "operations/json.h"
#include "operations/json_check.h"
#include "operations/request.h"

namespace chatterbox::sidecar {
namespace {

TEST(JsonCheck, TakesWhatRfc8259Takes) {
  for (const char* text : {"{}", "[]", " null ", "true", "-0.5e+10", "\"\\u00e9\\n\"",
                           "{\"a\":[1,{\"b\":null}],\"c\":\"\"}", "[[],[[]],{}]",
                           "\"\\ud83d\\ude00\"", "0", "\"\xc3\xa9\""})
    EXPECT_EQ(json_fault(text), std::nullopt) << text;
}

TEST(JsonCheck, RefusesTheRestAndSaysWhere) {
  for (const char* text : {"",
                           "{",
                           "}",
                           "[1,]",
                           "[,1]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u0000\"",
                           "\"\n\"",
                           "nul",
                           "truex",
                           "{} {}",
                           "[1 2]",
                           "// x\n{}",
                           "/* */ {}",
                           "NaN",
                           "\xff",
                           "{\"a\":1 \"b\":2}"})
    EXPECT_NE(json_fault(text).value_or("").find("expected"), std::string::npos) << text;
}

TEST(JsonCheck, BoundsDepthAndValues) {
  JsonLimits limits;
  limits.depth = 3;
  limits.values = 5;
  EXPECT_EQ(json_fault("[[[1]]]", limits), std::nullopt);
  EXPECT_NE(json_fault("[[[[1]]]]", limits), std::nullopt);
  EXPECT_NE(json_fault("[1,2,3,4,5]", limits), std::nullopt);
  EXPECT_NE(json_fault(std::string(5'000'000, '[')), std::nullopt);
}

TEST(JsonCheck, BoundsMembersOfAnObject) {
  std::string text = "{";
  for (int i = 0; i < 256; ++i) text += (i ? ",\"" : "\"") + std::to_string(i) + "\":{}";
  EXPECT_EQ(json_fault(text + "}"), std::nullopt);
  EXPECT_NE(json_fault(text + ",\"one more\":1}").value_or("").find("256 members"),
            std::string::npos);
}

TEST(Json, MendsHalfCharactersAndSkipsAMark) {
  const auto text = [](std::string_view json) -> std::string {
    return json_node_get_string(parse_json(json).get());
  };
  EXPECT_EQ(text("\"\\ud800\""), "\ufffd");
  EXPECT_EQ(text("\"a\\udc00b\""), "a\ufffdb");
  EXPECT_EQ(text("\"\\ud83d\\ud83d\\ude00\""), "\ufffd\U0001f600");
  EXPECT_EQ(text("\"\\ud800\\n\""), "\ufffd\n");
  EXPECT_EQ(text("\"\\ud800\\u0041\""), "\ufffdA");
  EXPECT_EQ(text("\xef\xbb\xbf \"x\""), "x");
  EXPECT_THROW(parse_json("\xef\xbb\xbf\xef\xbb\xbf\"x\""), Error);
  EXPECT_THROW(parse_json("\"\\ud800\\u00\""), Error);
}

TEST(JsonWriter, WritesWhatParsesBack) {
  JsonWriter json;
  json.begin_object().field("a", "\"\\\n\x01 é").field("b", 0.125).field("c", true);
  json.key("d").begin_array().integer(-3).null().end_array().end_object();
  const std::string text = json.take();
  EXPECT_EQ(text, "{\"a\":\"\\\"\\\\\\n\\u0001 é\",\"b\":0.125,\"c\":true,\"d\":[-3,null]}");
  EXPECT_NO_THROW(parse_json(text));
}

// A path of a request, or a sentence cut short, may hold what is no character.
TEST(JsonWriter, WritesUtf8WhateverItIsGiven) {
  const std::pair<std::string, std::string> rows[] = {
      {"\xff\xfe", "\ufffd\ufffd"},
      {"a\xc3", "a\ufffd"},
      {"\xc3(", "\ufffd("},
      {"\xe2\x82", "\ufffd\ufffd"},
      {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
      {"\xc0\xaf", "\ufffd\ufffd"},
      {"é\x80\xF0\x9f\x98\x80", "é\ufffd\U0001f600"},
      {std::string("\0", 1), "\\u0000"},
  };
  for (const auto& [given, wanted] : rows)
    EXPECT_EQ(JsonWriter().text(given).take(), "\"" + wanted + "\"");
}

TEST(Base64, ThereAndBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    append_base64(text, bytes);
    EXPECT_EQ(decode_base64(text), bytes);
    bytes += char(i * 7);
  }
  EXPECT_EQ(decode_base64("data:audio/wav;base64,aGk="), "hi");
  EXPECT_EQ(decode_base64("aG\nk ="), "hi");
}

TEST(Base64, SaysWhatIsWrong) {
  const auto message = [](const char* text) -> std::string {
    try {
      decode_base64(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  for (const char* text : {"aGk", "aG", "a", "aGk==", "aGVsbG8=="})
    EXPECT_EQ(message(text).rfind("Incorrect padding", 0), 0u) << text << message(text);
  for (const char* text : {"aG!=", "aGk=aGk=", "-_-_", "\xff\xff\xff\xff"})
    EXPECT_EQ(message(text).rfind("expected base64", 0), 0u) << text << message(text);
}

const WebhookPolicy kAnywhere("any");

SpeechRequest speech(const char* input) {
  const OwnedJson json = parse_json(input);
  return std::get<SpeechRequest>(parse_request(json_node_get_object(json.get())).operation);
}

TEST(Fields, LargestIntegers) {
  EXPECT_EQ(speech(R"({"text":"a","seed":9223372036854775807})").options.seed,
            std::uint64_t(G_MAXINT64));
  for (const char* seed : {"9223372036854775808.0", "9.3e18", "1e300", "-1.0"})
    EXPECT_THROW(speech(("{\"text\":\"a\",\"seed\":" + std::string(seed) + "}").c_str()),
                 RequestError)
        << seed;
}

TEST(Request, DefaultsOfTheModes) {
  EXPECT_EQ(speech(R"({"text":"a","mode":"streaming"})").options.chunk_size, 50);
  const SpeechRequest cloning = speech(R"({"text":"a","mode":"streaming_voice_cloning"})");
  EXPECT_EQ(cloning.options.chunk_size, 25);
  EXPECT_EQ(cloning.options.exaggeration, 0.7);
  EXPECT_EQ(cloning.options.cfg_weight, 0.3);
  EXPECT_EQ(speech(R"({"prompt":"a","voice":"Amy"})").voice.name, "Amy");
  EXPECT_EQ(speech(R"({"text":"a","seed":null,"chunk_size":25.0})").options.chunk_size, 25);
  EXPECT_EQ(speech(R"({"text":"a","top_k":40})").options.top_k, 40);
  EXPECT_FALSE(speech(R"({"text":"a"})").options.top_k);
  EXPECT_EQ(speech(R"({"text":"a","flow_steps":6})").options.flow_steps, 6);
}

TEST(Intake, LimitsOfThePolicy) {
  EXPECT_EQ(
      read_intake(R"({"input":{"text":"a"},"policy":{"ttl":10000}})", false, "a", kAnywhere).error,
      "");
  EXPECT_NE(
      read_intake(R"({"input":{"text":"a"},"policy":{"ttl":9999}})", false, "a", kAnywhere).error,
      "");
  const Intake impossible = read_intake(R"({"input":{"text":""}})", true, "a", kAnywhere);
  EXPECT_EQ(impossible.error, "");
  EXPECT_EQ(impossible.job_error, "Text cannot be empty");
  EXPECT_EQ(impossible.job.id.rfind("sync-", 0), 0u);
}

TEST(Intake, KeepsWhatTheWorkerReads) {
  // json-glib writes 8e-70 as 8e-70.0, which nobody reads.
  const std::string body = R"({"input":{"text":"a","x":8e-70,"y":1e300}})";
  const Intake intake = read_intake(body, false, "a", kAnywhere);
  EXPECT_EQ(intake.error, "");
  EXPECT_EQ(intake.job.request, body);
  EXPECT_EQ(read_intake(intake.job.request, false, "a", kAnywhere).job_error, "");
}

TEST(Webhooks, GoWhereTheyMay) {
  const auto allowed = [](const char* address, const char* setting) {
    return WebhookPolicy(setting).allows(address);
  };
  EXPECT_TRUE(allowed("https://example.org/x", "all"));
  EXPECT_TRUE(allowed("http://Example.org/", "a.test, example.org"));
  for (const char* address :
       {"ftp://example.org/", "file:///etc/passwd", "http://169.254.169.254/x", "example.org",
        "http://", "http://127.0.0.1/", "http://localhost:1/", "http://[::1]/", "http://10.1.2.3/"})
    EXPECT_FALSE(allowed(address, "all")) << address;
  for (const char* address : {"http://127.0.0.1/", "http://localhost:1/", "http://10.1.2.3/"})
    EXPECT_TRUE(allowed(address, "any")) << address;
  EXPECT_TRUE(allowed("http://127.0.0.1/", "127.0.0.1"));
  EXPECT_FALSE(allowed("http://169.254.169.254/", "any"));
  EXPECT_FALSE(allowed("http://169.254.169.254/", "169.254.169.254"));
  EXPECT_FALSE(allowed("http://example.org/", "none"));
  EXPECT_FALSE(allowed("http://example.org/", "a.test"));
}

TEST(Webhooks, KeepAwayFromWhatAStrangerCannotReach) {
  const auto allowed = [](const char* text, const char* setting) {
    GInetAddress* peer = g_inet_address_new_from_string(text);
    const bool result = WebhookPolicy(setting).allows_peer(peer);
    g_object_unref(peer);
    return result;
  };
  for (const char* text : {"8.8.8.8", "2a00:1450:4001::1", "172.15.0.1", "172.32.0.1"})
    EXPECT_TRUE(allowed(text, "all")) << text;
  for (const char* text :
       {"127.0.0.1", "127.9.9.9", "192.168.1.1", "10.0.0.1", "172.16.0.1", "172.31.255.1",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fc00::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1"}) {
    EXPECT_FALSE(allowed(text, "all")) << text;
    EXPECT_TRUE(allowed(text, "any")) << text;
  }
  for (const char* text : {"169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254",
                           "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"})
    EXPECT_FALSE(allowed(text, "any")) << text;
}

TEST(Intake, NamesUnknownFieldsBesideTheInput) {
  const OwnedJson root =
      parse_json(R"({"input":{},"id":"x","policy":{"ttl":10000,"odd":1},"webhook":null})");
  EXPECT_EQ(envelope_warnings(root.get()),
            (std::vector<std::string>{"unknown field 'id' was ignored",
                                      "unknown field 'policy.odd' was ignored"}));
}

}  // namespace
}  // namespace chatterbox::sidecar
