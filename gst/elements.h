// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CHATTERBOX_TTS (gst_chatterbox_tts_get_type())
G_DECLARE_FINAL_TYPE(GstChatterboxTts, gst_chatterbox_tts, GST, CHATTERBOX_TTS, GstElement)
GST_ELEMENT_REGISTER_DECLARE(chatterboxtts)

#define GST_TYPE_CHATTERBOX_CLONE (gst_chatterbox_clone_get_type())
G_DECLARE_FINAL_TYPE(GstChatterboxClone, gst_chatterbox_clone, GST, CHATTERBOX_CLONE,
                     GstBaseTransform)
GST_ELEMENT_REGISTER_DECLARE(chatterboxclone)

#define GST_TYPE_CHATTERBOX_VC (gst_chatterbox_vc_get_type())
G_DECLARE_FINAL_TYPE(GstChatterboxVc, gst_chatterbox_vc, GST, CHATTERBOX_VC, GstElement)
GST_ELEMENT_REGISTER_DECLARE(chatterboxvc)

G_END_DECLS
