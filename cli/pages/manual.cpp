// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "pages/pages.h"

namespace chatterbox::cli {
namespace {

// Text as troff takes it.
std::string escaped(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if ((c == '.' || c == '\'') && (at == 0 || text[at - 1] == '\n')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else
      out += c;
  }
  return out;
}

std::string heading(const std::string& name, const std::string& version,
                    const std::string& summary) {
  return ".TH \"" + name + "\" 1 \"\" \"gst\\-chatterbox " + version +
         "\" \"User Commands\"\n.SH NAME\n" + escaped(name) + " \\- " + escaped(summary) + "\n";
}

std::string synopsis(const CommandRow& row) {
  return ".B chatterbox " + escaped(row.name) + "\n[\\fIOPTION\\fR...]" +
         (*row.arguments ? " \\fI" + escaped(row.arguments) + "\\fR" : "") + "\n";
}

std::string option_entry(const OptionRow& option) {
  std::string text = ".TP\n";
  if (option.letter != 0) text += std::string("\\fB\\-") + option.letter + "\\fR, ";
  text += "\\fB\\-\\-" + escaped(option.name) + "\\fR";
  if (*option.value) text += " \\fI" + escaped(option.value) + "\\fR";
  text += "\n" + escaped(option.help);
  if (option.kind == Value::kWords) text += " One of: " + escaped(option.words) + ".";
  return text + "\n";
}

std::string body(const CommandRow& row) {
  std::string text = escaped(row.description) + "\n";
  for (const auto* options : {&row.options, &common_options()})
    for (const OptionRow& option : *options) text += option_entry(option);
  return text;
}

std::string examples(const std::string& first) {
  std::string text = ".SH EXAMPLES\n";
  for (const CommandRow& row : command_rows())
    if (first_word(row) == first)
      for (const ExampleRow& example : row.examples)
        text += ".PP\n" + escaped(example.meaning) + ":\n.PP\n.RS 4\n.nf\n" +
                escaped(example.line) + "\n.fi\n.RE\n";
  return text;
}

constexpr const char* kStatus =
    ".SH \"EXIT STATUS\"\n.TP\n0\nIt is done.\n.TP\n1\nIt could not be done, or a check says "
    "no; the reason is on standard error.\n.TP\n2\nThe command line is not one that the command "
    "takes.\n";

}  // namespace

std::string overview_page(const std::string& version) {
  std::string text =
      heading("chatterbox", version, "speech from text, and another voice for speech");
  text +=
      ".SH SYNOPSIS\n.B chatterbox\n\\fICOMMAND\\fR [\\fIOPTION\\fR...] "
      "[\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\nSpeaks text, converts speech to other voices, "
      "makes voices of recordings, and looks after voices and models. Everything runs on this "
      "machine; only \\fBmodels fetch\\fR uses the network.\n.SH COMMANDS\n";
  for (const CommandRow& row : command_rows())
    text += ".TP\n\\fB" + escaped(row.name) + "\\fR\n" + escaped(row.summary) +
            "; see \\fBchatterbox\\-" + escaped(first_word(row)) + "\\fR(1)\n";
  text += ".SH OPTIONS\n";
  for (const OptionRow& option : common_options()) text += option_entry(option);
  text += ".TP\n\\fB\\-\\-version\\fR\nPrint the version.\n";
  text += kStatus;
  text +=
      ".SH ENVIRONMENT\n"
      ".TP\n\\fBCHATTERBOX_MODEL_PATH\\fR\nThe model that is used when none is named.\n"
      ".TP\n\\fBCHATTERBOX_VOICES_PATH\\fR\nDirectories of more voices, separated by colons.\n"
      ".TP\n\\fBXDG_DATA_HOME\\fR\nWhere your own voices and models are kept.\n"
      ".TP\n\\fBHF_ENDPOINT\\fR, \\fBHF_TOKEN\\fR, \\fBHF_HUB_OFFLINE\\fR\n"
      "As the hub\\(aqs own client takes them, for \\fBmodels fetch\\fR.\n";
  return text;
}

std::string command_page(const std::string& first, const std::string& version) {
  std::string summary, synopses, bodies;
  for (const CommandRow& row : command_rows()) {
    if (first_word(row) != first) continue;
    const bool action = row.name != first;
    summary += (summary.empty() ? "" : "; ") + std::string(row.summary);
    synopses += (synopses.empty() ? "" : ".br\n") + synopsis(row);
    if (action) bodies += ".SS " + escaped(row.name) + "\n";
    bodies += body(row);
  }
  return heading("chatterbox-" + first, version, summary) + ".SH SYNOPSIS\n" + synopses +
         ".SH DESCRIPTION\n" + bodies + examples(first) + kStatus +
         ".SH \"SEE ALSO\"\n.BR chatterbox (1)\n";
}

}  // namespace chatterbox::cli
