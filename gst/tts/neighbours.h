// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

namespace chatterbox::gst {

// Nothing can be linked to the sink pad any more: no element has a source pad free or to come.
bool nothing_will_come(GstElement* element, GstPad* sink_pad);
// Posts the error of an element that has neither text nor anything linked.
void report_nothing_to_say(GstElement* element);
// True when there is a muxer in the pipeline: many ignore gap events and block the other streams.
bool beside_muxer(GstElement* element);

}  // namespace chatterbox::gst
