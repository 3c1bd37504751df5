#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A PostgreSQL of one's own: a cluster in a temporary directory, on a Unix socket, gone afterwards.

postgres.py PROGRAM ARGUMENTS... runs the program with CHATTERBOX_TEST_POSTGRES set to the address of
a database that is empty; exits with 77, which Meson takes for skipped, where there is no PostgreSQL."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77


class Missing(Exception):
    """Why there can be no cluster here."""


def find_programs():
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True) + sorted(glob.glob("/usr/pgsql-*/bin"))
    for folder in [os.path.dirname(shutil.which("postgres") or "")] + folders:
        if all(os.access(os.path.join(folder, name), os.X_OK) for name in ("postgres", "initdb")):
            return folder
    raise Missing("expected the programs postgres and initdb, found none")


def find_user():
    """Who runs the cluster: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Missing("expected a user postgres or nobody to run PostgreSQL as, found none")


def processes_of(parent):
    """It and its children."""
    found = [parent]
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as stat:
                if name.isdigit() and int(stat.read().rsplit(")", 1)[1].split()[1]) == parent:
                    found.append(int(name))
        except OSError:
            pass
    return found


class Cluster:
    def __init__(self, *settings, folder=None, environment=None):
        """In `folder`, which is made and removed; else in a temporary one."""
        self.environment = environment or {}
        self.programs, self.user = find_programs(), find_user()
        self.folder = folder or tempfile.mkdtemp(prefix="chatterbox-pg-")
        os.makedirs(self.folder, exist_ok=True)
        self.data = os.path.join(self.folder, "data")
        self.settings, self.process, self.made = settings, None, 0
        try:
            if self.user:
                os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
            command = self.maker()
            made = subprocess.run(command, capture_output=True, check=False, **self.as_user())
            if made.returncode != 0:
                raise Missing(command[0] + " failed: " + (made.stdout + made.stderr).decode()[-1000:])
            self.start()
        except BaseException:
            self.close()
            raise

    def maker(self):
        """The command that makes its files."""
        return [self.program("initdb"), "-D", self.data, "-U", "chatterbox", "-A", "trust", "-E", "UTF8",
                "--locale=C", "-N"]

    def program(self, name):
        """One of PostgreSQL's."""
        path = os.path.join(self.programs, name)
        return path if os.access(path, os.X_OK) else name

    def as_user(self, more=()):
        taken = {"cwd": self.folder, "env": dict(os.environ, HOME=self.folder, LC_ALL="C", **dict(more))}
        if self.user:
            taken.update(user=self.user.pw_uid, group=self.user.pw_gid, extra_groups=[])
        return taken

    def start(self):
        # No crash of the machine is to be outlived. What is set later wins.
        settings = ("listen_addresses=", "unix_socket_directories=" + self.folder, "max_connections=200",
                    "shared_buffers=64MB", "fsync=off", "logging_collector=off") + self.settings
        command = [os.path.join(self.programs, "postgres"), "-D", self.data]
        for setting in settings:
            command += ["-c", setting]
        end = time.monotonic() + 120
        while time.monotonic() < end:
            # After a crash the memory of the last one may be in use for a moment.
            if self.process is None or self.process.poll() is not None:
                with open(os.path.join(self.folder, "log"), "ab") as log:
                    self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                                    **self.as_user(self.environment))
            if self.query("SELECT 1", check=False) == "1":
                return
            time.sleep(0.2)
        raise Missing("postgres did not answer within 120 s: " + self.read_log()[-1000:])

    def read_log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self, how=signal.SIGINT):
        """SIGINT: a fast shutdown; SIGQUIT: at once, as after a crash."""
        self.process.send_signal(how)
        self.process.wait()

    def close(self):
        if self.process and self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def query(self, sql, database="postgres", check=True):
        """What psql prints for it, without frames."""
        done = subprocess.run([self.program("psql"), "-h", self.folder,
                               "-U", "chatterbox", "-d", database, "-X", "-q", "-t", "-A", "-c", sql],
                              capture_output=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(sql + ": " + done.stderr.decode())
        return done.stdout.decode().strip()

    def admit(self, network):
        """Whoever is there comes in without a password."""
        with open(os.path.join(self.data, "pg_hba.conf"), "a", encoding="ascii") as rules:
            rules.write("host all all %s trust\n" % network)
        self.query("SELECT pg_reload_conf()")

    def new_database(self, more=""):
        """Its name and its address; `more` of CREATE DATABASE."""
        self.made += 1
        name = "jobs%d" % self.made
        self.query("CREATE DATABASE %s TEMPLATE template0 %s" % (name, more))
        return name, "postgresql://chatterbox@/%s?host=%s" % (name, self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Replica(Cluster):
    """One that follows another until it is promoted."""

    def __init__(self, primary, *settings):
        self.primary = primary
        super().__init__(*settings)

    def maker(self):
        return [self.program("pg_basebackup"), "-h", self.primary.folder, "-U", "chatterbox", "-D", self.data, "-R",
                "-X", "stream", "-c", "fast"]


def cluster_or_skip(*settings, **more):
    try:
        return Cluster(*settings, **more)
    except Missing as why:
        print("SKIPPED: %s" % why, file=sys.stderr)
        sys.exit(SKIPPED)


if __name__ == "__main__":
    with cluster_or_skip() as cluster:
        address = cluster.new_database()[1]
        sys.exit(subprocess.run(sys.argv[1:], env=dict(os.environ, CHATTERBOX_TEST_POSTGRES=address),
                                check=False).returncode)
