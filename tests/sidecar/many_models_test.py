#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two servers with different models on one PostgreSQL: each job is begun where its model is, waits while
that server is away, and fails when the model has been away for ten leases that others were there for."""
import unittest

import many
from client import *
from many import LONG, begins, shared_server
from postgres import cluster_or_skip, processes_of

folder = None
LEASE = 1
# What a job's model is waited for.
PATIENCE = 10 * LEASE


def setUpModule():
    global folder
    folder = tempfile.mkdtemp(prefix="chatterbox-models-")
    subprocess.run([many.options.tiny_models, folder], check=True)
    # Tiny models have none of their own.
    os.environ["CHATTERBOX_WATERMARK_PATH"] = os.path.join(os.path.dirname(many.options.model), "watermark")


def tearDownModule():
    shutil.rmtree(folder, ignore_errors=True)


def server_with(address, *families):
    models = [part for family in families for part in ("--model", "%s=%s/%s" % (family, folder, family))]
    return shared_server(address, "--lease-seconds", str(LEASE), *models)


def nano_job(server):
    return server.run(tts("Hello.", voice_name="Amy", model="nano"))


def unserved(server):
    return int(re.search(r"^chatterbox_jobs_unserved (\d+)$", server.get("/metrics").body.decode(), re.M).group(1))


class DifferentModels(unittest.TestCase):
    def test_each_job_is_begun_where_its_model_is(self):
        address = many.cluster.new_database()[1]
        with server_with(address, "nano") as nano, server_with(address, "turbo") as turbo:
            jobs = {name: [server.run(tts("Hello.", voice_name="Amy", model=name)) for _ in range(4)]
                    for name, server in (("nano", nano), ("turbo", turbo))}
            # What names no model is spoken by either.
            either = [server.run(tts("Hello.", voice_name="Amy")) for server in (nano, turbo) for _ in range(3)]
            for job in either:
                self.assertNotIn("by tiny", nano.wait(job, 120)["output"]["info"])
            for name, other in (("nano", turbo), ("turbo", nano)):
                for job in jobs[name]:
                    # Asked of the one that has not the model.
                    done = other.wait(job, 120)
                    self.assertEqual(done["status"], "COMPLETED", done)
                    self.assertIn("tiny", done["output"]["info"])
                    self.assertFalse(begins(other, job))
            # One that accepts knows only its own.
            refused = turbo.wait(turbo.run(tts("Hello.", model="nano")))
            self.assertEqual((refused["status"], refused["error"]), ("FAILED", "Unknown model: nano"))

    def busy(self, nano):
        """A job that nano's only worker speaks for longer than a test takes, and one that waits behind it."""
        long = nano.run(tts("A long story, told slowly. " * 150, voice_name="Amy", model="nano"), policy=LONG)
        nano.until(lambda: begins(nano, long), 60, "a start")
        return long, nano_job(nano)

    def test_a_model_that_is_away_is_waited_for(self):
        address = many.cluster.new_database()[1]
        with server_with(address) as here, server_with(address, "nano") as nano:
            long, waiting = self.busy(nano)
            nano.kill()
            here.until(lambda: unserved(here) == 2, 30, "the figure of what nobody can speak")
            # Others' jobs go on meanwhile.
            self.assertEqual(here.wait(here.run(tts("Hello.")))["status"], "COMPLETED")
            nano.start()
            here.post("/cancel/" + long)
            self.assertEqual(here.wait(waiting, 120)["status"], "COMPLETED")
            here.until(lambda: unserved(here) == 0, 30, "the figure without them")

    def test_a_model_that_stays_away_is_told(self):
        address = many.cluster.new_database()[1]
        with server_with(address) as here, server_with(address, "nano") as nano:
            lost = self.busy(nano)
            nano.kill()
            start = time.monotonic()
            for job in lost:
                done = here.wait(job, 120)
                self.assertEqual((done["status"], done["error"]), ("FAILED", "No server has the model"))
                self.assertIn("expected a server with model nano, got none for %d s" % PATIENCE, done["message"])
            self.assertGreater(time.monotonic() - start, PATIENCE / 2)
            # It is tried again when the model is back.
            nano.start()
            self.assertEqual(here.post("/retry/" + lost[1]).status, 200)
            self.assertEqual(here.wait(lost[1], 120)["status"], "COMPLETED")

    def test_a_database_that_is_silent_is_nobodys_absence(self):
        """Longer than a model is waited for: then no server could say what it has."""
        with cluster_or_skip() as own:
            address = own.new_database()[1]
            with server_with(address) as here, server_with(address, "nano") as nano:
                long, waiting = self.busy(nano)
                frozen = processes_of(own.process.pid)
                for process in frozen:
                    os.kill(process, signal.SIGSTOP)
                time.sleep(PATIENCE + 3 * LEASE)
                for process in frozen:
                    os.kill(process, signal.SIGCONT)
                here.until(lambda: here.post("/cancel/" + long).status == 200, 60, "the database")
                done = here.wait(waiting, 240)
                self.assertEqual(done["status"], "COMPLETED", done)
                self.assertNotIn("no server has its model", here.read_log() + nano.read_log())


if __name__ == "__main__":
    many.main(__doc__, "tiny_models")
