#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the small tree for arm64 on amd64, and speaks with it in an emulator:
#   scripts/arm64.sh [--release bookworm] [--roots DIR] [--out DIR]
# Debian's cross compiler in a root that debootstrap makes, libraries by multiarch. As root; needs a
# mirror. Seconds of the emulator say nothing of a real processor: what is counted is which
# instructions the kernels became.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
. "$root/scripts/setup.sh"
. "$root/scripts/roots.sh"

usage="usage: $0 [--release NAME] [--roots DIR] [--out DIR]"
release=bookworm out="" roots=""
while [ $# -gt 0 ]; do
  case "$1" in
    --release) release="${2:?$usage}"; shift ;;
    --out) out="${2:?$usage}"; shift ;;
    --roots) roots="${2:?$usage}"; shift ;;
    *) fail "$usage" ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || fail "expected to be root, which chroot needs"
out="$(mkdir -p "${out:-$root/build/arm64}" && cd "${out:-$root/build/arm64}" && pwd)"
roots="$(mkdir -p "${roots:-$out/roots}" && cd "${roots:-$out/roots}" && pwd)"

open_root "$roots/$release-arm64" "$release"
trap close_root EXIT
say "Installing a cross compiler and libraries for arm64"
{
  in_root dpkg --add-architecture arm64
  in_root apt-get update -q
  install_in_root ccache cmake g++ g++-aarch64-linux-gnu meson ninja-build nlohmann-json3-dev pkg-config \
    qemu-user-static
  install_in_root flite1-dev:arm64 gstreamer1.0-plugins-base:arm64 gstreamer1.0-plugins-good:arm64 \
    gstreamer1.0-tools:arm64 libgstreamer-plugins-base1.0-dev:arm64 libgstreamer1.0-dev:arm64 libicu-dev:arm64 \
    libopenblas0-openmp:arm64 libsndfile1-dev:arm64 libsoxr-dev:arm64
  # libtorch-dev wants Python for arm64, which cannot lie beside that for amd64 and which nothing of
  # it needs here: its files are unpacked, its libraries installed.
  install_in_root libgflags-dev:arm64 libgoogle-glog-dev:arm64 libprotobuf-dev:arm64 \
    "$(in_root apt-cache show libtorch-dev:arm64 | sed -n 's/^Depends:.*\(libtorch[0-9.]*\) .*/\1/p' | head -1):arm64"
  in_root sh -ec 'cd /tmp && apt-get download -q libtorch-dev:arm64 && dpkg -x libtorch-dev_*_arm64.deb /'
} >"$out/install.log" 2>&1 || { tail -20 "$out/install.log" >&2; fail "see $out/install.log"; }

say "Building"
copy_tree "$chroot/src"
in_root env CCACHE_DIR=/ccache sh -ec 'cd /src
  [ -f build-arm64/build.ninja ] ||
    meson setup build-arm64 --cross-file scripts/cross/aarch64-linux-gnu.ini -Dsmall=true
  ninja -C build-arm64' >"$out/build.log" 2>&1 || { tail -40 "$out/build.log" >&2; fail "see $out/build.log"; }

plugin="$chroot/src/build-arm64/gst/libgstchatterbox.so"
in_root aarch64-linux-gnu-readelf -h "${plugin#"$chroot"}" | grep -q AArch64 || fail "expected a plugin for arm64 in $plugin"
say "plugin for arm64: $(stat -c %s "$plugin") bytes"
in_root sh -ec 'cd /src/build-arm64
  objdump=aarch64-linux-gnu-objdump
  for object in $(find lib/src -name "*portable*.o" -o -name "*_kernels.cpp.o"); do
    printf "%s: %s vector multiply-adds, %s scalar\n" "$(basename "$object")" \
      "$($objdump -d "$object" | grep -cE "f(mla|mls)[[:space:]]+v" || true)" \
      "$($objdump -d "$object" | grep -cE "fn?m(add|sub)[[:space:]]" || true)"
  done' | tee "$out/kernels.txt"
say "Speaking in qemu"
mount --bind /sys "$chroot/sys"
trap 'umount "$chroot/sys"; close_root' EXIT
rm -f "$chroot/tmp/arm64.wav"
# The emulator's default processor has SVE, with which the process ends in a segmentation fault.
in_root env QEMU_CPU=cortex-a72 OMP_NUM_THREADS=2 CHATTERBOX_WATERMARK_PATH=/src/models/watermark \
  qemu-aarch64-static /src/build-arm64/examples/chatterbox-tts /src/models/embedded "Hello." /tmp/arm64.wav \
  >"$out/speak.log" 2>&1 || { tail -20 "$out/speak.log" >&2; fail "the arm64 build does not speak"; }
[ "$(stat -c %s "$chroot/tmp/arm64.wav")" -gt 20000 ] || fail "expected speech in $chroot/tmp/arm64.wav"
cp "$chroot/tmp/arm64.wav" "$out"
say "done: $out"
