#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Every block of code on a page is run, or a list says why not: blocks_test.py TREE BUILD PAGE...

Shell is pasted as it stands, JSON posted to a server, C++ compiled, settings given to the server.
`blocks_test.py TREE --complete PAGE...` looks whether every page with blocks is among the pages, and
whether the list has none that are gone."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

from machine import SERVER, Machine, Skipped
from not_run import NOT_RUN
from pages import blocks_of, commands_of, pages_of

SPEAK = '''
#include <cstdio>
#include <chatterbox/error.h>
#include <chatterbox/options.h>
#include <chatterbox/voice.h>
{includes}
int main() {{
{statements}
}}
'''


def run_shell(machine, block):
    """Servers in the background, the lines between them as pasted."""
    lines = []
    for command in commands_of(block.text):
        if not SERVER.match(command):
            lines.append(command)
            continue
        run_lines(machine, lines)
        start_server(machine, command)
        lines = []
    run_lines(machine, lines)


def run_lines(machine, lines):
    if not lines:
        return
    if all(re.fullmatch(r"CHATTERBOX_\w+=\S*", line) for line in lines):
        return run_environment(machine, lines)
    if any("-u postgres" in line for line in lines):
        machine.start_postgres()
    machine.run("\n".join(lines))


def start_server(machine, command):
    if "s3://" in command:
        bucket = machine.start_bucket()
        command = re.sub(r"s3://\S+", "s3://speech-bucket/pages", command)
        command = re.sub(r"https://minio\.example:9000", bucket.endpoint, command)
    command = command.replace("file:///srv/", f"file://{machine.folder.name}/srv-")
    for folder in re.findall(r"file://(\S+)", command):
        os.makedirs(folder, exist_ok=True)
    machine.start(command)


def run_environment(machine, lines):
    """The file of a unit's environment."""
    settings = dict(line.split("=", 1) for line in lines)
    machine.start("chatterbox-server", **settings)
    machine.stop()


def run_compose(machine, block):
    """No engine runs containers here: the server starts with the environment of its container."""
    settings = dict(re.findall(r"^ +(CHATTERBOX_\w+): (\S+)$", block.text, re.M))
    assert settings, "no test knows what this YAML is for"
    machine.start("chatterbox-server", **settings)
    machine.stop()


def run_settings(machine, block):
    """A configuration of the server, with keys and certificates that are here."""
    folder = pathlib.Path(machine.folder.name)
    text = machine.here(block.text)
    scheme = "http"
    if "tls-certificate" in text:
        scheme = "https"
        subprocess.run([machine.tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                        "-days", "1", "-subj", "/CN=localhost", "-keyout", folder / "key.pem",
                        "-out", folder / "certificate.pem"], check=True, capture_output=True)
    (folder / "keys").write_text("a-key-for-tests-0123456789\n")
    for name, file in (("api-key-file", "keys"), ("tls-certificate", "certificate.pem"),
                       ("tls-key", "key.pem")):
        text = re.sub(rf"^({name})=.*", rf"\1={folder / file}", text, flags=re.M)
    (folder / "server.conf").write_text(text)
    machine.start(f"chatterbox-server --config {folder / 'server.conf'}", scheme)
    machine.stop()


def run_json(machine, block):
    body = json.loads(block.text)
    if "voices" in body:
        return run_voices(machine, body)
    if isinstance(body.get("input"), (dict, str)):
        if not machine.serves():
            machine.start("chatterbox-server")
        path = "/runsync" if isinstance(body["input"], dict) else "/v1/audio/speech"
        answer = machine.post(path, body)
        assert b'"FAILED"' not in answer[:400], answer[:400]
        return None
    raise AssertionError("no test knows what this JSON is for")


