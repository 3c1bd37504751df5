#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Malformed requests by two keys at once, from the fuzzer's corpus and changed at random: every
answer has a code that fits, none holds a byte of the other key's, memory and open files stay."""
import multiprocessing
import random
import re
import socket

from client import *

KEYS = ("first-key-0123456789", "second-key-0123456789")
SECRETS = ("Zanzibar marmalade", "Quixotic xylophone")
TOKENS = (b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud800", b"null", b"1e999", b"-",
          b"\x00", b"\xff", b"\xef\xbb\xbf", b"input", b"operation", b"tts", b"voice", b"model", b" ")
HEAD_TOKENS = (b"\r\n", b"\r", b"\n", b"\x00", b"\xff", b": ", b"chunked", b"Transfer-Encoding: chunked\r\n",
               b"Content-Length: 7\r\n", b"Content-Length: -1\r\n", b"Range: bytes=0-,0-\r\n", b"HTTP/1.0",
               b"Expect: 100-continue\r\n", b"Host: evil.example\r\n", b"Origin: null\r\n", b"%00", b"//", b"*")
PATHS = ("/run", "/v1/audio/speech", "/v1/audio/voices", "/status/%s", "/stream/%s?wait=0", "/cancel/%s",
         "/retry/%s", "/purge-queue", "/health", "/metrics", "/v1/models/%s", "/v2/x/status/%s",
         "/v1/audio/voices/%s", "/nothing", "/%%", "/status-sync/%s?wait=0&ttl=x", "/v1/models/%s/unload",
         "/v1/audio/voices/%s/preview")
# Where a job is asked for by its id, that of the other key's is not there.
OF_A_JOB = re.compile("/(v2/x/)?(status|stream|retry|status-sync)/")
ALLOWED = {200, 201, 204, 206, 400, 401, 404, 405, 409, 413, 416, 429}
# What a line that is no request may get besides.
OF_A_HEAD = ALLOWED | {403, 408, 417, 431, 501, 505}


def change(chance, body, tokens):
    body = bytearray(body)
    for _ in range(chance.randrange(1, 6)):
        at, kind = chance.randrange(len(body) + 1), chance.randrange(4)
        if kind == 0:
            del body[at:at + chance.randrange(1, 30)]
        elif kind == 1:
            body[at:at] = chance.choice(tokens)
        elif kind == 2 and at < len(body):
            body[at] = chance.randrange(256)
        else:
            body[at:at] = body[chance.randrange(len(body) + 1):][:chance.randrange(40)]
    return bytes(body)


