#define _GNU_SOURCE
#include "cfaultsync.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
  long failing, calls;
  char path[512];
} state;

void fault_sync_arm(const char *path, long n) {
  state.failing = n;
  state.calls = 0;
  snprintf(state.path, sizeof state.path, "%s", path);
}

long fault_sync_disarm(void) {
  state.path[0] = 0;
  return state.calls;
}

// Whether the call for an open file is the one that is to fail.
static int fails(int file) {
  if (!state.path[0]) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, state.path) && ++state.calls == state.failing;
}

// A function of the program goes before that of its libraries, for all of them.
int fsync(int file) {
  if (fails(file)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_fsync, file);
}
