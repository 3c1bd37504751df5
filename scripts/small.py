#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""What the small build is and takes, as the tables of docs/embedded.md:
    scripts/small.py BUILD
BUILD was configured with -Dsmall=true. A pipeline speaks a sentence and waits for the next one;
what it has mapped then is told by the kernel (/proc/PID/smaps)."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
SENTENCE = b"Hello from a small build.\n"


def megabytes(count):
    return f"{count / 1e6:.1f} MB"


def table(title, rows):
    print(f"| {title} | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
    print()


def libraries(plugin):
    """The files that the plugin needs, its own needs included."""
    found = subprocess.check_output(["ldd", plugin], text=True)
    return sorted({pathlib.Path(path).resolve() for path in re.findall(r"=> (/\S+)", found)},
                  key=lambda path: -path.stat().st_size)


def wait_for_speech(process, path):
    """Until the file has not grown for two seconds."""
    size, since, begin = 0, time.monotonic(), time.monotonic()
    while time.monotonic() - begin < 120:
        if process.poll() is not None:
            sys.exit(f"expected gst-launch-1.0 to wait for more, it ended with {process.returncode}")
        now = path.stat().st_size if path.exists() else 0
        if now != size:
            size, since = now, time.monotonic()
        if size > 20000 and time.monotonic() - since > 2:
            return
        time.sleep(0.1)
    sys.exit(f"expected speech in {path}, got {size} bytes")


def mappings(pid):
    """Rows of /proc/PID/smaps: name of the file, kB of size, resident and private."""
    rows, name = [], ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            name = " ".join(line.split()[5:])
            rows.append([name, {}])
        else:
            key, value = line.split(":", 1)
            if value.endswith("kB"):
                rows[-1][1][key] = int(value.split()[0]) * 1024
    return rows


def at_run_time(build):
    with tempfile.TemporaryDirectory() as directory:
        speech = pathlib.Path(directory, "speech.raw")
        environment = dict(os.environ, GST_PLUGIN_PATH=str(build / "gst"), OMP_NUM_THREADS="2",
                           GST_REGISTRY=str(pathlib.Path(directory, "registry")),
                           CHATTERBOX_MODEL_PATH=str(TREE / "models" / "embedded"),
                           CHATTERBOX_WATERMARK_PATH=str(TREE / "models" / "watermark"))
        # The registry is made by another process, which loads every plugin of the machine.
        subprocess.run(["gst-inspect-1.0", "chatterboxtts"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        process = subprocess.Popen(
            ["gst-launch-1.0", "-q", "fdsrc", "fd=0", "!", "chatterboxtts", "force-live=true", "!", "filesink",
             f"location={speech}", "buffer-mode=unbuffered", "sync=false"],
            stdin=subprocess.PIPE, env=environment)
        try:
            process.stdin.write(SENTENCE)
            process.stdin.flush()
            wait_for_speech(process, speech)
            rows = mappings(process.pid)
        finally:
            process.kill()
            process.wait()

    def total(key, belongs):
        return sum(values.get(key, 0) for name, values in rows if belongs(name))

    def private(belongs):
        return total("Private_Clean", belongs) + total("Private_Dirty", belongs)

    parts = [("the plugin", lambda name: "libgstchatterbox" in name),
             ("libtorch", lambda name: re.search(r"/lib(torch|c10|caffe2)", name)),
             ("memory of its own, with weights", lambda name: not name.startswith("/")),
             ("everything", lambda name: True)]
    print("| after a sentence | mapped | resident | of it, its alone |\n|---|---|---|---|")
    for name, belongs in parts:
        print(f"| {name} | {megabytes(total('Size', belongs))} | {megabytes(total('Rss', belongs))} "
              f"| {megabytes(private(belongs))} |")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    plugin = build / "gst" / "libgstchatterbox.so"
    archive = build / "lib" / "src" / "libchatterbox.a"
    if not archive.is_file():
        sys.exit(f"expected a build with -Dsmall=true in {build}, got none: {archive} is missing")
    needs = libraries(plugin)
    table("on disk", [
        ("plugin, with the library in it, stripped", megabytes(plugin.stat().st_size)),
        ("`libchatterbox.a`, for a program of one's own (linked: what it uses of it)",
         megabytes(archive.stat().st_size)),
        ("small model", megabytes(sum(path.stat().st_size for path in (TREE / "models" / "embedded").iterdir()))),
        ("watermark", megabytes(sum(path.stat().st_size for path in (TREE / "models" / "watermark").iterdir()))),
        *((f"`{path.name}`", megabytes(path.stat().st_size)) for path in needs[:4]),
        (f"all {len(needs)} libraries that the plugin needs", megabytes(sum(path.stat().st_size for path in needs))),
    ])
    at_run_time(build)


if __name__ == "__main__":
    main()
