#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# live_voice_pipewire_test.sh LIVE_VOICE.sh VOICE.opus: the example between a microphone and two
# recorders, one after the other, all in a PipeWire of the test's own.
set -eu
example="$1"
voice="$2"
for program in dbus-run-session pipewire wireplumber pw-cat pw-record pw-cli pw-metadata sox; do
  command -v "$program" > /dev/null ||
    { echo "skipped: no $program (Debian: dbus-daemon, pipewire, wireplumber, sox)"; exit 77; }
done
for element in pipewiresrc pipewiresink; do
  # --exists wants GStreamer's own version number of a plugin.
  gst-inspect-1.0 "$element" > /dev/null 2>&1 ||
    { echo "skipped: no $element (Debian: gstreamer1.0-pipewire)"; exit 77; }
done
# WirePlumber does not run without a session bus.
[ "${3:-}" = inside ] || exec dbus-run-session -- "$0" "$example" "$voice" inside

folder=$(mktemp -d)
started=""
finish() {
  # shellcheck disable=SC2086
  [ -z "$started" ] || kill $started 2>/dev/null || true
  wait
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM
fail() {
  echo "$1" >&2
  tail -n 20 "$folder"/*.log >&2
  exit 1
}
# within SECONDS COMMAND...
within() {
  left="$1"
  shift
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 1
  done
}

# Live conversion needs time to spare, beside the other programs.
gst-launch-1.0 -q filesrc location="$voice" ! oggdemux ! opusdec ! audioconvert ! audioresample ! \
  audio/x-raw,format=S16LE,rate=48000,channels=1 ! wavenc ! filesink location="$folder/voice.wav"
begin=$(date +%s)
gst-launch-1.0 -q filesrc location="$folder/voice.wav" ! wavparse ! chatterboxvc ! fakesink
took=$(($(date +%s) - begin))
lasts=$(($(wc -c < "$folder/voice.wav") / 96000))
[ "$took" -lt $((lasts * 2 / 3)) ] ||
  { echo "skipped: too slow, $took s for $lasts s of speech"; exit 77; }
sox "$folder/voice.wav" "$folder/speech.wav" repeat 9

# Nothing of the user's: not the daemon, not the settings, not the sound cards.
unset PIPEWIRE_REMOTE PIPEWIRE_CONFIG_DIR PIPEWIRE_CONFIG_NAME
export XDG_RUNTIME_DIR="$folder" PIPEWIRE_RUNTIME_DIR="$folder"
export XDG_CONFIG_HOME="$folder/config" XDG_STATE_HOME="$folder/state"
mkdir -p "$folder/config/wireplumber/main.lua.d" "$folder/config/wireplumber/bluetooth.lua.d" \
  "$folder/config/wireplumber/wireplumber.conf.d"
cat > "$folder/config/wireplumber/main.lua.d/60-no-hardware.lua" <<'LUA'
alsa_monitor.enabled = false
v4l2_monitor.enabled = false
libcamera_monitor.enabled = false
LUA
echo 'bluez_monitor.enabled = false' \
  > "$folder/config/wireplumber/bluetooth.lua.d/60-no-hardware.lua"
cat > "$folder/config/wireplumber/wireplumber.conf.d/no-hardware.conf" <<'CONF'
wireplumber.profiles = {
  main = { hardware.audio = disabled, hardware.bluetooth = disabled,
           hardware.video-capture = disabled }
}
CONF
pipewire > "$folder/pipewire.log" 2>&1 &
started="$!"
within 30 pw-cli info 0 > /dev/null 2>&1 || fail "PipeWire did not start"
wireplumber > "$folder/wireplumber.log" 2>&1 &
started="$! $started"
pw-cat -p --target 0 -P '{ media.class=Audio/Source node.name=microphone priority.session=3000 }' \
  "$folder/speech.wav" > "$folder/microphone.log" 2>&1 &
started="$! $started"
has_microphone() { pw-metadata 0 default.audio.source 2>&1 | grep -q '"microphone"'; }
within 60 has_microphone || fail "no microphone"

"$example" > "$folder/example.log" 2>&1 &
speaker="$!"
started="$speaker $started"
has_device() { pw-cli ls Node 2>&1 | grep -q 'node.name = "chatterbox"'; }
within 60 has_device || fail "no device chatterbox"

# The seconds recorded, and those of them with sound.
heard() {
  od -An -v -td2 -w2 -j44 "$1" | awk '
    $1 > 300 || $1 < -300 { n++ }
    NR % 24000 == 0 { loud += n > 1000; n = 0 }
    END { print int(NR / 24000), loud + 0 }'
}
for recorder in first second; do
  file="$folder/$recorder.wav"
  timeout -s INT 8 pw-record --target chatterbox --rate 24000 --channels 1 --format s16 "$file" \
    > "$folder/$recorder.log" 2>&1 || true
  result=$(heard "$file")
  echo "the $recorder recorder, seconds in all and with sound: $result"
  [ "${result% *}" -ge 4 ] || fail "the device stood still"
  [ "${result#* }" -ge 3 ] || fail "the device was silent"
done

kill -INT "$speaker"
ended() { ! kill -0 "$speaker" 2>/dev/null; }
within 30 ended || fail "Ctrl-C did not end it"
wait "$speaker" || fail "it ended with an error"
has_device && fail "the device was left behind"
exit 0
