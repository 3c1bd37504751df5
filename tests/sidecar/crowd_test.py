#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Slow readers, names that collide, a clock that jumps: others do not notice."""
import socket
import unittest

from client import *
from clock import clock_or_skip

options = None


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


class Pings:
    """Asks /ping all the time and keeps how long each took, in ms."""

    def __init__(self, server):
        self.server, self.times, self.ending = server, [], False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ending:
            start = time.perf_counter()
            assert self.server.get("/ping").status == 200
            self.times.append(1000 * (time.perf_counter() - start))
            time.sleep(0.01)

    def end(self):
        self.ending = True
        self.thread.join()
        return self.times


class Crowd(unittest.TestCase):
    def test_slow_readers_of_a_large_result(self):
        with Server(options, "--max-audio-seconds", "36000") as one:
            # Speech at the highest rate makes much of little work.
            job = one.run(tts("A sentence to be resampled. " * 40, sample_rate=96000))
            done = one.wait(job, 240)
            size = len(json.dumps(done))
            before = one.rss_kb()
            request = ("GET /status/%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % job).encode()
            crowd = []
            pings = Pings(one)
            for _ in range(options.readers):
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.connect(("127.0.0.1", one.port))
                connection.sendall(request)
                crowd.append(connection)
            time.sleep(3)
            grown = (one.rss_kb() - before) / 1000
            times = pings.end()
            print("  %d readers of %.1f MB that read nothing: %.0f MB more, /ping p99 %.0f ms" % (
                len(crowd), size / 1e6, grown, percentile(times, 0.99)))
            self.assertLess(grown, 1 + 0.8 * len(crowd))
            # Who reads on gets all of it, whatever the others do.
            self.assertEqual(one.get("/status/" + job).json, done)
            crowd[0].settimeout(60)
            answer = b""
            while piece := crowd[0].recv(1 << 20):
                answer += piece
            self.assertEqual(json.loads(answer.split(b"\r\n\r\n", 1)[1]), done)
            for connection in crowd:
                connection.close()

    def test_a_result_whose_time_ends_while_it_is_read(self):
        with Server(options, "--result-seconds", "2") as one:
            job = one.run(tts("A sentence to be resampled. " * 20, sample_rate=96000))
            with socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.connect(("127.0.0.1", one.port))
                connection.sendall(("GET /status-sync/%s?wait=120000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                    % job).encode())
                connection.settimeout(150)
                answer = connection.recv(1000)
                time.sleep(4)   # its time is over, and most of it is still to be sent
                while piece := connection.recv(1 << 20):
                    answer += piece
                done = json.loads(answer.split(b"\r\n\r\n", 1)[1])
                self.assertEqual(done["status"], "COMPLETED")
                self.assertGreater(len(read_wav(done["output"]["audio"])[1]), 1_000_000)
            one.until(lambda: one.status(job).status == 404, 20, "the end of the result")

    def test_names_that_collide(self):
        """Names chosen to meet in one place of a table are too many for one object."""
        names = [""]
        while len(names) < 16384:
            # Equal in GLib's hash of strings: 33 * first + second.
            names = [name + pair for name in names for pair in ("bA", "ab")]
        body = "{" + ",".join('"%s":1' % name for name in names) + "}"
        with Server(options) as one:
            pings = Pings(one)
            for _ in range(3):
                for path in ("/run", "/v1/audio/speech"):
                    self.assertEqual(one.post(path, body.encode()).status, 400)
            times = pings.end()
            self.assertLess(percentile(times, 0.99), 1000)


class Listeners(unittest.TestCase):
    """Speech on Wyoming's port waits for a client that does not read. (Over HTTP it waits in memory, of its
    owner's share: shares_test.py.)"""
    TEXT = "A sentence of a story that nobody is in a hurry to hear. " * 42

    def processor_seconds(self, server):
        with open("/proc/%d/stat" % server.process.pid, encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def until_idle(self, server):
        """Processor seconds until the server does nothing for two seconds."""
        start = before = self.processor_seconds(server)
        end = time.monotonic() + 400
        while time.monotonic() < end:
            time.sleep(2)
            now = self.processor_seconds(server)
            if now > start and now - before < 0.1:
                return now - start
            before = now
        raise AssertionError("the server is never idle")

    def hold_up(self, server, port, request, is_end):
        """Reads nothing until the server has made all that it will, then everything."""
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", port))
            before = server.rss_kb()
            connection.sendall(request)
            made = self.until_idle(server)
            grown = (server.rss_kb() - before) / 1000
            # A worker that waits does not keep the model from others.
            self.assertEqual(server.post("/v1/audio/speech", {"input": "Another.", "response_format": "wav"}).status, 200)
            at = self.processor_seconds(server)
            connection.settimeout(120)
            answer = bytearray()
            while not is_end(answer):
                piece = connection.recv(1 << 20)
                self.assertTrue(piece, "the connection ends after %d bytes" % len(answer))
                answer += piece
            rest = self.processor_seconds(server) - at
        print("  %.1f s of work and %.0f MB more, then %.1f s for one who reads, %.1f MB in all" % (
            made, grown, rest, len(answer) / 1e6))
        self.assertGreater(rest, made / 4, "all was made though nobody read")
        # At 48,000 bytes a second, of which 80 s or so fit into the buffers of kernel and server.
        self.assertGreater(len(answer), 100 * 48_000)

    def test_of_wyoming(self):
        with Server(options, "--workers", "2", "--wyoming", "127.0.0.1:0") as one:
            port = int(re.search(r"speaking Wyoming on 127.0.0.1:([0-9]+)", one.read_log()).group(1))
            event = json.dumps({"type": "synthesize", "data": {"text": self.TEXT}})
            self.hold_up(one, port, event.encode() + b"\n",
                         lambda answer: answer.rfind(b"audio-stop", -300) >= 0)


class Clock(unittest.TestCase):
    def test_a_clock_that_jumps(self):
        """A day forth and back: no job is timed out or forgotten."""
        with clock_or_skip(self) as clock:
            with Server(options, "--workers", "1", environment=clock.environment) as one:
                done = one.run(tts("Done before."))
                self.assertEqual(one.wait(done)["status"], "COMPLETED")
                running = one.run(tts("A long story, told slowly. " * 60))
                one.until(lambda: one.status(running).json["status"] == "IN_PROGRESS", 30, "a start")
                for seconds in (200_000, -200_000, 0):
                    clock.jump(seconds)
                    time.sleep(0.8)
                    self.assertEqual(one.status(done).json["status"], "COMPLETED", seconds)
                    self.assertEqual(one.status(running).json["status"], "IN_PROGRESS", seconds)
                self.assertEqual(one.post("/cancel/" + running).json["status"], "CANCELLED")
                self.assertLess(one.status(running).json["executionTime"], 60_000)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--readers", type=int, default=40, help="slow readers")
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
