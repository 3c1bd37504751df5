// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nothing_to_say.h"

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

}  // namespace

bool nothing_will_come(GstElement* element, GstPad* sink_pad) {
  if (gst_pad_is_linked(sink_pad)) return false;
  const std::shared_ptr<GstElement> top = outermost(element);
  bool possible = !GST_IS_BIN(top.get());
  GstIterator* elements = possible ? nullptr : gst_bin_iterate_recurse(GST_BIN(top.get()));
  GValue item = G_VALUE_INIT;
  while (!possible) {
    const GstIteratorResult result = gst_iterator_next(elements, &item);
    if (result == GST_ITERATOR_DONE) break;
    possible = result != GST_ITERATOR_OK;  // the pipeline is being built
    if (possible) break;
    auto* other = GST_ELEMENT(g_value_get_object(&item));
    possible = other != element && may_offer_text(other);
    g_value_reset(&item);
  }
  g_value_unset(&item);
  if (elements) gst_iterator_free(elements);
  return !possible;
}

void report_nothing_to_say(GstElement* element) {
  GST_ELEMENT_ERROR(element, RESOURCE, SETTINGS, ("There is nothing to say."),
                    ("Expected `text` to be set or the sink pad to be linked, got neither."));
}

}  // namespace chatterbox::gst
