#!/bin/sh
# SPDX-License-Identifier: MIT
# Speak into a microphone, and be heard in another voice by every program that
# listens to the microphone "Chatterbox" (OBS, a conference, a game):
#   live_voice.sh [VOICE]
# Needs PipeWire and GStreamer's plugin for it (Debian: gstreamer1.0-pipewire).
# Other ends: CHATTERBOX_SOURCE and CHATTERBOX_SINK, as gst-launch-1.0 reads them.
set -eu
source="${CHATTERBOX_SOURCE:-pipewiresrc}"
sink="${CHATTERBOX_SINK:-pipewiresink mode=provide stream-properties=props,media.class=Audio/Source,node.name=chatterbox,node.description=Chatterbox}"
# The queue takes what arrives while the pipeline starts; it never holds more.
# shellcheck disable=SC2086
exec gst-launch-1.0 -e $source ! queue leaky=downstream max-size-time=200000000 ! audioconvert \
  ! chatterboxvc ${1:+"voice=$1"} ! audioconvert ! audioresample ! $sink
