#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server on a PostgreSQL whose disk is full."""
import unittest

import many
from client import *
from many import LONG, begins, shared_server
from postgres import cluster_or_skip


class FullDisk(unittest.TestCase):
    """A small disk as that of the database."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chatterbox-disk-")
        self.addCleanup(os.rmdir, self.folder)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m,mode=0777", "none", self.folder],
                          capture_output=True, check=False).returncode:
            self.skipTest("this user may not mount a small disk")
        self.addCleanup(subprocess.run, ["umount", self.folder], check=False)

    def fill(self, leave):
        """The disk, but for so many bytes."""
        disk = os.statvfs(self.folder)
        size = disk.f_bavail * disk.f_frsize - leave
        with open(os.path.join(self.folder, "filler"), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(size, 1))

    def make_room(self):
        os.remove(os.path.join(self.folder, "filler"))

    def hand_in(self, server, most=60):
        """Accepted jobs until one is not; that answer."""
        accepted = []
        for number in range(most):
            # Nothing that PostgreSQL could make smaller.
            answer = server.post("/run", {"input": tts("Number %d." % number, padding=b64(os.urandom(150_000)))})
            if answer.status != 200:
                return accepted, answer
            accepted.append(answer.json["id"])
        raise AssertionError("%d requests of 200 kB found room on a full disk" % most)

    def expect_refused_and_kept(self, server, own):
        """While the disk is full; then `own` has room, and everything accepted is done."""
        accepted, answer = self.hand_in(server)
        self.assertEqual((answer.status, answer.json["error"]), (503, "Storage unavailable"))
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertEqual(server.get("/health").status, 200)
        self.make_room()
        # What ended for want of room its keeper starts again.
        if own.process.poll() is not None:
            own.start()
        server.until(lambda: server.get("/ping").status == 200, 60, "the database")
        server.until(lambda: server.post("/run", {"input": {"operation": "list_local_voices"}}).status == 200,
                     60, "room")
        for job in accepted:
            done = server.wait(job, 120)
            self.assertEqual(done["status"], "COMPLETED", done)
        return accepted

    def test_of_its_tables(self):
        with cluster_or_skip() as own:
            place = os.path.join(self.folder, "tables")
            os.mkdir(place)
            if own.user:
                os.chown(place, own.user.pw_uid, own.user.pw_gid)
            own.query("CREATE TABLESPACE small LOCATION '%s'" % place)
            name, address = own.new_database("TABLESPACE small")
            with shared_server(address) as server:
                self.fill(2 << 20)
                # Nothing ends while requests come in.
                blocker = server.run(tts("A long story. " * 250), policy=LONG)
                server.until(lambda: begins(server, blocker), 60, "a start")
                server.post("/cancel/" + blocker)
                accepted = self.expect_refused_and_kept(server, own)
                self.assertIn("No space left on device", server.read_log())
                # The database itself went on.
                self.assertIsNone(own.process.poll())
                self.assertGreater(len(accepted), 0)

    def test_of_its_log(self):
        """Where the write-ahead log finds no room PostgreSQL itself ends."""
        with cluster_or_skip("wal_recycle=off", "max_wal_size=32MB", "min_wal_size=32MB", "synchronous_commit=on",
                             folder=os.path.join(self.folder, "cluster")) as own:
            with shared_server(own.new_database()[1]) as server:
                self.fill(4 << 20)
                self.expect_refused_and_kept(server, own)


if __name__ == "__main__":
    many.main(__doc__)
