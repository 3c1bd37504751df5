#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the server's figures: measure.py [--only NAME] --server ... --model ... --voices ...

acknowledge  time from sending /run to its answer, while synthesis keeps every worker busy
first-audio  time from sending /v1/audio/speech to the first sample that can be heard, and for /stream
overhead     wall time of a job of about 10 s of speech over what the library itself took
memory       resident memory after 20 and after --jobs jobs
crowd        /ping and memory with idle connections, slow readers and large bodies at once
"""
import array
import multiprocessing
import socket
import statistics

from client import *

AUDIBLE = 327   # of 16 bits: 0.01 of full scale
STORY = ("The ferry left the harbour a little after seven, and nobody on the deck spoke for a while. "
         "Then somebody began to hum an old song, and two or three others joined in quietly. ")


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(part * len(values)))]


def report(name, values, unit="ms"):
    print("%s: n=%d median %.1f, p99 %.1f, largest %.1f %s" % (
        name, len(values), statistics.median(values), percentile(values, 0.99), max(values), unit),
        flush=True)


def acknowledge(server):
    stories = [server.run(tts(STORY * 25)) for _ in range(4)]
    server.until(lambda: server.get("/health").json["workers"]["idle"] == 0, 60, "busy workers")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body, times = json.dumps({"input": tts("Hello.")}), []
    for _ in range(options.requests):
        start = time.perf_counter()
        connection.request("POST", "/run", body)
        response = connection.getresponse()
        response.read()
        times.append(1000 * (time.perf_counter() - start))
        assert response.status == 200, response.status
        time.sleep(0.02)
    busy = server.get("/health").json["workers"]["idle"] == 0
    connection.close()
    report("/run acknowledged%s" % (", every worker busy" if busy else ", NOT all workers busy"), times)
    server.post("/purge-queue")
    for job in stories:
        server.post("/cancel/" + job)
    server.until(lambda: server.get("/health").json["workers"]["running"] == 0, 60, "rest")


def first_audio(server):
    speech, stream = [], []
    for number in range(options.repeats):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        body = json.dumps({"input": STORY, "response_format": "pcm", "seed": number})
        start = time.perf_counter()
        connection.request("POST", "/v1/audio/speech", body)
        response = connection.getresponse()
        samples = array.array("h")
        while not samples or max(map(abs, samples)) < AUDIBLE:
            samples = array.array("h", response.read(2400))
        speech.append(1000 * (time.perf_counter() - start))
        response.read()
        connection.close()
        start = time.perf_counter()
        job = server.run(tts(STORY, mode="streaming", chunk_size=25, seed=number))
        while not server.get("/stream/" + job).json["stream"]:
            pass
        stream.append(1000 * (time.perf_counter() - start))
        server.wait(job)
    report("first audio, /v1/audio/speech", speech)
    report("first audio, /run and /stream", stream)


def overhead(server):
    parts = []
    for number in range(options.repeats):
        start = time.perf_counter()
        answer = server.post("/runsync", {"input": tts(STORY, mode="streaming", chunk_size=50,
                                                       seed=number)})
        wall = time.perf_counter() - start
        output = answer.json["output"]
        metrics = output["streaming_metrics"]
        library = metrics["rtf"] * metrics["audio_duration"]
        parts.append(100 * (wall / library - 1))
    print("  %.1f s of speech" % output["duration"])
    report("overhead over the library", parts, "%")


def at_rest(server):
    """What stays in memory when the work is over, in kB."""
    least = server.rss_kb()
    for _ in range(40):
        time.sleep(0.1)
        least = min(least, server.rss_kb())
    return least


def memory(server):
    marks = {}
    for number in range(1, options.jobs + 1):
        fields = tts("Job number %d." % number, mode=("basic", "streaming")[number % 2])
        if number % 10 == 0:
            fields = {"operation": "voice_conversion", "input_audio": b64(CLIP),
                      "target_speaker": b64(VOICE)}
        done = server.post("/runsync", {"input": fields}).json
        assert done["status"] == "COMPLETED", done
        if number in (20, 100, 500, options.jobs):
            marks[number] = at_rest(server)
            print("  after %d jobs: %.1f MB" % (number, marks[number] / 1000), flush=True)
    print("memory after %d jobs against after 20: %+.1f %%" % (
        options.jobs, 100 * (marks[options.jobs] / marks[20] - 1)))


def crowd(server):
    """2,000 idle connections, 100 readers that read nothing, bodies of 20 MB: /ping and memory."""
    job = server.run(tts("A sentence to be resampled. " * 40, sample_rate=96000))
    server.wait(job, 240)
    before = server.rss_kb()
    sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(options.idle)]
    for _ in range(options.readers):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.bind(("127.0.0.2", 0))
        one.connect(("127.0.0.1", server.port))
        one.sendall(("GET /status/%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % job).encode())
        sockets.append(one)
    # Whoever sends and who measures has a process each: threads of one would wait for each other.
    context = multiprocessing.get_context("fork")
    ending, results = context.Event(), context.Queue()
    senders = [context.Process(target=send_bodies, args=(server.port, ending, results)) for _ in range(4)]
    ports = context.Queue()
    control = context.Process(target=bare_server, args=(ports,))
    control.start()
    asker = context.Process(target=ask, args=(server.port, ports.get(), ending, results))
    for process in senders + [asker]:
        process.start()
    most, end = 0, time.monotonic() + options.seconds
    while time.monotonic() < end:
        most = max(most, server.rss_kb())
        time.sleep(0.05)
    ending.set()
    codes = {}
    for _ in range(len(senders) + 1):
        found = results.get()
        if isinstance(found, tuple):
            report("/ping in the crowd", found[0])
            report("the same of a bare server in the same moments", found[1])
        else:
            for status, count in found.items():
                codes[status] = codes.get(status, 0) + count
    for process in senders + [asker]:
        process.join()
    control.kill()
    control.join()
    print("memory: %.0f MB over idle at most; bodies of 19 MB: %s" % ((most - before) / 1000, codes))
    for one in sockets:
        one.close()


def other(port, method, path, data=None):
    """A request from an address that the crowd does not fill."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=("127.0.0.3", 0))
    try:
        connection.request(method, path, data)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def send_bodies(port, ending, results):
    body = json.dumps({"input": {"operation": "none", "text": "x" * 19_000_000}}).encode()
    codes = {}
    while not ending.is_set():
        try:
            status = other(port, "POST", "/runsync", body)
        except OSError:
            status = 0
        codes[status] = codes.get(status, 0) + 1
    results.put(codes)


