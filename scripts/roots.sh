# SPDX-License-Identifier: MIT
# Shared by scripts that try things in a Debian of their own: roots that debootstrap makes.
# Sourced after scripts/setup.sh; expects $roots, where they are kept.

mirror="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
root_path=/usr/sbin:/usr/bin:/sbin:/bin
chroot=""

# What git knows of the tree, without what is only built.
copy_tree() {
  mkdir -p "$1"
  git -C "$root" ls-files -z | tar -C "$root" --null -T - -cf - | tar -C "$1" --no-same-owner -xf -
}

in_root() { chroot "$chroot" env -i PATH="$root_path" HOME=/root LANG=C.UTF-8 "$@"; }

# What a root is built with may be lost with it: nothing waits for the disk.
quick_apt="apt-get -y -q --no-install-recommends -o DPkg::Options::=--force-unsafe-io"
install_in_root() {
  # shellcheck disable=SC2086
  in_root env DEBIAN_FRONTEND=noninteractive $quick_apt install "$@"
}

# A base that debootstrap has made, or makes: base_root RELEASE.
base_root() {
  local base="$roots/$1-base"
  [ ! -f "$base/etc/debian_version" ] || [ -d "$base/debootstrap" ] || return 0
  install_missing debootstrap
  rm -rf --one-file-system "$base"
  say "Making a $1 with debootstrap"
  debootstrap --variant=minbase "$1" "$base" "$mirror" >"$base.log" 2>&1 || fail "debootstrap failed; see $base.log"
  # No service is started in a root that has no init.
  printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
  chmod +x "$base/usr/sbin/policy-rc.d"
  # This machine's way to the mirror is the root's.
  apt-config dump | grep -E '^Acquire::(https?|ftp|Check-)' >"$base/etc/apt/apt.conf.d/90host" || true
}

# Makes a root of the base, or takes the one that is there: open_root DIRECTORY RELEASE.
open_root() {
  chroot="$1"
  if [ ! -d "$chroot" ]; then
    base_root "$2"
    cp -a "$roots/$2-base" "$chroot"
  fi
  close_root
  mkdir -p "$chroot/ccache" "$roots/$2-ccache"
  printf 'max_size = 5G\nhash_dir = false\nsloppiness = time_macros,pch_defines\ndepend_mode = true\n' >"$roots/$2-ccache/ccache.conf"
  mount -t proc proc "$chroot/proc"
  mount --bind "$roots/$2-ccache" "$chroot/ccache"
}

close_root() {
  [ -n "$chroot" ] || return 0
  umount "$chroot/proc" 2>/dev/null || true
  umount "$chroot/ccache" 2>/dev/null || true
}
