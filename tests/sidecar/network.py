# SPDX-License-Identifier: MIT
"""Machines apart, as network namespaces on a bridge, whose cables can be pulled. All is gone with the
processes, however they end: it is inside a namespace that the program moves to."""
import os
import shutil
import subprocess
import sys

MARK = "CHATTERBOX_TEST_NETWORK"
GATEWAY = "10.77.0.1"
PREFIX = "10.77.0."


def run(*command):
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise OSError(" ".join(command) + ": " + done.stderr.decode().strip())


def enter():
    """Runs this program again with a network of its own. Returns why that is not possible; "" when it
    has been done."""
    if os.environ.get(MARK):
        run("ip", "link", "set", "lo", "up")
        return ""
    if not all(shutil.which(name) for name in ("unshare", "nsenter", "ip")):
        return "expected the programs unshare, nsenter and ip, found not all"
    # PostgreSQL has a user of its own, so that a namespace of users with one in it does not do.
    try:
        run("unshare", "-n", "sh", "-c", "ip link set lo up && ip link add br0 type bridge && "
            "ip link add v0 type veth peer name v1")
    except OSError as why:
        return "networks of one's own are not allowed here: %s" % why
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable] + sys.argv)


class Bridge:
    """What connects the machines, and the address by which this one is known to them."""

    def __init__(self):
        self.machines = []
        if subprocess.run(["ip", "link", "show", "br0"], capture_output=True, check=False).returncode:
            run("ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0")
            run("ip", "addr", "add", GATEWAY + "/24", "dev", "br0")
            run("ip", "link", "set", "br0", "up")

    def machine(self):
        self.machines.append(Machine(len(self.machines) + 2))
        return self.machines[-1]

    def close(self):
        for machine in self.machines:
            machine.close()


class Machine:
    def __init__(self, number):
        self.address, self.cable = PREFIX + str(number), "cable%d" % number
        # Keeps the namespace, and ends with this program.
        self.holder = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdin.write(b"\n")
        self.holder.stdin.flush()
        self.holder.stdout.readline()
        self.before = ["nsenter", "--net=/proc/%d/ns/net" % self.holder.pid]
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0",
            "netns", str(self.holder.pid))
        run("ip", "link", "set", self.cable, "master", "br0", "up")
        for command in (("addr", "add", self.address + "/24", "dev", "eth0"), ("link", "set", "eth0", "up"),
                        ("link", "set", "lo", "up")):
            run(*self.before, "ip", *command)

    def cut(self):
        """Nothing comes or goes, and nobody is told."""
        run("ip", "link", "set", self.cable, "down")

    def mend(self):
        run("ip", "link", "set", self.cable, "up")

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()
