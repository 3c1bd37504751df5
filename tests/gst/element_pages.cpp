// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The tables in docs/elements that the elements themselves know best:
//   element_pages check|write PAGE.md...
// A page NAME.md is about the element NAME. What stands between
// "<!-- generated: KIND -->" and "<!-- end -->", KIND being pads, properties or
// signals, is made from the element; `check` fails where the page says otherwise.
#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

// "|" would end a cell.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, "\\");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string enum_values(const GEnumClass* values) {
  std::string text;
  for (guint i = 0; i < values->n_values; ++i)
    text += (i ? ", `" : "`") + std::string(values->values[i].value_nick) + "`";
  return text;
}

std::string type_of(GParamSpec* spec) {
  if (G_IS_PARAM_SPEC_ENUM(spec)) return enum_values(G_PARAM_SPEC_ENUM(spec)->enum_class);
  if (G_IS_PARAM_SPEC_BOOLEAN(spec)) return "boolean";
  if (G_IS_PARAM_SPEC_STRING(spec)) return "string";
  if (const auto* s = G_IS_PARAM_SPEC_UINT(spec) ? G_PARAM_SPEC_UINT(spec) : nullptr)
    return std::to_string(s->minimum) + " to " +
           (s->maximum == G_MAXUINT ? "2³² - 1" : std::to_string(s->maximum));
  if (const auto* s = G_IS_PARAM_SPEC_INT(spec) ? G_PARAM_SPEC_INT(spec) : nullptr)
    return std::to_string(s->minimum) + " to " + std::to_string(s->maximum);
  if (const auto* s = G_IS_PARAM_SPEC_INT64(spec) ? G_PARAM_SPEC_INT64(spec) : nullptr)
    return std::to_string(s->minimum) + " to " +
           (s->maximum == G_MAXINT64 ? "2⁶³ - 1" : std::to_string(s->maximum));
  if (const auto* s = G_IS_PARAM_SPEC_UINT64(spec) ? G_PARAM_SPEC_UINT64(spec) : nullptr)
    return std::to_string(s->minimum) + " to " +
           (s->maximum == G_MAXUINT64 ? "2⁶⁴ - 1" : std::to_string(s->maximum));
  if (const auto* s = G_IS_PARAM_SPEC_DOUBLE(spec) ? G_PARAM_SPEC_DOUBLE(spec) : nullptr)
    return number(s->minimum) + " to " + number(s->maximum);
  return std::string("`") + g_type_name(spec->value_type) + "`";
}

std::string default_of(GParamSpec* spec) {
  const GValue* value = g_param_spec_get_default_value(spec);
  if (G_VALUE_HOLDS_ENUM(value))
    return "`" +
           std::string(
               g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, g_value_get_enum(value))
                   ->value_nick) +
           "`";
  if (G_VALUE_HOLDS_STRING(value)) {
    const char* text = g_value_get_string(value);
    return text && *text ? "`" + std::string(text) + "`" : "empty";
  }
  if (G_VALUE_HOLDS_BOOLEAN(value)) return g_value_get_boolean(value) ? "true" : "false";
  if (G_VALUE_HOLDS_DOUBLE(value)) return number(g_value_get_double(value));
  if (G_VALUE_HOLDS_BOXED(value)) return "none";
  gchar* text = gst_value_serialize(value);
  const std::string result = text ? text : "";
  g_free(text);
  return result;
}

std::string when_of(GParamSpec* spec) {
  std::string when;
  if (!(spec->flags & G_PARAM_WRITABLE))
    when = "read only";
  else if (spec->flags & GST_PARAM_MUTABLE_PLAYING)
    when = "always";
  else if (spec->flags & GST_PARAM_MUTABLE_PAUSED)
    when = "PAUSED";
  else
    when = "READY";
  if (spec->flags & GST_PARAM_CONTROLLABLE) when += ", controllable";
  return when;
}

std::string properties(GObject* element) {
  std::string table = "| property | values | default | set in | meaning |\n|---|---|---|---|---|\n";
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  for (guint i = 0; i < count; ++i) {
    GParamSpec* spec = specs[i];
    if (spec->owner_type != G_OBJECT_TYPE(element)) continue;
    table += "| `" + std::string(spec->name) + "` | " + cell(type_of(spec)) + " | " +
             cell(default_of(spec)) + " | " + when_of(spec) + " | " +
             cell(g_param_spec_get_blurb(spec)) + " |\n";
  }
  g_free(specs);
  return table;
}

