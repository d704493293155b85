/* base/fs in a folder of its own. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "base/fs.h"
#include "tap.h"

static char folder[64];

static const char *in_folder(const char *name)
{
  static char path[2][256];
  static int turn;
  char *out = path[turn ^= 1];

  snprintf(out, sizeof(path[0]), "%s/%s", folder, name);
  return out;
}

static int mode_of(const char *path)
{
  struct stat info;

  return stat(path, &info) ? -1 : (int)(info.st_mode & 0777);
}

static int holds(const char *path, const char *text)
{
  char data[64];
  FILE *file = fopen(path, "r");
  size_t len = file ? fread(data, 1, sizeof(data), file) : 0;

  if(file)
    fclose(file);
  return len == strlen(text) && !memcmp(data, text, len);
}

static void test_mkdirs(void)
{
  char message[256];
  struct mc_err err;

  umask(0);
  tap_is_int(mc_fs_mkdirs(in_folder("a/b/c"), &err), MC_OK, "missing parents are made");
  tap_is_int(mode_of(in_folder("a")), 0700, "a parent is private");
  tap_is_int(mode_of(in_folder("a/b/c")), 0700, "the folder is private");
  tap_is_int(mc_fs_mkdirs(in_folder("a/b/c"), &err), MC_OK, "a folder that is there is fine");
  tap_is_int(mc_fs_mkdirs(in_folder("a//b/d/"), &err), MC_OK, "slashes may be doubled");
  tap_is_int(mode_of(in_folder("a/b/d")), 0700, "and stand at the end");
  tap_is_int(mc_fs_mkdirs("/", &err), MC_OK, "the root is there");

  mc_fs_write(in_folder("file"), "x", 1, 0600, &err);
  tap_is_int(mc_fs_mkdirs(in_folder("file"), &err), MC_FAILED_PRECONDITION, "a file is no folder");
  snprintf(message, sizeof(message), "'%s' is not a folder", in_folder("file"));
  tap_is_str(err.msg, message, "and the message names it");
  tap_is_int(mc_fs_mkdirs(in_folder("file/below"), &err), MC_FAILED_PRECONDITION,
             "nothing lies below a file");
  tap_ok(strstr(err.msg, "/file/below': Not a directory") != NULL, "and the message says why");
}

static void test_write(void)
{
  const char *path = in_folder("w");
  struct mc_err err;

  tap_is_int(mc_fs_write(path, "one", 3, 0600, &err), MC_OK, "a file is written");
  tap_ok(holds(path, "one"), "with its content");
  tap_is_int(mode_of(path), 0600, "and its mode");
  tap_is_int(mc_fs_write(path, "", 0, 0644, &err), MC_OK, "it is replaced");
  tap_ok(holds(path, ""), "by the new content");
  tap_is_int(mode_of(path), 0644, "and mode, whatever the umask");
  tap_is_int(mc_fs_write(in_folder("none/w"), "x", 1, 0600, &err), MC_NOT_FOUND,
             "a missing folder is told");
  tap_is_int(mc_fs_write(folder, "x", 1, 0600, &err), MC_FAILED_PRECONDITION,
             "a folder cannot be replaced by a file");
}

static int count_files(void)
{
  DIR *dir = opendir(folder);
  int count = 0;

  while(dir && readdir(dir))
    count++;
  if(dir)
    closedir(dir);
  return count;
}

/* The disk is full in the midst of it: the limit on file size stands for that. */
static void test_write_in_part(void)
{
  struct rlimit limit, old;
  const char *path = in_folder("full");
  static char large[8192];
  struct mc_err err;
  int before;

  mc_fs_write(path, "old", 3, 0600, &err);
  before = count_files();
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &old);
  limit = old;
  limit.rlim_cur = 4096;
  setrlimit(RLIMIT_FSIZE, &limit);
  tap_ok(mc_fs_write(path, large, sizeof(large), 0600, &err) != MC_OK, "a write in part fails");
  setrlimit(RLIMIT_FSIZE, &old);
  tap_ok(holds(path, "old"), "and the old content is there as a whole");
  tap_is_int(count_files(), before, "and nothing else is left");
}

static void test_identity(void)
{
  char one[MC_FS_IDENTITY], two[MC_FS_IDENTITY];
  struct mc_err err;

  mc_fs_write(in_folder("i"), "x", 1, 0600, &err);
  mc_fs_write(in_folder("j"), "x", 1, 0600, &err);
  tap_is_int(mc_fs_identity(one, in_folder("i"), &err), MC_OK, "a file has an identity");
  tap_ok(!symlink("i", in_folder("link")), "a link leads to it");
  mc_fs_identity(two, in_folder("link"), &err);
  tap_is_str(two, one, "the same by another path");
  mc_fs_identity(two, in_folder("j"), &err);
  tap_ok(strcmp(two, one) != 0, "another file has another one");
  strcpy(two, "as it was");
  tap_is_int(mc_fs_identity(two, in_folder("none"), &err), MC_NOT_FOUND,
             "what is not there has none");
  tap_is_str(two, "as it was", "and the output is untouched");
}

static void test_holder(void)
{
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 1};
  const char *path = in_folder("held");
  struct mc_err err;
  int fd;

  mc_fs_write(path, "x", 1, 0600, &err);
  tap_is_int(mc_fs_holder(path), 0, "nobody holds a file at first");
  tap_is_int(mc_fs_holder(in_folder("none")), 0, "nobody holds what is not there");
  fd = open(path, O_RDWR | O_CLOEXEC);
  if(fcntl(fd, F_SETLK, &lock))
    tap_ok(0, "the lock is not given: %s", strerror(errno));
  tap_is_int(mc_fs_holder(path), getpid(), "who has locked it holds it");
  tap_is_int(mc_fs_holder(path), getpid(), "and asking does not drop the lock");
  close(fd);
  tap_is_int(mc_fs_holder(path), 0, "until he lets go");
}

static void test_open_files(void)
{
  struct rlimit limit, old;

  getrlimit(RLIMIT_NOFILE, &old);
  limit = old;
  limit.rlim_cur = 64;
  setrlimit(RLIMIT_NOFILE, &limit);
  tap_ok(mc_fs_raise_open_files() > 64, "more files may be open than before");
  getrlimit(RLIMIT_NOFILE, &limit);
  tap_ok(limit.rlim_cur == old.rlim_max, "as many as the process may have");
  tap_is_int(mc_fs_raise_open_files(), mc_fs_raise_open_files(),
             "and asking again changes nothing");
  setrlimit(RLIMIT_NOFILE, &old);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
  (void)info;
  (void)kind;
  (void)at;
  return remove(path);
}

int main(void)
{
  strcpy(folder, "/tmp/mooncron-fs-XXXXXX");
  if(!mkdtemp(folder))
    return 1;
  test_mkdirs();
  test_write();
  test_write_in_part();
  test_identity();
  test_holder();
  test_open_files();
  tap_is_int(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0, "the folder is removed");
  return tap_done();
}
