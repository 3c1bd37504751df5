# SPDX-License-Identifier: MIT
"""A clock that a program takes for the machine's, and that jumps when it is told to."""
import os
import shutil
import subprocess
import tempfile

SOURCE = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <fcntl.h>
#include <unistd.h>
static long jump(void) {
  char text[32] = "";
  int fd = open(getenv("CLOCK_OFFSET"), O_RDONLY);
  if (fd >= 0) { if (read(fd, text, 31) < 0) text[0] = 0; close(fd); }
  return atol(text);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
  long result = syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += jump();
  return (int)result;
}
int gettimeofday(struct timeval *now, void *zone) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec; now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}
"""


class Missing(Exception):
    """Why there can be none here."""


class Clock:
    def __init__(self):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler or "LD_PRELOAD" in os.environ:
            raise Missing("no C compiler, or a sanitizer that has to be loaded first")
        self.folder = tempfile.mkdtemp(prefix="chatterbox-clock-")
        source, shim, self.offset = (os.path.join(self.folder, name) for name in ("clock.c", "clock.so", "offset"))
        with open(source, "w", encoding="ascii") as file:
            file.write(SOURCE)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", shim, source], check=True)
        # For the program.
        self.environment = {"LD_PRELOAD": shim, "CLOCK_OFFSET": self.offset}
        self.jump(0)

    def jump(self, seconds):
        """So far from the machine's."""
        with open(self.offset, "w", encoding="ascii") as file:
            file.write(str(seconds))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def clock_or_skip(test):
    try:
        return Clock()
    except Missing as why:
        test.skipTest(str(why))
