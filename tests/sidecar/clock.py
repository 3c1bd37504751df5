# SPDX-License-Identifier: MIT
"""A clock that a program takes for the machine's, and that jumps when it is told to."""
from shim import Shim, shim_or_skip

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


class Clock(Shim):
    def __init__(self):
        super().__init__(SOURCE, "CLOCK_OFFSET")
        self.jump(0)

    def jump(self, seconds):
        """So far from the machine's."""
        self.tell(str(seconds))


def clock_or_skip(test):
    return shim_or_skip(test, Clock)
