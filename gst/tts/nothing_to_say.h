// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

namespace chatterbox::gst {

// No element of the pipeline can still link something to the sink pad: none has a source pad that
// is free or may appear.
bool nothing_will_come(GstElement* element, GstPad* sink_pad);
// Posts the error of an element that has neither text nor anything linked.
void report_nothing_to_say(GstElement* element);

}  // namespace chatterbox::gst
