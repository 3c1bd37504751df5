#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Malformed requests by two keys at once, from the fuzzer's corpus and changed at random: every
answer has a code that fits, none holds a byte of the other key's, memory stays."""
import random

from client import *

KEYS = ("first-key-0123456789", "second-key-0123456789")
SECRETS = ("Zanzibar marmalade", "Quixotic xylophone")
TOKENS = (b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud800", b"null", b"1e999", b"-",
          b"\x00", b"\xff", b"\xef\xbb\xbf", b"input", b"operation", b"tts", b"voice", b" ")
PATHS = ("/run", "/v1/audio/speech", "/v1/audio/voices", "/status/%s", "/stream/%s?wait=0", "/cancel/%s",
         "/retry/%s", "/purge-queue", "/health", "/metrics", "/v1/models/%s", "/v2/x/status/%s",
         "/v1/audio/voices/%s", "/nothing", "/%%", "/status-sync/%s?wait=0&ttl=%%")
ALLOWED = {200, 201, 206, 400, 401, 404, 405, 413, 429}


def change(chance, body):
    body = bytearray(body)
    for _ in range(chance.randrange(1, 6)):
        at, kind = chance.randrange(len(body) + 1), chance.randrange(4)
        if kind == 0:
            del body[at:at + chance.randrange(1, 30)]
        elif kind == 1:
            body[at:at] = chance.choice(TOKENS)
        elif kind == 2 and at < len(body):
            body[at] = chance.randrange(256)
        else:
            body[at:at] = body[chance.randrange(len(body) + 1):][:chance.randrange(40)]
    return bytes(body)


def storm(server, number, corpus, jobs, count, seed, faults, codes):
    chance = random.Random(seed)
    mine = [json.dumps({"input": {"operation": "none", "text": SECRETS[number], "voice_name": SECRETS[number]},
                        "policy": {"ttl": 10000}}).encode()]
    for _ in range(count):
        path = chance.choice(PATHS).replace("%s", chance.choice(jobs)).replace("%%", "%")
        body = change(chance, chance.choice(corpus + mine * 50) or b"{}")
        method = chance.choice(("POST", "POST", "POST", "GET", "PATCH", "DELETE", "HEAD", "OPTIONS"))
        if method == "POST" and path.startswith("/cancel"):
            method = "GET"   # jobs of both stay to be asked for
        try:
            answer = server.request(method, path, body, timeout=120,
                                    headers={"Authorization": "Bearer " + KEYS[number]})
        except (ConnectionError, http.client.HTTPException) as error:
            faults.append("%s %s: %r" % (method, path, error))
            continue
        codes[answer.status] = codes.get(answer.status, 0) + 1
        if answer.status not in ALLOWED and not (method == "OPTIONS" and answer.status == 204):
            faults.append("%s %s: %d %r" % (method, path, answer.status, answer.body[:200]))
        if SECRETS[1 - number].encode() in answer.body:
            faults.append("%s %s: words of the other key: %r" % (method, path, answer.body[:200]))


parser = arguments(__doc__)
parser.add_argument("--requests", type=int, default=2000)
parser.add_argument("--corpus", default=os.path.join(os.path.dirname(__file__), "..", "fuzz", "corpus", "request"))
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
corpus = [open(os.path.join(options.corpus, name), "rb").read() for name in sorted(os.listdir(options.corpus))]
corpus = [body for body in corpus if len(body) < 50_000]
with tempfile.TemporaryDirectory() as folder:
    keys = os.path.join(folder, "keys")
    with open(keys, "w", encoding="ascii") as file:
        file.write("\n".join(KEYS) + "\n")
    with Server(options, "--api-key-file", keys, "--webhooks", "none", "--max-live", "4") as server:
        jobs = []
        for number, key in enumerate(KEYS):
            answer = server.post("/run", {"input": tts(SECRETS[number], mode="streaming")},
                                 headers={"Authorization": "Bearer " + key})
            jobs.append(answer.json["id"])
        faults, codes, marks = [], {}, []
        for part in (0.2, 0.8):
            threads = [threading.Thread(target=storm, args=(
                server, number % 2, corpus, jobs, int(options.requests * part / 4),
                options.seed * 1000 + number + int(part * 10) * 100, faults, codes)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            marks.append(server.rss_kb() / 1000)
        print("%d requests: %s" % (sum(codes.values()), dict(sorted(codes.items()))))
        print("memory after a fifth %.0f MB, at the end %.0f MB (%+.1f %%)" % (
            marks[0], marks[1], 100 * (marks[1] / marks[0] - 1)))
        if sum(codes.values()) + len(faults) < options.requests // 4 * 4 - 8:
            faults.append("only %d of %d requests were sent" % (sum(codes.values()), options.requests))
        for fault in faults[:20]:
            print("  " + fault)
        assert server.process.poll() is None, server.read_log()[-2000:]
        sys.exit(1 if faults else 0)
