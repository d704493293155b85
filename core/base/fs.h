#ifndef MC_BASE_FS_H
#define MC_BASE_FS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The few file operations that Lua's own library lacks. Messages name the path and what is in
   the way. */

/* Make the folder and its missing parents, mode 0700. One that is there already is fine. */
int mc_fs_mkdirs(const char *path, struct mc_err *err);
/* Write a whole file so that a reader sees the old content or the new one, never a part: a
   temporary file beside it, fsync, rename. `mode` as of chmod. */
int mc_fs_write(const char *path, const void *data, size_t len, int mode, struct mc_err *err);

/* What a path leads to, the same for every path that leads there and for nothing else on this
   machine: "major:minor:inode" in the notation of /proc/locks [proc(5)]. */
#define MC_FS_IDENTITY 48
int mc_fs_identity(char out[MC_FS_IDENTITY], const char *path, struct mc_err *err);
/* The process that holds a POSIX lock on the file, which may be this one; 0 when there is none or
   the system does not tell. The file is not opened: closing it would drop this process's own locks
   [fcntl(2)]. */
long mc_fs_holder(const char *path);
/* Let this process have as many files open as it may; returns how many that is. */
int64_t mc_fs_raise_open_files(void);

#endif
