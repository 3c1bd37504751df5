# SPDX-License-Identifier: MIT
"""Several keys, and requests with one of them."""
from client import *

KEYS = ["first-key-0123456789", "second-key-0123456789", "third-key-0123456789"]


def key_file(*keys):
    path = os.path.join(tempfile.mkdtemp(prefix="chatterbox-keys-"), "keys")
    with open(path, "w", encoding="ascii") as file:
        file.write("# keys\n" + "\n".join(keys) + "\n")
    return path


def as_key(number):
    return {"Authorization": "Bearer " + KEYS[number]}


def run(one, number, fields, path="/run", **envelope):
    return one.post(path, dict(envelope, input=fields), headers=as_key(number))


def wait(one, number, job, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = one.get("/status-sync/%s?wait=5000" % job, headers=as_key(number))
        assert answer.status == 200, (answer.status, answer.body)
        if answer.json["status"] in FINAL:
            return answer.json
    raise AssertionError("job %s has not ended" % job)


__all__ = [name for name in globals() if not name.startswith("_")]
