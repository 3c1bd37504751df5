#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Every file that is installed is in a package, or debian/ says that it is in none. The same is
refused when packages are built (dh_missing), which takes a quarter of an hour to say so. And every
command of a package has a manual page, and completion for bash and zsh, and tells with --help what it
takes and with --version what it is, as the page says.
packages_test.py MESON TREE BUILD"""
import fnmatch
import json
import pathlib
import subprocess
import sys
import tempfile


def pages_and_completions(debian, installed):
    """What commands of packages lack, as lines that say so."""
    manuals = {path.name for path in [*debian.glob("*.1"), *map(pathlib.Path, installed.values())]}
    # One that is generated is for the command it is named by, and may not have been built yet.
    zsh = {"chatterbox"} & {pathlib.Path(place).name[1:] for place in installed.values()}
    zsh |= {command for path in installed if pathlib.Path(path).name == "_chatterbox-tools"
            for command in pathlib.Path(path).read_text().split("\n", 1)[0].split()[1:]}
    completions = {place for place in installed.values() if "/bash-completion/" in place}
    commands = [pathlib.Path(line).name for listing in debian.glob("*.install")
                for line in listing.read_text().split() if line.startswith("usr/bin/")]
    commands = [command for command in commands if f"usr/bin/{command}" in installed.values()]
    for command in commands:
        if f"{command}.1" not in manuals:
            yield f"expected a manual page of {command}, in debian/ or installed"
        if f"usr/share/bash-completion/completions/{command}" not in completions:
            yield f"expected completion of {command} for bash"
        if command not in zsh:
            yield f"expected completion of {command} for zsh"
    if not commands:
        yield f"expected commands in packages, got {commands}"


def help_and_version(debian, installed, version):
    """What commands do not tell of themselves, as lines that say so."""
    commands = {line for listing in debian.glob("*.install") for line in listing.read_text().split()
                if line.startswith("usr/bin/")}
    built = {pathlib.Path(place).name: source for source, place in installed.items() if place in commands}
    for name, source in sorted(built.items()):
        for option, expected in [("--help", name), ("--version", f"{name} {version}\n")]:
            done = subprocess.run([source, option], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                  timeout=60)
            told = done.stdout == expected if option == "--version" else expected in done.stdout
            if done.returncode != 0 or done.stderr or not told:
                yield f"expected {name} {option} to print {expected!r} and exit with 0, got {done}"
        page = debian / f"{name}.1"
        text = page.read_text() if page.exists() else ""
        for option in ["\\-\\-help", "\\-\\-version"]:
            if page.exists() and option not in text:
                yield f"expected {option} in {page.name}"
    if len(built) < 2:
        yield f"expected commands that are built, got {sorted(built)}"


def options_completed(script, command, help_text):
    """What bash offers for --, where the command tells its options with the given text."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, command)
        path.write_text(f"#!/bin/sh\ncat <<'HELP'\n{help_text}\nHELP\n")
        path.chmod(0o755)
        program = (f'source "$1"; COMP_WORDS=({command} --); COMP_CWORD=1; _chatterbox_longopts {command}; '
                   'printf "%s\\n" "${COMPREPLY[@]}"')
        return subprocess.check_output(
            ["bash", "-c", program, "bash", script], text=True,
            env={"PATH": f"{directory}:/usr/bin:/bin"}).split()


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
    lost, count, installed = [], 0, {}
    for source, target in json.loads(subprocess.check_output([*ask, "--installed"])).items():
        path = pathlib.PurePath(target)
        if not path.is_relative_to(option["prefix"]):
            continue  # a system's own folder, which debian/rules fills
        # As Debian lays things out: see debian/rules.
        place = ("usr/" + str(path.relative_to(option["prefix"]))).replace(f"usr/{library}/", "usr/lib/TRIPLET/")
        place = place.replace("/site-functions/", "/vendor-completions/")
        count += 1
        installed[source] = place
        if not any(fnmatch.fnmatch(place, pattern) or place.startswith(pattern + "/")
                   or fnmatch.fnmatch(place, pattern + "/*") for pattern in packaged):
            # A folder may be listed by what is in it.
            if not any(pattern.startswith(place + "/") for pattern in packaged):
                lost.append(place)
    for place in lost:
        print(f"expected {place} in debian/*.install or debian/not-installed")
    print(f"{count} installed, {len(lost)} in no package")
    wrong = list(pages_and_completions(debian, installed))
    version = json.loads(subprocess.check_output([*ask, "--projectinfo"]))["version"]
    wrong += help_and_version(debian, installed, version)
    script = pathlib.Path(tree, "tools", "completion", "longopts.bash")
    offered = options_completed(script, "chatterbox-server", "  --listen  HOST:PORT\n  -h, --help  this")
    if offered != ["--help", "--listen"]:
        wrong.append(f"expected bash to offer --help and --listen, got {offered}")
    print("\n".join(wrong))
    return 1 if lost or wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