def ask(port, data):
    """All that the server answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass   # it has answered and hung up
        answer = b""
        try:
            while piece := connection.recv(1 << 16):
                answer += piece
        except ConnectionResetError:
            pass   # it did not read all of what it refused
        return answer


def storm(port, number, corpus, jobs, count, seed, results):
    chance, codes, faults = random.Random(seed), {}, []
    mine = [json.dumps({"input": {"operation": "none", "text": SECRETS[number], "voice_name": SECRETS[number]},
                        "policy": {"ttl": 10000}}).encode()]
    try:
        for _ in range(count):
            about = chance.randrange(2)
            path = chance.choice(PATHS).replace("%s", jobs[about]).replace("%%", "%")
            body = change(chance, chance.choice(corpus + mine * 50) or b"{}", TOKENS)
            method = chance.choice(("POST", "POST", "POST", "GET", "PATCH", "DELETE", "HEAD", "OPTIONS"))
            if method == "POST" and path.startswith("/cancel"):
                method = "GET"   # jobs of both stay to be asked for
            head = ("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (
                method, path, KEYS[number], len(body))).encode()
            broken = chance.randrange(8) == 0
            if broken:
                head = change(chance, head, HEAD_TOKENS)
            what = "%s %s%s" % (method, path, " with a broken head %r" % head if broken else "")
            try:
                answer = ask(port, head + body)
            except OSError as error:
                faults.append("%s: %r" % (what, error))
                continue
            status = int(answer[9:12]) if re.match(rb"HTTP/1.[01] [0-9]{3}", answer) else 0
            if answer.startswith(b"HTTP/1.1 100") and b"\r\n\r\nHTTP/1.1 " in answer:
                status = int(answer.split(b"\r\n\r\n", 1)[1][9:12])
            codes[status] = codes.get(status, 0) + 1
            if status not in (OF_A_HEAD | {0, 100} if broken else ALLOWED):
                faults.append("%s: %d %r" % (what, status, answer[:200]))
            if not broken and about != number and OF_A_JOB.match(path) and method in ("GET", "POST") and \
                    status not in (404, 405):
                faults.append("%s: expected 404 for a job of the other key, got %d" % (what, status))
            if SECRETS[1 - number].encode() in answer:
                faults.append("%s: words of the other key: %r" % (what, answer[:200]))
    finally:
        results.put((codes, faults))


def open_files(server):
    return len(os.listdir("/proc/%d/fd" % server.process.pid))


parser = arguments(__doc__)
parser.add_argument("--requests", type=int, default=2000)
parser.add_argument("--corpus", default=os.path.join(os.path.dirname(__file__), "..", "fuzz", "corpus", "request"))
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--senders", type=int, default=4, help="processes, half of them of each key")
options = parser.parse_args()
corpus = [open(os.path.join(options.corpus, name), "rb").read() for name in sorted(os.listdir(options.corpus))]
corpus = [body for body in corpus if len(body) < 50_000]
with tempfile.TemporaryDirectory() as folder:
    keys = os.path.join(folder, "keys")
    with open(keys, "w", encoding="ascii") as file:
        file.write("\n".join(KEYS) + "\n")
    with Server(options, "--api-key-file", keys, "--webhooks", "none", "--max-live", "4",
                "--workers", "1", "--result-seconds", "60") as server:
        jobs = []
        for number, key in enumerate(KEYS):
            answer = server.post("/run", {"input": tts(SECRETS[number], mode="streaming")},
                                 headers={"Authorization": "Bearer " + key})
            jobs.append(answer.json["id"])
        for number, key in enumerate(KEYS):
            server.until(lambda: server.get("/status/" + jobs[number], headers={
                "Authorization": "Bearer " + KEYS[number]}).json["status"] == "COMPLETED", 120, "a job")
            # These two stay to be asked for.
            server.get("/status/%s?ttl=86400000" % jobs[number], headers={"Authorization": "Bearer " + key})
        context = multiprocessing.get_context("fork")
        faults, codes, marks, files = [], {}, [], open_files(server)
        start, done = time.monotonic(), 0
        for part in (0.2, 0.8):
            results = context.Queue()
            each = int(options.requests * part / options.senders)
            senders = [context.Process(target=storm, args=(
                server.port, number % 2, corpus, jobs, each,
                options.seed * 1000 + number + int(part * 10) * 100, results))
                for number in range(options.senders)]
            for sender in senders:
                sender.start()
            for sender in senders:
                found, wrong = results.get()
                faults += wrong
                for status, count in found.items():
                    codes[status] = codes.get(status, 0) + count
            for sender in senders:
                sender.join()
                if sender.exitcode:
                    faults.append("a sender ended with %d" % sender.exitcode)
            done += each * options.senders
            assert server.process.poll() is None, server.read_log()[-2000:]
            for key in KEYS:
                server.post("/purge-queue", headers={"Authorization": "Bearer " + key})
            server.until(lambda: open_files(server) <= files + 8, 120, "the end of all connections")
            marks.append(server.rss_kb() / 1000)
        seconds = time.monotonic() - start
        print("%d requests in %.0f s: %s" % (sum(codes.values()), seconds, dict(sorted(codes.items()))))
        print("memory after a fifth %.0f MB, at the end %.0f MB (%+.1f %%)" % (
            marks[0], marks[1], 100 * (marks[1] / marks[0] - 1)))
        if sum(codes.values()) + len(faults) < done:
            faults.append("only %d of %d requests were answered" % (sum(codes.values()), done))
        # Each still has what is its own, and there was no fault inside.
        for number, key in enumerate(KEYS):
            mine = server.get("/status/" + jobs[number], headers={"Authorization": "Bearer " + key})
            if mine.status != 200 or SECRETS[number] not in mine.body.decode():
                faults.append("a job of its own is gone: %d" % mine.status)
        faults += [line for line in server.read_log().splitlines() if "a request failed" in line or "storage:" in line]
        print("%d faults" % len(faults))
        for fault in faults[:20]:
            print("  " + fault)
        sys.exit(1 if faults else 0)
