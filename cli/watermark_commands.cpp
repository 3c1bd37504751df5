// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstdio>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "commands.h"
#include "watermark_work.h"

namespace chatterbox::cli {
namespace {

using nlohmann::json;

int detect(const Arguments& arguments, const Console& console) {
  const WatermarkDetector detector(WatermarkModel::load(find_watermark()));
  int status = kDone;
  json array = json::array();
  for (const std::string& file : arguments.words()) {
    try {
      const tools::Judgement judgement = tools::judge_recording(detector, file);
      array.push_back(
          {{"file", file}, {"marked", judgement.marked}, {"confidence", judgement.confidence}});
      if (!console.json())
        std::printf("%s %.4f %s\n", judgement.marked ? "marked" : "unmarked", judgement.confidence,
                    file.c_str());
      if (!judgement.marked) status = kFailed;
    } catch (const Error& error) {
      array.push_back({{"file", file}, {"error", error.what()}});
      console.warn(error.what());
      status = kFailed;
    }
  }
  if (console.json()) std::puts(array.dump(1, ' ', false, json::error_handler_t::replace).c_str());
  return status;
}

int apply(const Arguments& arguments, const Console& console) {
  const std::string& output = arguments.words()[1];
  tools::mark_recording(WatermarkModel::load(find_watermark()), arguments.words()[0], output);
  if (console.json())
    std::puts(json{{"output", output}}.dump().c_str());
  else
    console.note(output + " is written");
  return kDone;
}

}  // namespace

void add_watermark_commands(Runs& runs) {
  runs["watermark detect"] = detect;
  runs["watermark apply"] = apply;
}

}  // namespace chatterbox::cli
