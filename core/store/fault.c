#include "store/internal.h"

#include <errno.h>
#include <string.h>

enum fault_arg { ARG_NONE, ARG_PATH, ARG_DETAIL };

#define FOLDER "the folder of '%s' must be writable, for its log"

/* Extended codes stand before the primary ones they belong to. */
static const struct fault {
  int rc;
  int code;
  enum fault_arg arg;
  const char *format;
} faults[] = {
    {SQLITE_CONSTRAINT_UNIQUE, MC_ALREADY_EXISTS, ARG_DETAIL,
     "there is a row with this %s already"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, MC_ALREADY_EXISTS, ARG_DETAIL,
     "there is a row with this %s already"},
    {SQLITE_CONSTRAINT_ROWID, MC_ALREADY_EXISTS, ARG_DETAIL, "there is a row with this %s already"},
    {SQLITE_CONSTRAINT_NOTNULL, MC_INVALID_ARGUMENT, ARG_DETAIL, "%s may not be null"},
    {SQLITE_CONSTRAINT_CHECK, MC_INVALID_ARGUMENT, ARG_DETAIL, "does not hold: %s"},
    {SQLITE_CONSTRAINT_FOREIGNKEY, MC_INVALID_ARGUMENT, ARG_NONE,
     "a row that is referred to does not exist"},
    {SQLITE_CONSTRAINT, MC_INVALID_ARGUMENT, ARG_DETAIL, "%s"},
    {SQLITE_FULL, MC_RESOURCE_EXHAUSTED, ARG_PATH, "disk is full: '%s' cannot grow"},
    {SQLITE_BUSY_SNAPSHOT, MC_ABORTED, ARG_PATH, "'%s' was changed meanwhile: begin again"},
    {SQLITE_BUSY, MC_UNAVAILABLE, ARG_PATH, "'%s' is in use by another process"},
    {SQLITE_LOCKED, MC_ABORTED, ARG_PATH, "'%s' is locked by an unfinished statement"},
    {SQLITE_CORRUPT, MC_DATA_LOSS, ARG_PATH, "'%s' is damaged: restore it from a copy"},
    {SQLITE_NOTADB, MC_DATA_LOSS, ARG_PATH, "'%s' is not a database"},
    {SQLITE_READONLY_DIRECTORY, MC_PERMISSION_DENIED, ARG_PATH, FOLDER},
    {SQLITE_READONLY, MC_PERMISSION_DENIED, ARG_PATH, "'%s' is read-only"},
    {SQLITE_PERM, MC_PERMISSION_DENIED, ARG_PATH, "no permission for '%s'"},
    {SQLITE_CANTOPEN, MC_PERMISSION_DENIED, ARG_PATH, FOLDER},
    {SQLITE_IOERR, MC_UNAVAILABLE, ARG_PATH, "cannot read or write '%s'"},
    {SQLITE_TOOBIG, MC_RESOURCE_EXHAUSTED, ARG_NONE, "a value is too large to be stored"},
    {SQLITE_INTERRUPT, MC_CANCELLED, ARG_NONE, "interrupted"},
    {SQLITE_ERROR, MC_INVALID_ARGUMENT, ARG_DETAIL, "%s"},
    {SQLITE_RANGE, MC_INVALID_ARGUMENT, ARG_DETAIL, "%s"},
    {SQLITE_MISMATCH, MC_INVALID_ARGUMENT, ARG_DETAIL, "%s"},
    {0, MC_INTERNAL, ARG_DETAIL, "%s"},
};

static const struct fault *find_fault(int rc)
{
  const struct fault *fault = faults;

  while(fault->rc && fault->rc != rc && fault->rc != (rc & 0xff))
    fault++;
  return fault;
}

/* "UNIQUE constraint failed: jobs.name" tells its column behind the colon */
static const char *detail_of(const char *message)
{
  const char *at = strstr(message, "constraint failed: ");

  return at ? at + strlen("constraint failed: ") : message;
}

/* The errno of the last failure on the file that `pointer` names: the database, or its log.
   (sqlite3_system_errno is overwritten while SQLite rolls back.) */
static int last_errno(sqlite3 *db, int pointer)
{
  sqlite3_file *file = NULL;
  int sys = 0;

  if(!sqlite3_file_control(db, "main", pointer, &file) && file && file->pMethods)
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &sys);
  return sys;
}

/* SQLite says FULL for ENOSPC only; a quota and a limit on file size are the same to a reader. */
static int is_full(sqlite3 *db)
{
  static const int pointers[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
  int sys;
  size_t i;

  for(i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
    sys = last_errno(db, pointers[i]);
    if(sys == ENOSPC || sys == EDQUOT || sys == EFBIG)
      return 1;
  }
  return 0;
}

int mc_sql_fail(sqlite3 *db, const char *path, struct mc_err *err)
{
  int rc = sqlite3_extended_errcode(db);
  int offset = sqlite3_error_offset(db);
  const char *message = sqlite3_errmsg(db);
  const struct fault *fault;

  if((rc & 0xff) == SQLITE_NOMEM)
    return mc_fail_nomem(err);
  if((rc & 0xff) == SQLITE_IOERR && is_full(db))
    rc = SQLITE_FULL;
  fault = find_fault(rc);
  if(offset >= 0 && fault->arg == ARG_DETAIL)
    return mc_fail_at(err, fault->code, offset, fault->format, message);
  if(fault->arg == ARG_NONE)
    return mc_fail(err, fault->code, rc, "%s", fault->format);
  return mc_fail(err, fault->code, rc, fault->format,
                 fault->arg == ARG_PATH ? path : detail_of(message));
}

int mc_store_fail(const struct mc_store *store, struct mc_err *err)
{
  return mc_sql_fail(store->db, store->path, err);
}
