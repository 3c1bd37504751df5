#!/bin/sh
# SPDX-License-Identifier: MIT
# Speak into a microphone, and be heard in another voice by every program that
# listens to the microphone "Chatterbox" (OBS, a conference, a game):
#   live_voice.sh [VOICE]
# Needs PipeWire and GStreamer's plugin for it (Debian: gstreamer1.0-pipewire).
# Other ends: CHATTERBOX_SOURCE and CHATTERBOX_SINK, as gst-launch-1.0 reads them.
set -eu
# By its name, as "Chatterbox" may be the default microphone later, and the pipeline hear itself. It
# is told again where it changes meanwhile; the last is the one to take.
microphone=$(pw-metadata 0 default.audio.source 2>/dev/null |
  sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' | tail -n 1) || true
# What was recorded while the model was loading comes at once. Without timestamps, all speech after
# it would be ahead of the clock and wait, and chatterboxvc take that for overload; audiorate
# removes it. PipeWire 1.4 goes on with gaps once its buffers were all full, and left to itself
# chooses 4000 Hz.
source="${CHATTERBOX_SOURCE:-pipewiresrc ${microphone:+target-object=$microphone} do-timestamp=true min-buffers=64 ! audio/x-raw,rate=48000}"
# Not mode=provide: that moves PipeWire on by one cycle per buffer, and chatterboxvc's hold more
# than a cycle: they would pile up until none is free. So would late ones, if they were played. The
# sink never gets back what it dropped of its own buffers, hence no allocation there.
sink="${CHATTERBOX_SINK:-identity drop-allocation=true ! pipewiresink max-lateness=100000000 stream-properties=props,media.class=Audio/Source,node.name=chatterbox,node.description=Chatterbox}"
# The first queue takes what arrives while the pipeline starts, the second what PipeWire does not
# take in time; they never hold more.
# shellcheck disable=SC2086
exec gst-launch-1.0 $source ! queue leaky=downstream max-size-time=200000000 ! audioconvert \
  ! audiorate tolerance=100000000 ! chatterboxvc ${1:+"voice=$1"} \
  ! queue leaky=downstream max-size-time=500000000 ! audioconvert ! audioresample ! $sink
