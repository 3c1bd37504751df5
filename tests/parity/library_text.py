# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""What this library makes of texts (token_ids), and its Chinese words and Japanese readings in the
place of those that upstream has from other packages."""
import json
import pathlib
import re
import subprocess
import unicodedata


def ask(build, directory, family, cases):
    """The answers of token_ids; its source says what cases and answers are."""
    program = pathlib.Path(build) / "tests" / "parity" / "token_ids"
    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    answer = subprocess.run([program, directory, family], input=lines.encode(), check=True,
                            stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in answer.decode().split("\n")[:-1]]


class Words:
    """Upstream's segmenter and kakasi, saying what the library said in its last answer."""

    def __init__(self):
        self.segments, self.readings = {}, {}

    def take(self, answer):
        self.segments, self.readings = dict(answer["segments"]), dict(answer["readings"])

    def cut(self, text):
        return self.segments[text]

    def convert(self, text):
        # White space and controls do not reach the library's reader.
        parts = re.split(r"([\s\x00-\x1f]+)", text)
        return [word for part in parts for word in self._read(part)]

    def _read(self, text):
        words = self.readings.get(unicodedata.normalize("NFC", text))
        if words is None:  # nothing to read
            return [{"orig": text, "hira": text}] if text else []
        return [{"orig": unicodedata.normalize("NFKD", written), "hira": reading or written}
                for written, reading in words]
