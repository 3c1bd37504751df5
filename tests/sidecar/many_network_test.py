#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers on machines of their own (network namespaces), one of which loses its network."""
import unittest

import many
import network
from client import *
from many import LONG, begins, shared_server
from postgres import cluster_or_skip


class Cable(unittest.TestCase):
    def test_who_is_gone_keeps_nothing(self):
        """A server whose cable is pulled knows it within 20 s; the database lets go of its connections, and
        so of what they hold; another server does its job."""
        bridge = network.Bridge()
        self.addCleanup(bridge.close)
        with cluster_or_skip("listen_addresses=" + network.GATEWAY) as own:
            own.admit(network.PREFIX + "0/24")
            name, _ = own.new_database()
            address = "postgresql://chatterbox@%s/%s" % (network.GATEWAY, name)
            machines = [bridge.machine() for _ in range(2)]
            with shared_server(address, "--lease-seconds", "5", key=KEY, machine=machines[0]) as gone:
                job = gone.run(tts("A long story. " * 200), policy=LONG)
                gone.until(lambda: begins(gone, job), 60, "a start")
                held = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = '%s'" % machines[0].address
                self.assertGreater(int(own.query(held)), 2)
                machines[0].cut()
                start = time.monotonic()
                gone.until(lambda: "its lease is lost" in gone.read_log(), 30, "the end of its work")
                gone.until(lambda: "the database is away" in gone.read_log(), 30, "that it knows")
                knows = time.monotonic() - start
                gone.until(lambda: own.query(held) == "0", 60, "the end of its connections")
                print("  a cable pulled: known there after %.1f s, its connections gone after %.1f s"
                      % (knows, time.monotonic() - start))
                self.assertLess(knows, 22)
                with shared_server(address, "--lease-seconds", "5", key=KEY, machine=machines[1]) as other:
                    other.until(lambda: begins(other, job), 60, "the job at the other")
                    machines[0].mend()
                    gone.until(lambda: gone.get("/ping").status == 200, 60, "the database")
                    # What it had begun is the other's.
                    self.assertEqual(other.status(job).json["status"], "IN_PROGRESS")
                    self.assertEqual(gone.status(job).json["status"], "IN_PROGRESS")
                    gone.post("/cancel/" + job)
                    other.until(lambda: "job %s had ended before" % job in other.read_log()
                                or "job %s: its lease is lost" % job in other.read_log(), 60, "the end of work")


if __name__ == "__main__":
    why = network.enter()
    if why:
        print("SKIPPED: " + why, file=sys.stderr)
        sys.exit(77)
    many.main(__doc__)