def run_voices(machine, body):
    """The index of a folder of voices: each of them can be spoken with."""
    folder = pathlib.Path(machine.folder.name) / "voices"
    folder.mkdir(exist_ok=True)
    (folder / "index.json").write_text(json.dumps(body))
    for voice in body["voices"]:
        recording = machine.tree / "voices" / voice["file"]
        (folder / voice["file"]).write_bytes(recording.read_bytes())
        line = f"chatterbox say -v {voice['voice_id']} -o spoken.wav Hello."
        machine.run(f"CHATTERBOX_VOICES_PATH={folder} {line}")


def run_cpp(machine, block):
    """Includes above, the rest in main(); compiled against the library of the build, and run."""
    lines = block.text.splitlines()
    text = block.text if "int main" in block.text else SPEAK.format(
        includes="\n".join(line for line in lines if line.startswith("#")),
        statements="\n".join(line for line in lines if not line.startswith("#")))
    source = pathlib.Path(machine.folder.name) / "block.cpp"
    source.write_text(text)
    library = machine.build / "lib" / "src"
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    subprocess.run([*compiler, "-std=c++20", "-Wall", "-I", machine.tree / "lib" / "include", source,
                    "-o", source.with_suffix(""), "-L", library, "-lchatterbox",
                    f"-Wl,-rpath,{library}"], check=True)
    machine.run(str(source.with_suffix("")))


def run_python(machine, block):
    machine.run("python3 - <<'BLOCK'\n" + block.text + "BLOCK")


def run_haproxy(machine, block):
    """HAProxy itself reads it; the names of containers are this machine."""
    file = pathlib.Path(machine.folder.name) / "haproxy.cfg"
    file.write_text(block.text)
    done = subprocess.run([machine.tool("haproxy"), "-c", "-f", file], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run_obs(machine, block):
    """A pipeline of obs-gstreamer: its host has the sinks that it names."""
    assert "audio." in block.text, "no test knows what this text is for"
    machine.run(f"gst-launch-1.0 {block.text.strip()} fakesink name=audio sync=true")


RUNS = {"sh": run_shell, "cpp": run_cpp, "python": run_python, "json": run_json, "ini": run_settings,
        "haproxy": run_haproxy, "text": run_obs, "yaml": run_compose}


def try_block(machine, block):
    """Prints how it went; True when it did."""
    why = NOT_RUN.get((block.page, block.first))
    started = time.monotonic()
    try:
        if why:
            raise Skipped(why)
        if block.language not in RUNS:
            raise AssertionError(f"no test runs a block of {block.language or 'no language'}; run it "
                                 "here, or say why not in not_run.py")
        RUNS[block.language](machine, block)
        result, told = "ok  ", f" ({time.monotonic() - started:.1f} s)"
    except Skipped as reason:
        result, told = "skip", f"\n      {reason}"
    except (AssertionError, OSError, ValueError, subprocess.CalledProcessError) as failure:
        result, told = "FAIL", f"\n      {failure}"
    print(f"{result}  {block}{told}", flush=True)
    return result != "FAIL"


def complete(tree, pages):
    with_blocks = {page for page in pages_of(tree) if blocks_of(tree, page)}
    there = {(block.page, block.first) for page in with_blocks for block in blocks_of(tree, page)}
    faults = [f"{page}: its blocks are run by no test; add it to tests/docs/meson.build"
              for page in sorted(with_blocks - set(pages))]
    faults += [f"{page}: there is no block '{first}' any more" for page, first in NOT_RUN
               if (page, first) not in there]
    print("\n".join(faults) or f"{len(with_blocks)} pages, {len(there)} blocks")
    return 1 if faults or not there else 0


def main():
    tree = pathlib.Path(sys.argv[1]).resolve()
    pages = [str(pathlib.Path(page).resolve().relative_to(tree)) for page in sys.argv[3:]]
    if sys.argv[2] == "--complete":
        return complete(tree, pages)
    good = ran = 0
    with Machine(tree, pathlib.Path(sys.argv[2]).resolve()) as machine:
        for page in pages:
            for block in blocks_of(tree, page):
                ran += 1
                good += try_block(machine, block)
    print(f"{ran} blocks, {ran - good} failed")
    return 1 if good < ran or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
