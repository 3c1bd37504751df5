# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Blocks that the test of pages does not run, by page and first line, and why."""

NOT_RUN = {
    ("README.md", './demo.sh "Any sentence you like." out.wav    # installs what is missing, builds, speaks'):
        "installs and builds; every release runs both on fresh systems",
    ("docs/upgrade.md", "git pull && ninja -C build"): "changes the tree that is tested",
    ("docs/design/live-conversion.md",
     "16 kHz samples -> mel -> speech tokens -> flow -> mel -> vocoder -> 24 kHz"): "a drawing",
    ("docs/design/phones.md", "for each segment:"):
        "pseudo code; tests/lib compares the phones of texts with its result",
    ("docs/design/phones.md", "It costs $3.50. Really?"): "text and its phones; tests/lib has them",
    ("docs/design/model-files.md", "{"): "tests/lib/config_test.cpp reads it",
    ("docs/embedded.md", "meson setup build-small -Dsmall=true --buildtype=release && ninja -C build-small"):
        "builds the tree anew; scripts/small.py measures what it makes",
    ("docs/embedded.md", "sudo scripts/arm64.sh"): "makes a Debian and builds the tree in it",
    ("docs/many-machines.md", "┌────────────┐"): "a drawing",
    ("docs/many-machines.md",
     "tests/sidecar/many_measure.py --server build/sidecar/chatterbox-server --model models/embedded \\"):
        "figures, and a proof of many minutes; tests/sidecar runs it small",
    ("docs/many-machines.md", "[Unit]"): "tests/sidecar/many_balancer_test.py has systemd read it",
    ("docs/sidecar-configuration.md",
     "sudo scripts/package.sh --release bookworm --out build/packages-bookworm build"):
        "needs a container engine; scripts/package.sh try runs the lines of the Containerfile in a root",
}
