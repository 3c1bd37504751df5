#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The confinement of chatterbox-decode, and kernels that do not offer it: the server and all that it
starts run under a filter that refuses system calls, as container runtimes refuse them."""
import ctypes
import errno
import platform
import struct
import unittest

from client import *

options = None
LANDLOCK = (444, 445, 446)
SECCOMP = {"x86_64": 317, "aarch64": 277}.get(platform.machine())
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER_MODE = 22, 38, 2


def without(*calls):
    """For a process that begins: from now on the kernel knows none of these."""
    # Load the call's number; for each, if it is that: "not implemented"; otherwise allow.
    steps = [(0x20, 0, 0, 0)]
    for call in calls:
        steps += [(0x15, 0, 1, call), (0x06, 0, 0, 0x00050000 | errno.ENOSYS)]
    steps.append((0x06, 0, 0, 0x7fff0000))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code)))
    library = ctypes.CDLL(None, use_errno=True)

    def forbid():
        assert code   # to which the program points
        if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
                library.prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.byref(program), 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    return forbid


class Sandbox(unittest.TestCase):
    def setUp(self):
        if "LD_PRELOAD" in os.environ:
            self.skipTest("a sanitizer needs what a decoder may not have")
        if not SECCOMP:
            self.skipTest("the numbers of this machine's system calls are not known here")

    def decodes(self, one):
        done = one.post("/runsync", {"input": {"operation": "watermark_detection", "input_audio": b64(tone(2))}}).json
        self.assertEqual(done["status"], "COMPLETED", done)

    def test_where_there_is_neither(self):
        with self.assertRaises(RuntimeError) as refused:
            Server(options, limits=without(*LANDLOCK, SECCOMP))
        self.assertIn("expected a kernel with Landlock or seccomp to confine it, got landlock=0 seccomp=0; "
                      "decoder-sandbox=optional goes on without", str(refused.exception))

    def test_where_there_is_neither_and_that_is_allowed(self):
        with Server(options, "--decoder-sandbox", "optional", limits=without(*LANDLOCK, SECCOMP)) as one:
            self.assertIn("got landlock=0 seccomp=0", one.read_log())
            self.assertNotIn("confined by", one.read_log())
            self.decodes(one)

    def test_with_one_of_them(self):
        with Server(options) as one:
            both = re.search("confined by landlock=([0-9]+) seccomp=([01])", one.read_log())
        self.assertTrue(both)
        print("  this kernel: landlock=%s seccomp=%s" % both.groups())
        with Server(options, limits=without(*LANDLOCK)) as one:
            self.assertIn("confined by landlock=0 seccomp=1", one.read_log())
            self.decodes(one)
        if both.group(1) == "0":
            return   # without seccomp there is neither
        with Server(options, limits=without(SECCOMP)) as one:
            self.assertIn("confined by landlock=%s seccomp=0" % both.group(1), one.read_log())
            self.decodes(one)

    def test_a_decoder_that_finds_neither_decodes_nothing(self):
        """Also when the server did not find out: it has to be told."""
        decoder = os.path.join(os.path.dirname(options.server), "chatterbox-decode")
        with tempfile.TemporaryDirectory() as folder:
            def decode(*more):
                return subprocess.run([decoder, os.path.join(folder, "registry"), "10", "10", *more], input=tone(1),
                                      capture_output=True, check=False, preexec_fn=without(*LANDLOCK, SECCOMP), env={})
            subprocess.run([decoder, os.path.join(folder, "registry"), "--check"], check=False, capture_output=True)
            refused, allowed = decode(), decode("unconfined")
        self.assertEqual((refused.returncode, refused.stdout), (1, b""))
        self.assertIn(b"expected a kernel with Landlock or seccomp", refused.stderr)
        self.assertEqual(allowed.returncode, 0, allowed.stderr)
        self.assertGreater(len(allowed.stdout), 24000)

    def test_a_program_that_is_no_decoder(self):
        """One that says nothing, one that fails, one that is not there."""
        with tempfile.TemporaryDirectory() as place:
            program = shutil.copy(options.server, os.path.join(place, "chatterbox-server"))
            libraries = os.path.join(os.path.dirname(options.server), "..", "lib", "src")
            copied = argparse.Namespace(**{**vars(options), "server": program})
            for text in ("#!/bin/false\n", "#!/bin/sh\necho landlock=6 seccomp=1\nexit 3\n", "nothing"):
                with open(os.path.join(place, "chatterbox-decode"), "w", encoding="ascii") as file:
                    file.write(text)
                os.chmod(file.name, 0o755)
                with self.assertRaises(RuntimeError) as refused:
                    Server(copied, environment={"LD_LIBRARY_PATH": os.path.realpath(libraries)})
                self.assertIn("expected a kernel with Landlock or seccomp", str(refused.exception), text)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