def bare_server(ports):
    """What a request takes that costs its server nothing: the machine's own part."""
    listener = socket.create_server(("127.0.0.1", 0))
    ports.put(listener.getsockname()[1])
    while True:
        connection = listener.accept()[0]
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        connection.close()


def ask(port, control, ending, results):
    times = ([], [])
    while not ending.is_set():
        for number, at in ((0, port), (1, control)):
            start = time.perf_counter()
            assert other(at, "GET", "/ping") == 200
            times[number].append(1000 * (time.perf_counter() - start))
        time.sleep(0.02)
    results.put(times)


parser = arguments(__doc__)
parser.formatter_class = argparse.RawDescriptionHelpFormatter
parser.add_argument("--only", help="one of the five names")
parser.add_argument("--requests", type=int, default=300)
parser.add_argument("--repeats", type=int, default=15)
parser.add_argument("--jobs", type=int, default=2000)
parser.add_argument("--idle", type=int, default=2000, help="idle connections of the crowd")
parser.add_argument("--readers", type=int, default=100, help="its readers that read nothing")
parser.add_argument("--seconds", type=int, default=20, help="how long it stays")
options = parser.parse_args()
CLIP, VOICE = tone(1), tone(6)
for measure in (acknowledge, first_audio, overhead, memory, crowd):
    name = measure.__name__.replace("_", "-")
    if options.only in (None, name):
        with Server(options, "--sync-result-seconds", "5") as own:
            print("load average %.1f" % os.getloadavg()[0], flush=True)
            measure(own)
