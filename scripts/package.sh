#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the Debian packages of this tree and tries them, in roots that debootstrap makes:
#   scripts/package.sh [--release bookworm|trixie] [--out DIR] [--roots DIR] [--keep] build|try|all
# build: packages for that Debian (this machine's, when not said), from nothing but what debian/control
# names, and what lintian says of them. try: installs the packages in a fresh root, speaks, serves,
# compiles the example of the README against them, runs the lines of the Containerfile, and purges
# them: nothing of theirs may stay. As root; needs a mirror ($DEBIAN_MIRROR,
# http://deb.debian.org/debian). --roots keeps what debootstrap and the compiler (ccache) made for
# the next time.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
. "$root/scripts/setup.sh"
. "$root/scripts/roots.sh"

usage="usage: $0 [--release NAME] [--out DIR] [--roots DIR] [--keep] build|try|all"
. /etc/os-release
release="$VERSION_CODENAME" out="" roots="" keep="" actions=""
while [ $# -gt 0 ]; do
  case "$1" in
    --release) release="${2:?$usage}"; shift ;;
    --out) out="${2:?$usage}"; shift ;;
    --roots) roots="${2:?$usage}"; shift ;;
    --keep) keep=yes ;;
    build | try) actions="$actions $1" ;;
    all) actions="build try" ;;
    *) fail "$usage" ;;
  esac
  shift
done
[ -n "$actions" ] || fail "$usage"
[ "$(id -u)" -eq 0 ] || fail "expected to be root, which chroot needs"
out="$(mkdir -p "${out:-$root/build/packages-$release}" && cd "${out:-$root/build/packages-$release}" && pwd)"
roots="$(mkdir -p "${roots:-$out/roots}" && cd "${roots:-$out/roots}" && pwd)"
version="$(sed -n "s/^  version: '\(.*\)',/\1/p" "$root/meson.build" | head -1)"

