#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the Debian packages of this tree and tries them in a fresh root:
#   scripts/package.sh [--release bookworm|trixie] [--out DIR] [--base ROOT] [--keep] build|try|all
# build: packages, for the Debian that runs this, and what lintian says of them. try: makes a root
# with debootstrap, installs the packages there, speaks, serves, compiles the example of the
# README against them, and purges them: nothing of theirs may stay. As root; needs a mirror
# ($DEBIAN_MIRROR, http://deb.debian.org/debian). --base: a root that debootstrap made before, to
# begin with a copy of it.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
. "$root/scripts/setup.sh"

. /etc/os-release
release="$VERSION_CODENAME" out="" keep="" base="" actions=""
while [ $# -gt 0 ]; do
  case "$1" in
    --release) release="$2"; shift ;;
    --out) out="$2"; shift ;;
    --base) base="$2"; shift ;;
    --keep) keep=yes ;;
    build | try) actions="$actions $1" ;;
    all) actions="build try" ;;
    *) fail "usage: $0 [--release NAME] [--out DIR] [--keep] build|try|all" ;;
  esac
  shift
done
[ -n "$actions" ] || fail "usage: $0 [--release NAME] [--out DIR] [--keep] build|try|all"
out="${out:-$root/build/packages-$release}"
mirror="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
version="$(sed -n "s/^  version: '\(.*\)',/\1/p" "$root/meson.build" | head -1)"
mkdir -p "$out"

# What git knows of the tree, without what is only built.
copy_tree() {
  mkdir -p "$1"
  git -C "$root" ls-files -z | tar -C "$root" --null -T - -cf - | tar -C "$1" -xf -
}

build_packages() {
  [ "$release" = "$VERSION_CODENAME" ] ||
    fail "expected to build for $VERSION_CODENAME, got $release: run it on a Debian of that release"
  install_missing debhelper fakeroot lintian
  local tree="$out/gst-chatterbox-$version"
  rm -rf "$tree" "$out"/*.deb
  copy_tree "$tree"
  tar -C "$out" --exclude="gst-chatterbox-$version/debian" -czf \
    "$out/gst-chatterbox_$version.orig.tar.gz" "gst-chatterbox-$version"
  say "Building packages in $out"
  [ -d /usr/lib/ccache ] && export PATH="/usr/lib/ccache:$PATH"
  (cd "$tree" && DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-} nocheck noddebs" \
    dpkg-buildpackage -b -us -uc) >"$out/build.log" 2>&1 || {
    tail -40 "$out/build.log" >&2
    fail "the packages did not build; see $out/build.log"
  }
  say "lintian"
  lintian --no-cfg --tag-display-limit 0 --fail-on error "$out"/*.changes | tee "$out/lintian.log"
}

clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8)
in_root() { chroot "$chroot" "${clean[@]}" "$@"; }

unmount() { umount "$chroot/proc" 2>/dev/null || true; }

make_root() {
  chroot="$out/root"
  trap unmount EXIT
  [ ! -d "$chroot" ] || { unmount; rm -rf "$chroot"; }
  say "Making a fresh $release"
  install_missing debootstrap
  if [ -n "$base" ]; then
    cp -a "$base" "$chroot"
  else
    debootstrap --variant=minbase "$release" "$chroot" "$mirror" >"$out/debootstrap.log" 2>&1 ||
      fail "debootstrap failed; see $out/debootstrap.log"
  fi
  mount -t proc proc "$chroot/proc"
  # No service is started in a root that has no init.
  printf '#!/bin/sh\nexit 101\n' >"$chroot/usr/sbin/policy-rc.d"
  chmod +x "$chroot/usr/sbin/policy-rc.d"
  mkdir "$chroot/packages"
  cp "$out"/*.deb "$chroot/packages"
  in_root apt-get update -q >"$out/try.log" 2>&1
  files_of_root >"$out/before"
}

# Everything but what apt and dpkg keep for themselves.
files_of_root() {
  (cd "$chroot" && find . -xdev \( -path ./proc -o -path ./packages -o -path ./var/lib/apt -o -path ./var/cache \
    -o -path ./var/lib/dpkg -o -path ./var/log -o -path ./tmp \) -prune -o -print | sort)
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
  chroot "$chroot" "${clean[@]}" setpriv --reuid chatterbox --regid chatterbox --clear-groups env HOME=/var/lib/chatterbox-server \
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
      unmount
      [ -n "$keep" ] || rm -rf "$chroot"
      ;;
  esac
done
say "done: $out"
