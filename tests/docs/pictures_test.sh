#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# pictures_test.sh PICTURES CHATTERBOX: every picture has a script that draws it; the one that has no
# measurement in it is the committed one to the byte.
set -eu
pictures="$1"
PATH="$(dirname "$(realpath "$2")"):$PATH"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
export XDG_DATA_HOME="$folder" XDG_CACHE_HOME="$folder" PYTHONDONTWRITEBYTECODE=1

python=""
for candidate in /usr/bin/python3 python3; do
  if "$candidate" -c 'import gi, numpy; gi.require_version("Gst", "1.0")' 2>/dev/null; then
    python="$candidate"
    break
  fi
done

drawn=0
for picture in "$pictures"/*.svg "$pictures"/*.png; do
  name="$(basename "$picture")"
  script="$pictures/${name%.*}.py"
  [ -f "$script" ] || { echo "expected $script, which draws $name" >&2; exit 1; }
  case "$name" in
  live_latency.svg | mel.png)
    [ -n "$python" ] || { echo "$name: not drawn, as there is no Python with gi and numpy"; continue; }
    "$python" "$script" "$folder/$name"
    ;;
  *) python3 "$script" "$folder/$name" ;;
  esac
  [ "$(wc -c <"$folder/$name")" -gt 3000 ] || { echo "expected a picture in $name" >&2; exit 1; }
  [ "$(wc -c <"$picture")" -lt 60000 ] || { echo "expected less than 60 kB of $name" >&2; exit 1; }
  drawn=$((drawn + 1))
done
cmp "$folder/architecture.svg" "$pictures/architecture.svg"
echo "$drawn pictures"
[ "$drawn" -ge 2 ]
