#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills the server at random moments: no job is lost, none is done twice."""
import random
import sys
import threading

from client import *

parser = arguments(__doc__)
parser.add_argument("--jobs", type=int, default=12)
parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
options = parser.parse_args()
chance = random.Random(options.seed)
print("seed", options.seed)

posted, answered_webhooks = {}, {}


class Listener(threading.Thread):
    """Counts webhooks."""

    def __init__(self):
        super().__init__(daemon=True)
        import http.server
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answered_webhooks.setdefault(body["id"], []).append(body["status"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        outer.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def run(self):
        self.server.serve_forever()


listener = Listener()
listener.start()
webhook = "http://127.0.0.1:%d/" % listener.server.server_port

server = Server(options, "--attempts", "1000", "--webhook-retry-seconds", "1",
                "--webhooks", "any", "--lease-seconds", "2")
kills = 0
try:
    while len(posted) < options.jobs:
        # Until the next kill: hand in jobs; those not acknowledged do not count.
        life = chance.uniform(0.05, 1.5)
        end = time.monotonic() + life
        killer = threading.Timer(life, server.process.kill)
        killer.start()
        while len(posted) < options.jobs and time.monotonic() < end:
            number = len(posted)
            mode = chance.choice(["basic", "streaming"])
            try:
                answer = server.post("/run", {"input": tts("Job number %d." % number, mode=mode),
                                              "webhook": webhook}, timeout=10)
            except (OSError, http.client.HTTPException):
                break
            if answer.status == 200:
                posted[answer.json["id"]] = number
            time.sleep(chance.uniform(0, 0.05))
        killer.join()
        server.kill()
        kills += 1
        server.start(wait_for_model=False)

    # A few more while the work is done.
    ended = {}
    for _ in range(5):
        time.sleep(chance.uniform(0.2, 1.0))
        server.kill()
        kills += 1
        server.start(wait_for_model=False)
    for job, number in posted.items():
        state = server.wait(job, 300)
        assert state["status"] == "COMPLETED", state
        assert state["output"]["text"] == "Job number %d." % number, (job, number)
        assert len(read_wav(state["output"]["audio"])[1]) > 2400
        ended[job] = state
    server.until(lambda: set(answered_webhooks) >= set(posted), 60, "every webhook")

    done = int(server.rows("SELECT COUNT(*) FROM outputs")[0][0])
    jobs = int(server.rows("SELECT COUNT(*) FROM jobs")[0][0])
    # A request whose answer the kill cut off may be there too; none is there twice.
    assert done == jobs and jobs >= len(posted), (done, jobs, len(posted))
    # The audio of a job that began again is what its seed says, whole.
    key = "job" if server.database else "id"
    mode_rows = server.rows("SELECT %s, COUNT(*), MAX(number) FROM chunks GROUP BY %s" % (key, key))
    assert all(int(count) == int(last) + 1 for _, count, last in mode_rows), mode_rows
    print("%d jobs acknowledged, %d kills: %d completed, 0 lost, 0 doubled; %d more were kept "
          "whose answer a kill cut off" % (len(posted), kills, len(ended), jobs - len(posted)))
except BaseException:
    sys.stderr.write(server.read_log()[-4000:])
    raise
finally:
    server.close()
