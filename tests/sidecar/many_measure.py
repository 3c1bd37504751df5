#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Figures of servers on one PostgreSQL: many_measure.py --server ... --model ... --voices ...
and --bench build/tests/sidecar/store_bench for the store's own. Fails where one is not what
docs/many-machines.md promises.

rates   jobs accepted, claimed and ended a second by servers that do no work: one on a file, one and
        four on PostgreSQL
claim   a claim while 1,000,000 jobs of 50 keys wait
stream  from a chunk's commit to its arrival at who reads /stream, at the server that speaks and at
        the other
cancel  from the answer to /cancel, given by the other server, until no worker is busy
voice   from the answer to a new voice until the other server lists it"""
import statistics

from client import *
from postgres import cluster_or_skip

# When each chunk could be seen at the earliest.
CLOCK = """
CREATE TABLE public.times(job bigint, number bigint, at double precision);
CREATE FUNCTION public.note_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO public.times VALUES(new.job, new.number, extract(epoch FROM clock_timestamp()));
  RETURN NULL; END $$;
CREATE TRIGGER note_time AFTER INSERT ON chatterbox.chunks FOR EACH ROW EXECUTE FUNCTION public.note_time();
"""


missed = []


def report(name, seconds, most_ms=None):
    values = sorted(1000 * value for value in seconds)
    p99 = values[min(len(values) - 1, int(0.99 * len(values)))]
    print("%s: n=%d median %.1f, p99 %.1f, largest %.1f ms" % (
        name, len(values), statistics.median(values), p99, values[-1]), flush=True)
    expect(name, p99, most_ms)


def expect(name, p99, most_ms):
    if most_ms is not None and p99 > most_ms:
        missed.append("%s: expected a p99 of at most %g ms, got %.1f" % (name, most_ms, p99))


def bench(*arguments):
    done = subprocess.run([options.bench, *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return done.stdout.decode()


def rates(own):
    with tempfile.TemporaryDirectory() as folder:
        print("a file:\n" + bench(os.path.join(folder, "jobs.sqlite"), "2000"), end="", flush=True)
    print("PostgreSQL:\n" + bench(own.new_database()[1], "2000"), end="", flush=True)


def claim(own):
    told = bench(own.new_database()[1], "0", str(options.waiting))
    print(told, end="", flush=True)
    expect("claim", float(re.search(r"p99 ([\d.]+)", told)[1]), 20)


def at_work(servers, job):
    """Who speaks it, and who does not."""
    while True:
        for server, other in (servers, servers[::-1]):
            if "job %s begins" % job in server.read_log():
                return server, other
        time.sleep(0.002)


def stream(servers, cluster, name):
    delays = ([], [])
    for number in range(options.repeats):
        job = servers[0].run(tts("A sentence that is heard while it is made. " * 8, mode="streaming",
                                 chunk_size=10, seed=number))
        which = number % 2
        reader = at_work(servers, job)[which]
        arrived = {}
        while True:
            news = reader.get("/stream/%s?wait=5000" % job).json
            now = time.time()
            for piece in news["stream"]:
                arrived[len(arrived)] = now
            if news["status"] in FINAL:
                break
        for row in cluster.query("SELECT number, at FROM public.times WHERE job = (SELECT number FROM "
                                 "chatterbox.jobs WHERE id = '%s')" % job, name).splitlines():
            chunk, made = row.split("|")
            # The first may have been made before anybody asked.
            if int(chunk) > 0:
                delays[which].append(arrived[int(chunk)] - float(made))
    report("stream, read where it is spoken", delays[0])
    report("stream, read from the other", delays[1], 50)


def cancel(servers):
    times = []
    for _ in range(options.repeats):
        job = servers[0].run(tts("A long story that goes on. " * 150))
        speaker, other = at_work(servers, job)
        time.sleep(0.3)
        other.post("/cancel/" + job)
        start = time.monotonic()
        while speaker.get("/health").json["workers"]["running"]:
            time.sleep(0.005)
        times.append(time.monotonic() - start)
    report("cancel through the other", times, 500)


def voice(servers):
    times = []
    for number in range(options.repeats):
        answer = servers[0].post("/v1/audio/voices", {"name": "Voice %d" % number,
                                                      "audio": b64(speech_like(6))})
        assert answer.status == 201, answer.body
        start = time.monotonic()
        while not any(one["name"] == "Voice %d" % number
                      for one in servers[1].get("/v1/audio/voices").json["voices"]):
            time.sleep(0.005)
        times.append(time.monotonic() - start)
    report("a new voice at the other", times, 1000)


parser = arguments(__doc__)
parser.formatter_class = argparse.RawDescriptionHelpFormatter
parser.add_argument("--repeats", type=int, default=20)
parser.add_argument("--bench", help="the program store_bench")
parser.add_argument("--waiting", type=int, default=1_000_000, help="jobs that wait while claims are measured")
parser.add_argument("--only", action="append", help="only figures of this name")
options = parser.parse_args()


def wanted(name):
    return not options.only or name in options.only


with cluster_or_skip("fsync=on", "max_wal_size=4GB") as own:
    print("load average %.1f" % os.getloadavg()[0], flush=True)
    if options.bench and wanted("rates"):
        rates(own)
    if options.bench and wanted("claim"):
        claim(own)
    if any(wanted(name) for name in ("stream", "cancel", "voice")):
        database, address = own.new_database()
        flags = ("--store", address, "--workers", "1", "--threads", "1")
        with Server(options, *flags) as one, Server(options, *flags) as two:
            own.query(CLOCK, database)
            if wanted("stream"):
                stream((one, two), own, database)
            if wanted("cancel"):
                cancel((one, two))
            if wanted("voice"):
                voice((one, two))
for miss in missed:
    print("MISSED: " + miss, file=sys.stderr)
sys.exit(1 if missed else 0)
