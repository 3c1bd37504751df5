// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The table of chatterboxclone's properties: one row each.
#include "clone_settings.h"

namespace chatterbox::gst {

/**
 * GstChatterboxCloneState:
 * @idle: nothing is collected
 * @collecting: speech is being collected
 * @saving: the voice is being made and saved
 * @done: the voice is on disk
 * @failed: no voice was made
 *
 * What the element is doing.
 *
 * Since: 0.1
 */
GType enum_type(CloneState) {
  static constexpr EnumRow kRows[] = {
      {"idle", "Nothing is collected"},
      {"collecting", "Speech is being collected"},
      {"saving", "The voice is being made and saved"},
      {"done", "The voice is on disk"},
      {"failed", "No voice was made"},
  };
  static const GType type = register_enum("GstChatterboxCloneState", kRows);
  return type;
}

namespace {

constexpr std::array<PropertyRow, 10> kCollecting = {
    /**
     * GstChatterboxClone:voice-name:
     *
     * Name of the voice: 1 to 64 characters. Nothing is collected without one.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::voice_name>(
        "voice-name", "Voice Name", "Name of the new voice; nothing is collected without one.",
        kInPlaying),
    /**
     * GstChatterboxClone:voice-library:
     *
     * Directory that the voice is added to. Other elements find voices by name in the user's own
     * library, by path in any other.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::voice_library>(
        "voice-library", "Voice Library",
        "Directory that the voice is added to; empty for the user's own library.", kInPlaying),
    /**
     * GstChatterboxClone:description:
     *
     * A few words about the voice, kept in the library.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::description>(
        "description", "Description", "A few words about the voice, kept in the library.",
        kInPlaying),
    /**
     * GstChatterboxClone:location:
     *
     * File that the voice is written to beside the library, or without one when
     * #GstChatterboxClone:voice-name is empty.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::location>(
        "location", "Location",
        "Also write the voice, as this model hears it, to this .safetensors file.", kInPlaying),
    /**
     * GstChatterboxClone:speaker:
     *
     * Who is collected where several speak. The `chatterbox/speaker-voice` event names the speaker
     * too.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::speaker>(
        "speaker", "Speaker",
        "Collect only while rstranscribe/speaker-change events name this speaker; empty: always.",
        kInPlaying),
    /**
     * GstChatterboxClone:overwrite:
     *
     * Whether a voice or file of the same name is replaced; else it is an error.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::overwrite>(
        "overwrite", "Overwrite", "Replace a voice or file of the same name.", kInPlaying),
    /**
     * GstChatterboxClone:save-on-eos:
     *
     * Whether a voice is made of what was collected when the stream ends. EOS goes on when it is on
     * disk.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::save_on_eos>(
        "save-on-eos", "Save On EOS", "Make a voice of what was collected when the stream ends.",
        kInPlaying),
    /**
     * GstChatterboxClone:duration:
     *
     * How much speech is collected before the voice is made.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::duration_ms>(
        "duration", "Duration",
        "Speech to collect, long pauses left out, before the voice is made (ms).", kInPlaying,
        {1000, 60000}),
    /**
     * GstChatterboxClone:min-duration:
     *
     * How much speech a voice needs: with less there is a warning and no voice.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::min_duration_ms>(
        "min-duration", "Minimum Duration", "Least speech that makes a voice (ms).", kInPlaying,
        {1000, 60000}),
    /**
     * GstChatterboxClone:silence-threshold:
     *
     * Level below which nobody speaks.
     *
     * Since: 0.1
     */
    Rows<CloneSettings>::row<&CloneSettings::silence_threshold_db>(
        "silence-threshold", "Silence Threshold",
        "Level below which nobody speaks (dB of full scale).", kInPlaying, {-100, 0}),
};

constexpr std::array<PropertyRow, 2> kState = {
    /**
     * GstChatterboxClone:state:
     *
     * What the element is doing; notified when it changes.
     *
     * Since: 0.1
     */
    read_only("state", "State", "What the element is doing.", make_empty_spec<CloneState>),
    /**
     * GstChatterboxClone:voice-id:
     *
     * Id of the voice that was made last, in its library.
     *
     * Since: 0.1
     */
    read_only("voice-id", "Voice Id", "Id of the voice that was made last.",
              make_empty_spec<std::string>),
};

constexpr auto kRows = join(kCollecting, model_properties<CloneSettings>(), kState);

}  // namespace

std::span<const PropertyRow> clone_properties() { return kRows; }

}  // namespace chatterbox::gst
