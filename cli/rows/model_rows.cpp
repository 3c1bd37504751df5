// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "rows/speech_rows.h"

namespace chatterbox::cli {
namespace {

constexpr OptionRow kManifest{
    "manifest", 0, "FILE", Value::kFile,
    "A list of models of your own, in the form of models/published.json."};
constexpr OptionRow kSystem{
    "system", 0, "", Value::kNone,
    "The models of every user of this machine, in /var/lib/gst-chatterbox/models."};

}  // namespace

std::vector<CommandRow> model_rows() {
  return {
      {"models list",
       "",
       Value::kNone,
       0,
       0,
       "list the models there are, here and at the hub",
       "Prints the published models and those in the directories where models are found by name, "
       "with their size and whether they are here.",
       {kManifest, {"names", 0, "", Value::kNone, "Names alone, one a line."}},
       {{"chatterbox models list", "What there is"}}},
      {"models fetch",
       "NAME...",
       Value::kModel,
       1,
       -1,
       "fetch a published model",
       "Downloads a model from the hub into $XDG_DATA_HOME/gst-chatterbox/models, where every "
       "command, element and server finds it by its name. A download that breaks goes on where it "
       "broke, in this run or the next. Files that are on this machine already are not fetched "
       "again: those of other models, and those that the hub's Python client keeps in its cache. "
       "Every file is compared with its published SHA-256, and the model appears under its name "
       "once it is whole.",
       {kManifest,
        kSystem,
        {"check", 0, "", Value::kNone,
         "Compare the digests of a model that is here too, and fetch what is damaged."}},
       {{"chatterbox models fetch nano", "The smallest published model"},
        {"chatterbox say --model nano \"Hello.\"", "Speak with it"}}},
      {"models verify",
       "NAME|DIRECTORY...",
       Value::kModel,
       1,
       -1,
       "compare a model with what is published",
       "Compares sizes and SHA-256 of a model's files with those that are published. A directory "
       "is compared with the model whose name it has, or that --as names.",
       {kManifest,
        {"as", 0, "NAME", Value::kWords, "Which model the directory is to be.",
         "nano turbo english multilingual"}},
       {{"chatterbox models verify nano", "Is it whole and untouched?"}}},
      {"models remove",
       "NAME...",
       Value::kModel,
       1,
       -1,
       "remove a model that was fetched",
       "Removes a model from the user's own directory, and what an unfinished fetch of it left.",
       {kSystem},
       {{"chatterbox models remove nano", "Free its room"}}},
      {"models quantize",
       "MODEL [NAME]",
       Value::kModel,
       1,
       2,
       "write a model that loads fastest as int8",
       "Writes a model with T3's matrices in rows of int8 under the name NAME, MODEL-int8 where "
       "none "
       "is given, to the user's own models. Loading it with --dtype int8 maps the rows as they "
       "are: "
       "nothing is rounded, and processes share the pages. The other files become hard links. "
       "MODEL "
       "is a name or a directory.",
       {kFamily, kSystem},
       {{"chatterbox models quantize nano", "Makes nano-int8"},
        {"chatterbox say --model nano-int8 --dtype int8 \"Hello.\"", "Speak with it"}}},
      {"models path",
       "NAME",
       Value::kModel,
       1,
       1,
       "print the directory of a model",
       "Prints where a model is that is known by name.",
       {},
       {{"ls \"$(chatterbox models path nano)\"", "Its files"}}},
  };
}

}  // namespace chatterbox::cli
