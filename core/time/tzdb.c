#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "time/zone.h"

#define FOLDER_MAX 1024

struct mc_tzdb {
  char folder[FOLDER_MAX];
  struct mc_zone **zones; /* by name */
  size_t n, cap;
};

int mc_tzdb_new(struct mc_tzdb **out, const char *folder, struct mc_err *err)
{
  struct mc_tzdb *db;

  if(!folder)
    folder = MC_TZDB_FOLDER;
  if(strlen(folder) >= FOLDER_MAX)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the time zone folder's path is too long");
  db = mc_calloc(1, sizeof(*db));
  if(!db)
    return mc_fail_nomem(err);
  memcpy(db->folder, folder, strlen(folder) + 1);
  *out = db;
  return MC_OK;
}

void mc_tzdb_free(struct mc_tzdb *db)
{
  size_t i;

  if(!db)
    return;
  for(i = 0; i < db->n; i++)
    mc_zone_free(db->zones[i]);
  mc_free(db->zones);
  mc_free(db);
}

static bool is_name_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '+' || c == '-' || c == '/';
}

/* Names are made of letters, digits, `_ + -` and single inner slashes, so none can leave the
   folder. The trees with leap seconds and without, and the machine's own settings, lie in the
   folder but are no names. */
static bool is_zone_name(const char *name, size_t len)
{
  static const char *const others[] = {"posix/", "right/", "posixrules", "localtime"};
  size_t i;

  if(len >= MC_ZONE_NAME_MAX || name[0] == '/' || name[len - 1] == '/')
    return false;
  for(i = 0; i < len; i++) {
    if(!is_name_byte(name[i]) || (name[i] == '/' && name[i + 1] == '/'))
      return false;
  }
  for(i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    if(!strncmp(name, others[i], strlen(others[i])))
      return false;
  }
  return true;
}

static int unknown_zone(const char *name, size_t len, struct mc_err *err)
{
  char shown[MC_ZONE_NAME_MAX];
  size_t i, n = len < sizeof(shown) ? len : sizeof(shown) - 1;

  for(i = 0; i < n; i++)
    shown[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
  shown[n] = '\0';
  return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                 "'%s' is not a time zone, use an IANA name such as 'Europe/Paris'", shown);
}

/* The whole file into `bytes`; its length, or -1 with errno. */
static ssize_t read_all(int fd, unsigned char *bytes, size_t max)
{
  size_t len = 0;

  while(len < max) {
    ssize_t n = read(fd, bytes + len, max - len);

    if(n < 0 && errno == EINTR)
      continue;
    if(n < 0)
      return -1;
    if(!n)
      break;
    len += (size_t)n;
  }
  return (ssize_t)len;
}

static int missing_file(const struct mc_tzdb *db, const char *name, int sys, struct mc_err *err)
{
  struct stat st;

  if(stat(db->folder, &st) || !S_ISDIR(st.st_mode))
    return mc_fail(err, MC_FAILED_PRECONDITION, sys,
                   "no time zone data in '%.120s', install the package tzdata", db->folder);
  if(sys == ENOENT || sys == ENOTDIR || sys == EISDIR)
    return unknown_zone(name, strlen(name), err);
  return mc_fail(err, MC_FAILED_PRECONDITION, sys, "time zone '%s' cannot be read: %s", name,
                 strerror(sys));
}

static int load(const struct mc_tzdb *db, struct mc_zone **out, const char *name,
                struct mc_err *err)
{
  char path[FOLDER_MAX + MC_ZONE_NAME_MAX + 1];
  unsigned char *bytes;
  struct stat st;
  ssize_t len = -1;
  int fd, sys, rc;

  snprintf(path, sizeof(path), "%s/%s", db->folder, name);
  fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if(fd < 0)
    return missing_file(db, name, errno, err);
  bytes = mc_malloc(MC_TZIF_BYTES_MAX + 1);
  if(!bytes) {
    close(fd);
    return mc_fail_nomem(err);
  }
  errno = EISDIR;
  if(!fstat(fd, &st) && S_ISREG(st.st_mode))
    len = read_all(fd, bytes, MC_TZIF_BYTES_MAX + 1);
  sys = errno;
  close(fd);
  if(len < 0)
    rc = missing_file(db, name, sys, err);
  else if(len < 4 || memcmp(bytes, "TZif", 4)) /* the folder's tables and lists */
    rc = unknown_zone(name, strlen(name), err);
  else
    rc = mc_zone_new(out, name, bytes, (size_t)len, err);
  mc_free(bytes);
  return rc;
}

/* Where the name is, or where it belongs. */
static size_t find(const struct mc_tzdb *db, const char *name, bool *found)
{
  size_t low = 0, high = db->n;

  *found = false;
  while(low < high) {
    size_t mid = low + (high - low) / 2;
    int order = strcmp(db->zones[mid]->name, name);

    if(!order) {
      *found = true;
      return mid;
    }
    if(order < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static int grow(struct mc_tzdb *db, struct mc_err *err)
{
  size_t cap = db->cap ? db->cap * 2 : 8;
  struct mc_zone **zones;

  if(db->n < db->cap)
    return MC_OK;
  zones = mc_realloc(db->zones, cap * sizeof(struct mc_zone *));
  if(!zones)
    return mc_fail_nomem(err);
  db->zones = zones;
  db->cap = cap;
  return MC_OK;
}

int mc_tzdb_get(struct mc_tzdb *db, const struct mc_zone **out, const char *name, size_t len,
                struct mc_err *err)
{
  char text[MC_ZONE_NAME_MAX];
  struct mc_zone *zone = NULL;
  size_t at;
  bool found;
  int rc;

  if(!len || (len == 3 && !strncasecmp(name, "utc", 3))) {
    *out = mc_zone_utc();
    return MC_OK;
  }
  if(!is_zone_name(name, len))
    return unknown_zone(name, len, err);
  memcpy(text, name, len);
  text[len] = '\0';
  at = find(db, text, &found);
  if(!found) {
    rc = grow(db, err);
    if(!rc)
      rc = load(db, &zone, text, err);
    if(rc)
      return rc;
    memmove(db->zones + at + 1, db->zones + at, (db->n - at) * sizeof(struct mc_zone *));
    db->zones[at] = zone;
    db->n++;
  }
  *out = db->zones[at];
  return MC_OK;
}
