# SPDX-License-Identifier: MIT
# Shared by demo.sh and test.sh: installs what is missing and builds.
# Sourced, not run; expects $root to be the top of the tree.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

build_packages="g++ meson ninja-build cmake pkg-config libtorch-dev libgstreamer1.0-dev
  libgstreamer-plugins-base1.0-dev gstreamer1.0-tools gstreamer1.0-plugins-base
  gstreamer1.0-plugins-good libopenblas0-openmp libsoxr-dev libsndfile1-dev libicu-dev nlohmann-json3-dev flite1-dev
  libsoup-3.0-dev libjson-glib-dev libsqlite3-dev glib-networking"
# Without them the server keeps its jobs in files alone, and tests say what they leave out.
optional_packages="libpq-dev libcurl4-openssl-dev"
optional_test_packages="postgresql haproxy iproute2"
test_packages="libgtest-dev pocketsphinx pocketsphinx-en-us sox xz-utils gstreamer1.0-plugins-bad
  gstreamer1.0-pipewire pipewire wireplumber dbus-daemon"

# Installs those of the named Debian packages that are not there yet.
install_missing() {
  local missing=""
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' ||
      missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  say "Installing Debian packages:$missing"
  local as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing and sudo is not there to install them:$missing"
    as_root="sudo"
  fi
  command -v apt-get >/dev/null ||
    fail "expected a Debian system with apt-get; install what corresponds to:$missing"
  # Lists may be absent or stale on a fresh machine: refresh them once, only when needed.
  $as_root apt-get update -q >&2 || fail "apt-get update failed"
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    $missing >&2 || fail "could not install:$missing"
}

# The same for packages that can be done without: a machine without a network goes on.
install_optional() {
  (install_missing "$@") || say "Going on without what could not be installed"
}

# Configures (once) and builds the tree, or $build_targets of it, into $1; further arguments
# go to meson setup.
build_targets=""
build_tree() {
  local build="$1"
  shift
  if [ ! -f "$build/build.ninja" ]; then
    say "Configuring $build"
    meson setup "$build" "$root" "$@" >"$build.log" 2>&1 || {
      tail -n 30 "$build.log" >&2
      fail "meson setup failed; see $build.log"
    }
    mv "$build.log" "$build/setup.log"
  fi
  say "Building (about five minutes the first time, seconds after that)"
  if [ -t 2 ]; then
    # shellcheck disable=SC2086
    ninja -C "$build" $build_targets >&2 || fail "the build failed"
  else
    # shellcheck disable=SC2086
    ninja -C "$build" $build_targets >"$build/build.log" 2>&1 || {
      tail -n 40 "$build/build.log" >&2
      fail "the build failed; see $build/build.log"
    }
  fi
}
