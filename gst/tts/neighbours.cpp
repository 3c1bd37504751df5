// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "neighbours.h"

#include <cstring>

#include "glib_raii.h"

namespace chatterbox::gst {

namespace {

// The element has a source pad that nothing is linked to, or may get one.
bool may_offer_text(GstElement* element) {
  const GList* templates = gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element));
  for (const GList* at = templates; at; at = at->next) {
    const auto* pad_template = GST_PAD_TEMPLATE(at->data);
    if (GST_PAD_TEMPLATE_DIRECTION(pad_template) == GST_PAD_SRC &&
        GST_PAD_TEMPLATE_PRESENCE(pad_template) != GST_PAD_ALWAYS)
      return true;
  }
  ObjectLock lock(element);
  for (const GList* at = element->srcpads; at; at = at->next)
    if (!GST_PAD_PEER(at->data)) return true;
  return false;
}

bool is_muxer(GstElement* element) {
  const gchar* klass = gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS);
  return klass && std::strstr(klass, "Muxer");
}

// True when some element of the pipeline `fits`; `doubt` while there is none or it is being built.
template <class Fits>
bool any_in_pipeline(GstElement* element, bool doubt, const Fits& fits) {
  const std::shared_ptr<GstElement> top = outermost(element);
  if (!GST_IS_BIN(top.get())) return doubt;
  GstIterator* elements = gst_bin_iterate_recurse(GST_BIN(top.get()));
  GValue item = G_VALUE_INIT;
  GstIteratorResult result = GST_ITERATOR_OK;
  bool found = false;
  while (!found && (result = gst_iterator_next(elements, &item)) == GST_ITERATOR_OK) {
    found = fits(GST_ELEMENT(g_value_get_object(&item)));
    g_value_reset(&item);
  }
  g_value_unset(&item);
  gst_iterator_free(elements);
  return found || (doubt && result != GST_ITERATOR_DONE);
}

}  // namespace

bool nothing_will_come(GstElement* element, GstPad* sink_pad) {
  return !gst_pad_is_linked(sink_pad) && !any_in_pipeline(element, true, [&](GstElement* other) {
    return other != element && may_offer_text(other);
  });
}

bool beside_muxer(GstElement* element) { return any_in_pipeline(element, false, is_muxer); }

void report_nothing_to_say(GstElement* element) {
  GST_ELEMENT_ERROR(element, RESOURCE, SETTINGS, ("There is nothing to say."),
                    ("Expected `text` to be set or the sink pad to be linked, got neither."));
}

}  // namespace chatterbox::gst
