#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Every file that is installed is in a package, or debian/ says that it is in none. The same is
refused when packages are built (dh_missing), which takes a quarter of an hour to say so.
packages_test.py MESON TREE BUILD"""
import fnmatch
import json
import pathlib
import subprocess
import sys


def main():
    meson, tree, build = sys.argv[1:]
    debian = pathlib.Path(tree, "debian")
    if not debian.is_dir():
        print("no debian/ in this tree")
        return 77
    packaged = [line for listing in [*debian.glob("*.install"), debian / "not-installed"]
                for line in listing.read_text().split()]
    ask = [*meson.split(), "introspect", build]
    options = json.loads(subprocess.check_output([*ask, "--buildoptions"]))
    option = {one["name"]: one["value"] for one in options}
    library = option["libdir"]
    lost, count = [], 0
    for target in json.loads(subprocess.check_output([*ask, "--installed"])).values():
        path = pathlib.PurePath(target)
        if not path.is_relative_to(option["prefix"]):
            continue  # a system's own folder, which debian/rules fills
        # As Debian lays things out: see debian/rules.
        place = ("usr/" + str(path.relative_to(option["prefix"]))).replace(f"usr/{library}/", "usr/lib/TRIPLET/")
        place = place.replace("/site-functions/", "/vendor-completions/")
        count += 1
        if not any(fnmatch.fnmatch(place, pattern) or place.startswith(pattern + "/")
                   or fnmatch.fnmatch(place, pattern + "/*") for pattern in packaged):
            # A folder may be listed by what is in it.
            if not any(pattern.startswith(place + "/") for pattern in packaged):
                lost.append(place)
    for place in lost:
        print(f"expected {place} in debian/*.install or debian/not-installed")
    print(f"{count} installed, {len(lost)} in no package")
    return 1 if lost or not count else 0


if __name__ == "__main__":
    sys.exit(main())
