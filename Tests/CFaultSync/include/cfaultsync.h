// For tests: the system call fsync, of which a chosen one fails, as on a disk that breaks.
#ifndef CFAULTSYNC_H
#define CFAULTSYNC_H

// From now on the `n`-th fsync of a file whose path contains `path` fails with EIO, and only that one. With `n` below 1
// none does. For one thread; files elsewhere are left alone, whoever writes them.
void fault_sync_arm(const char *path, long n);

// Passes everything on again. Returns how many calls there were for such files since `fault_sync_arm`.
long fault_sync_disarm(void);

#endif
