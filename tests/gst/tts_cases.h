// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "gst_check.h"

// Groups of cases for chatterboxtts, one file each.
TCase* tts_basic_cases();
TCase* tts_text_cases();
TCase* tts_timing_cases();
TCase* tts_live_cases();
TCase* tts_flush_cases();
TCase* tts_error_cases();
TCase* tts_stress_cases();
TCase* tts_voice_cases();
TCase* tts_word_cases();
TCase* tts_overflow_cases();

// Units under them.
TCase* script_cases();
TCase* speech_thread_cases();
