#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# network_test.sh rtp|srt PIPELINES.md: the line of the page that sends speech, and a receiver
# on the loopback interface that hears all of it.
set -eu
kind="$1"
page="$2"
cd "$(dirname "$page")/.." # where the lines of the page work
folder=$(mktemp -d)
receiver=""
trap '[ -z "$receiver" ] || kill "$receiver" 2>/dev/null || true; rm -rf "$folder"' EXIT

for element in srtsink mpegtsmux tsdemux; do
  [ "$kind" = rtp ] || gst-inspect-1.0 --exists "$element" ||
    { echo "skipped: no $element (Debian: gstreamer1.0-plugins-bad)"; exit 77; }
done
port=$((20000 + $$ % 20000))
case "$kind" in
  rtp)
    send=$(grep -m1 'udpsink' "$page" | sed "s/port=[0-9]*/port=$port/")
    from="udpsrc address=127.0.0.1 port=$port caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS,payload=96 ! rtpjitterbuffer ! rtpopusdepay"
    ;;
  srt)
    # Whoever comes later hears less: here the sender waits, and listens to this machine only.
    send=$(grep -m1 'srtsink' "$page" |
      sed "s/:[0-9][0-9]*\"/127.0.0.1:$port?mode=listener\"/; s/for-connection=false/for-connection=true/")
    from="srtsrc uri=srt://127.0.0.1:$port ! tsdemux ! opusparse"
    ;;
  *) exit 2 ;;
esac
send=$(echo "$send" | sed 's/! chatterboxtts/! chatterboxtts seed=1/')
[ -n "$send" ] || { echo "the page has no line for $kind" >&2; exit 1; }

receive() {
  # shellcheck disable=SC2086
  exec gst-launch-1.0 -q -e $from ! opusdec ! audioconvert ! \
    audio/x-raw,format=S16LE,channels=1,rate=48000 ! \
    filesink location="$folder/heard.raw" buffer-mode=unbuffered
}
if [ "$kind" = rtp ]; then
  receive &
  receiver=$!
  sleep 2
  sh -ec "$send"
else
  sh -ec "$send" &
  sender=$!
  # There is nobody to call until the sender has its first words.
  for _ in $(seq 30); do
    sleep 1
    receive &
    receiver=$!
    sleep 1
    kill -0 "$receiver" 2>/dev/null && break
  done
  wait "$sender"
fi
sleep 2
kill -INT "$receiver"
wait "$receiver" || true
receiver=""

# What was sent, the same words: seconds, and not silence.
gst-launch-1.0 -q filesrc location=examples/text/hello.txt ! chatterboxtts seed=1 ! \
  audio/x-raw,format=S16LE,rate=24000 ! filesink location="$folder/said.raw"
loud() { od -An -v -td2 -w2 "$1" | awk -v rate="$2" '$1 > 300 || $1 < -300 { n++ } END { print NR / rate, n / rate }'; }
said=$(loud "$folder/said.raw" 24000)
heard=$(loud "$folder/heard.raw" 48000)
echo "said and heard, seconds in all and of sound: $said, $heard"
echo "$said $heard" | awk '{ exit !($3 > $1 - 0.5 && $3 < $1 + 0.5 && $4 > 0.9 * $2) }'
