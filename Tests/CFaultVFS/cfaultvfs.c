#include "cfaultvfs.h"

#include <sqlite3.h>
#include <string.h>

// What is counted belongs to the process, as the file system does: a test arms it, runs, and disarms it.
static struct {
  long countdown_to, changes, failed;
  int lasting, armed;
  enum fault_kind kind;
  char path[512];
} state;

// A file of the layer, with the system's file behind it in the same memory.
struct file {
  sqlite3_file base;
  sqlite3_file *real;
  long counted;
};

// Whether the change that is about to be made is to fail.
static int fails(struct sqlite3_file *f) {
  if (!((struct file *)f)->counted || !state.armed) return 0;
  state.changes++;
  if (state.countdown_to < 1 || state.changes < state.countdown_to) return 0;
  if (state.changes > state.countdown_to && !state.lasting) return 0;
  state.failed++;
  return 1;
}

static int failure(int io_code) { return state.kind == FAULT_FULL ? SQLITE_FULL : io_code; }

static sqlite3_vfs *system_vfs;
static sqlite3_vfs layer;

#define REAL(f) (((struct file *)(f))->real)
#define CALL(f, name) REAL(f)->pMethods->name

static int file_close(sqlite3_file *f) { return CALL(f, xClose)(REAL(f)); }
static int file_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at) { return CALL(f, xRead)(REAL(f), to, n, at); }
static int file_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at) {
  return fails(f) ? failure(SQLITE_IOERR_WRITE) : CALL(f, xWrite)(REAL(f), from, n, at);
}
static int file_truncate(sqlite3_file *f, sqlite3_int64 size) {
  return fails(f) ? failure(SQLITE_IOERR_TRUNCATE) : CALL(f, xTruncate)(REAL(f), size);
}
// A sync has no way to run out of space that SQLite would know of.
static int file_sync(sqlite3_file *f, int flags) {
  return fails(f) ? SQLITE_IOERR_FSYNC : CALL(f, xSync)(REAL(f), flags);
}
static int file_size(sqlite3_file *f, sqlite3_int64 *size) { return CALL(f, xFileSize)(REAL(f), size); }
static int file_lock(sqlite3_file *f, int lock) { return CALL(f, xLock)(REAL(f), lock); }
static int file_unlock(sqlite3_file *f, int lock) { return CALL(f, xUnlock)(REAL(f), lock); }
static int file_check(sqlite3_file *f, int *held) { return CALL(f, xCheckReservedLock)(REAL(f), held); }
static int file_control(sqlite3_file *f, int op, void *argument) {
  return CALL(f, xFileControl)(REAL(f), op, argument);
}
static int file_sector(sqlite3_file *f) { return CALL(f, xSectorSize)(REAL(f)); }
static int file_features(sqlite3_file *f) { return CALL(f, xDeviceCharacteristics)(REAL(f)); }
static int file_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **place) {
  if (extend && fails(f)) return SQLITE_IOERR_SHMSIZE;
  return CALL(f, xShmMap)(REAL(f), region, size, extend, place);
}
static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
  return CALL(f, xShmLock)(REAL(f), offset, n, flags);
}
static void file_shm_barrier(sqlite3_file *f) { CALL(f, xShmBarrier)(REAL(f)); }
static int file_shm_unmap(sqlite3_file *f, int delete) { return CALL(f, xShmUnmap)(REAL(f), delete); }

// Version 2: no memory-mapped reading, so that every access goes through here.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_features,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
  (void)vfs;
  struct file *file = (struct file *)f;
  file->real = (sqlite3_file *)(file + 1);
  file->counted = state.armed && name && strstr(name, state.path) != NULL;
  memset(file->real, 0, (size_t)system_vfs->szOsFile);
  int code = system_vfs->xOpen(system_vfs, name, file->real, flags, out);
  // SQLite closes a file whose methods are set, even one that was not opened.
  file->base.pMethods = file->real->pMethods ? &methods : NULL;
  return code;
}

int fault_install(void) {
  if (system_vfs) return SQLITE_OK;
  if (sqlite3_initialize() != SQLITE_OK) return SQLITE_ERROR;
  system_vfs = sqlite3_vfs_find(NULL);
  if (!system_vfs) return SQLITE_ERROR;
  // All but opening is the system's own: its functions ask nothing of the table they are called with.
  layer = *system_vfs;
  layer.zName = "fault";
  layer.pNext = NULL;
  layer.szOsFile = (int)sizeof(struct file) + system_vfs->szOsFile;
  layer.xOpen = layer_open;
  return sqlite3_vfs_register(&layer, 1);
}

void fault_arm(const char *path, long n, int lasting, enum fault_kind kind) {
  strncpy(state.path, path, sizeof state.path - 1);
  state.countdown_to = n;
  state.lasting = lasting;
  state.kind = kind;
  state.changes = 0;
  state.failed = 0;
  state.armed = 1;
}

long fault_disarm(void) {
  state.armed = 0;
  return state.changes;
}

long fault_count(void) { return state.failed; }

void *fault_hold(const char *path, const char *sql) {
  sqlite3 *connection = NULL;
  if (sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
      sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK) {
    return connection;
  }
  sqlite3_close(connection);
  return NULL;
}

void fault_release(void *connection) { sqlite3_close(connection); }

int fault_execute(const char *path, const char *sql) {
  void *connection = fault_hold(path, sql);
  if (!connection) return SQLITE_ERROR;
  fault_release(connection);
  return SQLITE_OK;
}
