# SPDX-License-Identifier: MIT
"""What tests of two servers on one PostgreSQL have in common."""
import unittest

from client import *
from postgres import cluster_or_skip

# Set by main().
options = None
cluster = None
LONG = {"executionTimeout": 600000}


def shared_server(address, *flags, **more):
    return Server(options, "--store", address, "--workers", "1", "--threads", "1", *flags, **more)


def begins(server, job):
    return "job %s begins" % job in server.read_log()


class Pair(unittest.TestCase):
    """Two servers of each test's own, named one and two, on the database `name`."""

    def start(self, *flags, one=None, two=None):
        self.name, self.address = cluster.new_database()
        self.one = shared_server(self.address, *flags, **one or {})
        self.addCleanup(self.one.close)
        self.two = shared_server(self.address, *flags, **two or {})
        self.addCleanup(self.two.close)

    def query(self, sql):
        return cluster.query(sql, self.name)

    def begun(self, text, **fields):
        """A job, who speaks it, and who does not."""
        job = self.one.run(tts(text, **fields), policy=LONG)
        self.one.until(lambda: begins(self.one, job) or begins(self.two, job), 60, "a start")
        return (job, self.one, self.two) if begins(self.one, job) else (job, self.two, self.one)


def main(about, *programs):
    """Runs the tests of the program with a cluster of their own; `programs` are further ones they need."""
    global options, cluster
    parser = arguments(about)
    for program in programs:
        parser.add_argument("--" + program.replace("_", "-"), required=True, help="that program")
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    with cluster_or_skip() as cluster:
        unittest.main("__main__", argv=[sys.argv[0], "-v"] + [a for k in options.k or [] for a in ("-k", k)])