std::string signal_names(GObject* element) {
  std::string table = "| signal | kind |\n|---|---|\n";
  guint count = 0;
  guint* ids = g_signal_list_ids(G_OBJECT_TYPE(element), &count);
  for (guint i = 0; i < count; ++i) {
    GSignalQuery query;
    g_signal_query(ids[i], &query);
    table += "| `" + std::string(query.signal_name) + " (";
    for (guint k = 0; k < query.n_params; ++k)
      table += (k ? ", " : "") + std::string(g_type_name(query.param_types[k]));
    table += ")`";
    if (query.return_type != G_TYPE_NONE)
      table += " → " + std::string(g_type_name(query.return_type));
    table += query.signal_flags & G_SIGNAL_ACTION ? " | action |\n" : " | signal |\n";
  }
  g_free(ids);
  return table;
}

std::string pads(GObject* element) {
  std::string table = "| pad | direction | caps |\n|---|---|---|\n";
  const GList* templates = gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element));
  for (const GList* at = templates; at; at = at->next) {
    auto* pad = GST_PAD_TEMPLATE(at->data);
    GstCaps* caps = gst_pad_template_get_caps(pad);
    std::string text;
    for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
      gchar* one = gst_structure_to_string(gst_caps_get_structure(caps, i));
      text += (i ? "<br>`" : "`") + std::string(one) + "`";
      g_free(one);
    }
    gst_caps_unref(caps);
    for (const char* noise : {"(string)", "(int)", ";"})
      for (std::size_t found = 0; (found = text.find(noise)) != text.npos;)
        text.erase(found, std::string(noise).size());
    table += "| `" + std::string(GST_PAD_TEMPLATE_NAME_TEMPLATE(pad)) + "` | " +
             (GST_PAD_TEMPLATE_DIRECTION(pad) == GST_PAD_SINK ? "sink" : "source") + " | " +
             cell(text) + " |\n";
  }
  return table;
}

// The page with its tables as they should be; counts them.
std::string remade(const std::string& page, GObject* element, int& tables) {
  const std::string begin_mark = "<!-- generated: ", end_mark = "<!-- end -->";
  std::string out;
  std::size_t at = 0;
  while (true) {
    const std::size_t mark = page.find(begin_mark, at);
    const std::size_t line_end = mark == page.npos ? page.npos : page.find('\n', mark);
    const std::size_t end = line_end == page.npos ? page.npos : page.find(end_mark, line_end);
    if (end == page.npos) break;
    const std::size_t kind_at = mark + begin_mark.size();
    const std::string kind = page.substr(kind_at, page.find(' ', kind_at) - kind_at);
    out += page.substr(at, line_end + 1 - at);
    if (kind == "properties") out += properties(element);
    if (kind == "signals") out += signal_names(element);
    if (kind == "pads") out += pads(element);
    ++tables;
    at = end;
  }
  return out + page.substr(at);
}

bool handle_page(const std::string& path, bool write) {
  const std::string name = std::filesystem::path(path).stem().string();
  GstElement* element = gst_element_factory_make(name.c_str(), nullptr);
  if (!element) {
    std::printf("FAIL %s: there is no element %s\n", path.c_str(), name.c_str());
    return false;
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  int tables = 0;
  const std::string wanted = remade(text.str(), G_OBJECT(element), tables);
  gst_object_unref(element);
  if (write) std::ofstream(path) << wanted;
  const bool good = write || wanted == text.str();
  std::printf("%s %s: %d generated tables%s\n", good && tables > 0 ? "ok  " : "FAIL", path.c_str(),
              tables,
              good ? "" : " differ from the element; write them with `ninja element-pages`");
  return good && tables > 0;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(nullptr, nullptr);
  bool good = argc > 2;
  for (int i = 2; i < argc; ++i) good &= handle_page(argv[i], std::string(argv[1]) == "write");
  return good ? 0 : 1;
}