build_packages() {
  local build="/build" tree="/build/gst-chatterbox-$version"
  open_root "$roots/$release-build" "$release"
  trap close_root EXIT
  rm -rf "$chroot$build"
  copy_tree "$chroot$tree"
  tar -C "$chroot$build" --exclude="gst-chatterbox-$version/debian" -czf \
    "$chroot$build/gst-chatterbox_$version.orig.tar.gz" "gst-chatterbox-$version"
  say "Installing what debian/control names"
  {
    in_root apt-get update -q
    install_in_root ccache lintian
    # shellcheck disable=SC2086
    in_root env DEBIAN_FRONTEND=noninteractive $quick_apt build-dep "$tree"
  } >"$out/build-dep.log" 2>&1 || { tail -20 "$out/build-dep.log" >&2; fail "see $out/build-dep.log"; }
  say "Building packages for $release"
  local begin=$SECONDS
  # Nothing for a debugger is kept, so none is made.
  in_root env PATH="/usr/lib/ccache:$root_path" CCACHE_DIR=/ccache DEB_CXXFLAGS_STRIP=-g \
    DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-parallel=$(nproc)} nocheck noddebs" \
    sh -c "cd $tree && dpkg-buildpackage -us -uc" >"$out/build.log" 2>&1 || {
    tail -40 "$out/build.log" >&2
    fail "the packages did not build; see $out/build.log"
  }
  say "built in $((SECONDS - begin)) s"
  rm -f "$out"/*.deb "$out"/*.dsc "$out"/*.changes "$out"/*.buildinfo "$out"/*.tar.*
  find "$chroot$build" -maxdepth 1 -type f -exec cp {} "$out" \;
  say "lintian"
  # These packages are not uploaded to Debian, where a bug would ask for them.
  in_root sh -c "cd $build && lintian --no-cfg --allow-root --tag-display-limit 0 --fail-on error,warning \
    --suppress-tags initial-upload-closes-no-bugs *.changes" |
    tee "$out/lintian.log" || fail "lintian complains; see $out/lintian.log"
  close_root
}

make_root() {
  [ ! -d "$out/root" ] || rm -rf --one-file-system "$out/root"
  say "Making a fresh $release"
  open_root "$out/root" "$release"
  trap close_root EXIT
  mkdir "$chroot/packages"
  cp "$out"/*.deb "$chroot/packages"
  in_root apt-get update -q >"$out/try.log" 2>&1
  files_of_root >"$out/before"
}

# Everything but what apt and dpkg keep for themselves.
files_of_root() {
  (cd "$chroot" && find . -xdev \( -path ./proc -o -path ./packages -o -path ./var/lib/apt -o -path ./var/cache \
    -o -path ./var/lib/dpkg -o -path ./var/log -o -path ./tmp -o -path ./ccache \) -prune -o -print | sort)
}

try_speaking() {
  local begin=$SECONDS
  say "Installing"
  in_root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get install -y -q /packages/*.deb' >>"$out/try.log" 2>&1 ||
    { tail -20 "$out/try.log" >&2; fail "apt could not install the packages"; }
  say "Speaking"
  in_root chatterbox say -q -o /tmp/hello.wav "Hello from a fresh machine."
  say "$((SECONDS - begin)) s from apt install to a file of speech"
  [ "$(stat -c %s "$chroot/tmp/hello.wav")" -gt 40000 ] || fail "expected speech in /tmp/hello.wav"
  in_root sh -c '! command -v g++' >/dev/null || fail "expected no compiler in the root, found one"
  in_root chatterbox watermark detect /tmp/hello.wav
  in_root chatterbox say -q -o /tmp/hello.opus --voice Amy "Hello from Amy."
  in_root chatterbox voices list -q --names | grep -qx Amy
}

try_serving() {
  say "Serving"
  install_missing python3
  # No function: its process would not be the server's, which has to end before its user can go.
  chroot "$chroot" env -i PATH="$root_path" LANG=C.UTF-8 setpriv --reuid chatterbox --regid chatterbox --clear-groups env HOME=/var/lib/chatterbox-server \
    chatterbox-server --config /etc/chatterbox-server.conf --listen 127.0.0.1:0 \
    --data-dir /var/lib/chatterbox-server >"$out/server.address" 2>"$out/server.log" &
  local server=$!
  while [ ! -s "$out/server.address" ]; do
    kill -0 $server || { cat "$out/server.log" >&2; fail "the server ended"; }
    sleep 0.2
  done
  python3 - "$(head -1 "$out/server.address")" <<'PYTHON' || { cat "$out/server.log" >&2; fail "the server did not speak"; }
import json, sys, urllib.request
address = sys.argv[1] if "://" in sys.argv[1] else "http://" + sys.argv[1]
request = urllib.request.Request(address + "/v1/audio/speech", json.dumps(
    {"input": "Hello from the server.", "voice": "Amy", "response_format": "wav"}).encode(),
    {"Content-Type": "application/json"})
audio = urllib.request.urlopen(request, timeout=300).read()
assert audio[:4] == b"RIFF" and len(audio) > 40000, len(audio)
PYTHON
  kill $server
  wait $server || true
}

# The C++ example of the README, by pkg-config and by CMake.
try_embedding() {
  say "Compiling the example of the README"
  in_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends g++ cmake make \
    pkg-config >>"$out/try.log" 2>&1
  mkdir -p "$chroot/tmp/example"
  awk '/^```cpp/ {inside = 1; next} /^```/ {inside = 0} inside' "$root/README.md" >"$out/block.cpp"
  { grep '^#include' "$out/block.cpp"; echo 'int main() {'; grep -v '^#include' "$out/block.cpp"; echo '}'; } \
    >"$chroot/tmp/example/example.cpp"
  cat >"$chroot/tmp/example/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(example CXX)
find_package(chatterbox REQUIRED)
add_executable(by-cmake example.cpp)
target_link_libraries(by-cmake chatterbox::chatterbox)
CMAKE
  in_root sh -ec 'cd /tmp/example
    g++ -std=c++20 example.cpp $(pkg-config --cflags --libs chatterbox) -o by-pkg-config
    cmake -S . -B build && cmake --build build
    cd /usr/share/gst-chatterbox && /tmp/example/by-pkg-config && /tmp/example/build/by-cmake' >>"$out/try.log" 2>&1 ||
    { tail -20 "$out/try.log" >&2; fail "the example of the README does not work with the packages"; }
  in_root env DEBIAN_FRONTEND=noninteractive apt-get purge -y -q --auto-remove g++ cmake make pkg-config >>"$out/try.log" 2>&1
}

# The lines of the Containerfile, in a root of their own: what is run while an image is made, then
# the server and the check of its health as a container has them.
try_container() {
  say "Running the lines of the Containerfile"
  [ ! -d "$out/container" ] || rm -rf --one-file-system "$out/container"
  open_root "$out/container" "$release"
  mkdir "$chroot/packages"
  cp "$out"/*.deb "$chroot/packages"
  local word rest user=root count=0 environment=() entry=() health=""
  while read -r word rest; do
    case "$word" in
      RUN)
        in_root sh -ec "$rest" >>"$out/try.log" 2>&1 ||
          { tail -20 "$out/try.log" >&2; fail "a line of the Containerfile fails: $rest"; }
        count=$((count + 1))
        ;;
      ENV) environment+=("$rest") ;;
      USER) user="$rest" ;;
      HEALTHCHECK) health="${rest#*CMD }" ;;
      ENTRYPOINT) mapfile -t entry < <(python3 -c 'import json, sys; print(*json.loads(sys.argv[1]), sep="\n")' "$rest") ;;
      FROM | COPY | VOLUME | EXPOSE | STOPSIGNAL) ;;
      *) fail "expected a line of a Containerfile that this script knows, got: $word" ;;
    esac
  done < <(sed -e '/^#/d' -e ':join' -e '/\\$/{N;s/\\\n *//;b join' -e '}' "$root/Containerfile")
  [ "$count" -gt 0 ] && [ ${#entry[@]} -gt 0 ] && [ -n "$health" ] ||
    fail "expected RUN, ENTRYPOINT and HEALTHCHECK in the Containerfile"
  [ -z "$(find "$chroot" -xdev -name g++)" ] || fail "expected no compiler in the image, found one"
  environment+=("PATH=$root_path" CHATTERBOX_API_KEY=tried)
  local as=(chroot "$chroot" setpriv --reuid "$user" --regid "$user" --clear-groups env -i "${environment[@]}")
  "${as[@]}" "${entry[@]}" >"$out/container.address" 2>"$out/container.log" &
  local server=$! tries=0
  until "${as[@]}" sh -c "$health" >/dev/null; do
    kill -0 $server 2>/dev/null && [ $((tries += 1)) -lt 120 ] ||
      { cat "$out/container.log" >&2; fail "the server of the image is not healthy"; }
    sleep 1
  done
  "${as[@]}" curl -fs -H 'Authorization: Bearer tried' -H 'Content-Type: application/json' \
    -d '{"input": "Hello from a container.", "voice": "Amy", "response_format": "mp3"}' \
    http://127.0.0.1:8004/v1/audio/speech >"$out/container.mp3" || fail "the server of the image does not speak"
  [ "$(stat -c %s "$out/container.mp3")" -gt 5000 ] || fail "expected speech of the server of the image"
  kill $server
  wait $server || true
  say "the image: $count RUN lines, $(du -sxm "$chroot" | cut -f1) MB, healthy, speaks"
  close_root
  [ -n "$keep" ] || rm -rf --one-file-system "$chroot"
}

try_purging() {
  say "Purging"
  local packages
  packages="$(cd "$chroot/packages" && ls ./*.deb | sed 's,./\([^_]*\)_.*,\1,')"
  # shellcheck disable=SC2086
  in_root env DEBIAN_FRONTEND=noninteractive apt-get purge -y -q --auto-remove $packages >>"$out/try.log" 2>&1
  rm -rf "$chroot/tmp/"* "$chroot/root/.cache" "$chroot/root/.local"
  files_of_root >"$out/after"
  # What other packages leave is theirs.
  comm -13 "$out/before" "$out/after" | grep -i chatterbox >"$out/left" || true
  grep -i chatterbox "$chroot/etc/passwd" "$chroot/etc/group" >>"$out/left" || true
  [ ! -s "$out/left" ] || { cat "$out/left" >&2; fail "expected nothing of the packages after purge"; }
  say "Nothing stays after purge"
}

for action in $actions; do
  case "$action" in
    build) build_packages ;;
    try)
      ls "$out"/*.deb >/dev/null 2>&1 || fail "expected packages in $out; run $0 build first"
      make_root
      try_speaking
      try_serving
      try_embedding
      try_purging
      close_root
      [ -n "$keep" ] || rm -rf --one-file-system "$chroot"
      try_container
      ;;
  esac
done
say "done: $out"
