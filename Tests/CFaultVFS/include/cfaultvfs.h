// For tests: a layer over SQLite's file system that fails a chosen write, as a broken or full disk would.
#ifndef CFAULTVFS_H
#define CFAULTVFS_H

// Puts the layer under every database that this process opens from now on. It passes everything on until `fault_arm`.
// Returns 0, or an SQLite result code. Does nothing the second time.
int fault_install(void);

// Which failure: an input/output error, or a disk without room.
enum fault_kind { FAULT_IO = 0, FAULT_FULL = 1 };

// Counts changes (write, truncate, sync, enlarging shared memory) of the files whose paths contain `path` and that are
// opened from now on. The `n`-th fails; with `lasting` not 0 every one after it too; with `n` below 1 none does. For one
// thread, as all that follows; databases elsewhere are left alone, whoever uses them.
void fault_arm(const char *path, long n, int lasting, enum fault_kind kind);

// Passes everything on again. Returns how many changes there were since `fault_arm`.
long fault_disarm(void);

// How many changes were failed since `fault_arm`.
long fault_count(void);

// Runs SQL text on a database file on a connection of its own. Returns 0 or an SQLite result code.
int fault_execute(const char *path, const char *sql);

// Opens a connection of its own and runs SQL text on it; `fault_release` closes it. NULL if either fails.
void *fault_hold(const char *path, const char *sql);
void fault_release(void *connection);

#endif
