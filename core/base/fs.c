#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/alloc.h"

static int fail_sys(struct mc_err *err, const char *what, const char *path)
{
  int sys = errno;
  int code = sys == EACCES || sys == EPERM || sys == EROFS ? MC_PERMISSION_DENIED
             : sys == ENOSPC || sys == EDQUOT              ? MC_RESOURCE_EXHAUSTED
             : sys == ENOENT                               ? MC_NOT_FOUND
                                                           : MC_FAILED_PRECONDITION;

  return mc_fail(err, code, sys, "cannot %s '%.160s': %s", what, path, strerror(sys));
}

int mc_fs_mkdirs(const char *path, struct mc_err *err)
{
  char *copy = mc_strdup(path), *at;
  struct stat info;
  int rc = MC_OK;

  if(!copy)
    return mc_fail_nomem(err);
  for(at = copy + 1; *copy && *at && !rc; at++) {
    if(*at != '/')
      continue;
    *at = '\0';
    if(mkdir(copy, 0700) && errno != EEXIST)
      rc = fail_sys(err, "make the folder", copy);
    *at = '/';
  }
  if(!rc && mkdir(copy, 0700) && errno != EEXIST)
    rc = fail_sys(err, "make the folder", path);
  if(!rc && (stat(copy, &info) || !S_ISDIR(info.st_mode)))
    rc = mc_fail(err, MC_FAILED_PRECONDITION, ENOTDIR, "'%.160s' is not a folder", path);
  mc_free(copy);
  return rc;
}

static int write_all(int fd, const char *data, size_t len)
{
  ssize_t n;

  while(len) {
    n = write(fd, data, len);
    if(n < 0 && errno == EINTR)
      continue;
    if(n < 0)
      return -1;
    data += n;
    len -= (size_t)n;
  }
  return fsync(fd);
}

int mc_fs_write(const char *path, const void *data, size_t len, int mode, struct mc_err *err)
{
  size_t size = strlen(path) + 32;
  char *temporary = mc_malloc(size);
  int fd, rc = MC_OK;

  if(!temporary)
    return mc_fail_nomem(err);
  snprintf(temporary, size, "%s.%ld.tmp", path, (long)getpid());
  fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if(fd < 0) {
    rc = fail_sys(err, "write", path);
    mc_free(temporary);
    return rc;
  }
  if(fchmod(fd, (mode_t)mode) || write_all(fd, data, len))
    rc = fail_sys(err, "write", path);
  if(close(fd) && !rc)
    rc = fail_sys(err, "write", path);
  if(!rc && rename(temporary, path))
    rc = fail_sys(err, "write", path);
  if(rc)
    unlink(temporary);
  mc_free(temporary);
  return rc;
}

int mc_fs_identity(char out[MC_FS_IDENTITY], const char *path, struct mc_err *err)
{
  struct stat info;

  if(stat(path, &info))
    return fail_sys(err, "look at", path);
  snprintf(out, MC_FS_IDENTITY, "%02x:%02x:%llu", major(info.st_dev), minor(info.st_dev),
           (unsigned long long)info.st_ino);
  return MC_OK;
}

/* The process of a line of /proc/locks, 0 if it is not of the file " IDENTITY ":
   "1: POSIX  ADVISORY  WRITE 1234 fe:00:5678 1073741826 1073742335" */
static long holder_in(const char *line, const char *identity)
{
  const char *at = strstr(line, " POSIX ") ? strstr(line, identity) : NULL;

  while(at && at > line && at[-1] >= '0' && at[-1] <= '9')
    at--;
  return at ? strtol(at, NULL, 10) : 0;
}

long mc_fs_holder(const char *path)
{
  char identity[MC_FS_IDENTITY], word[MC_FS_IDENTITY + 2], line[256];
  FILE *locks = mc_fs_identity(identity, path, NULL) ? NULL : fopen("/proc/locks", "re");
  long pid = 0;

  snprintf(word, sizeof(word), " %s ", locks ? identity : "");
  while(locks && !pid && fgets(line, sizeof(line), locks))
    pid = holder_in(line, word);
  if(locks)
    fclose(locks);
  return pid > 0 ? pid : 0;
}

int64_t mc_fs_raise_open_files(void)
{
  struct rlimit limit;

  if(getrlimit(RLIMIT_NOFILE, &limit))
    return 256; /* what POSIX has systems give at least is less, what they give is more */
  limit.rlim_cur = limit.rlim_max;
  if(setrlimit(RLIMIT_NOFILE, &limit))
    getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur;
}
