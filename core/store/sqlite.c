#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

#define MAX_URI 16384
#define COUNT_TABLES "SELECT count(*) FROM sqlite_schema"

static int in_memory(const char *path)
{
  return !strcmp(path, ":memory:");
}

static int fail_to_create(const char *path, int sys, struct mc_err *err)
{
  switch(sys) {
  case ENOENT:
  case ENOTDIR:
    return mc_fail(err, MC_NOT_FOUND, sys, "the folder of '%s' does not exist: make it first",
                   path);
  case EACCES:
  case EPERM:
  case EROFS:
    return mc_fail(err, MC_PERMISSION_DENIED, sys,
                   "no permission to create '%s': choose a folder that is yours", path);
  case ENOSPC:
  case EDQUOT:
    return mc_fail(err, MC_RESOURCE_EXHAUSTED, sys, "disk is full: cannot create '%s'", path);
  default:
    return mc_fail(err, MC_UNAVAILABLE, sys, "cannot create '%s': %s", path, strerror(sys));
  }
}

/* SQLite would make it for all to read. Only a file that did not exist is opened here: closing
   one that this process has open through SQLite would drop its locks [fcntl(2)]. */
static int create_private(const char *path, struct mc_err *err)
{
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if(fd < 0)
    return errno == EEXIST ? MC_OK : fail_to_create(path, errno, err);
  close(fd);
  return MC_OK;
}

/* What stat and access can tell, in words that SQLite does not have. */
static int check_file(const char *path, int readonly, struct mc_err *err)
{
  struct stat info;

  if(in_memory(path))
    return MC_OK;
  if(stat(path, &info)) {
    if(errno == EACCES)
      return mc_fail(err, MC_PERMISSION_DENIED, errno, "no permission to reach '%s'", path);
    if(readonly)
      return mc_fail(err, MC_NOT_FOUND, errno, "'%s' does not exist", path);
    return create_private(path, err);
  }
  if(S_ISDIR(info.st_mode))
    return mc_fail(err, MC_FAILED_PRECONDITION, EISDIR, "'%s' is a folder: name a file in it",
                   path);
  if(!S_ISREG(info.st_mode))
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "'%s' is not a regular file", path);
  if(access(path, R_OK))
    return mc_fail(err, MC_PERMISSION_DENIED, errno, "no permission to read '%s'", path);
  if(!readonly && access(path, W_OK))
    return mc_fail(err, MC_PERMISSION_DENIED, errno,
                   "'%s' is read-only: make it writable (chmod u+w), or open it for reading", path);
  return MC_OK;
}

/* One integer of a pragma or a query. */
static int read_int(sqlite3 *db, const char *sql, int64_t *out)
{
  sqlite3_stmt *raw = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &raw, NULL);

  if(rc == SQLITE_OK)
    rc = sqlite3_step(raw);
  if(rc == SQLITE_ROW) {
    *out = sqlite3_column_int64(raw, 0);
    rc = SQLITE_OK;
  }
  sqlite3_finalize(raw);
  return rc;
}

/* Whose file it is. *fresh: an empty one that nobody has claimed. */
static int check_owner(sqlite3 *db, const char *path, int *fresh, struct mc_err *err)
{
  int64_t tables = 0, id = 0;

  if(read_int(db, "PRAGMA application_id", &id))
    return mc_sql_fail(db, path, err);
  *fresh = 0;
  if(id == MC_STORE_APPLICATION_ID)
    return MC_OK;
  if(read_int(db, COUNT_TABLES, &tables))
    return mc_sql_fail(db, path, err);
  *fresh = !id && !tables;
  if(!*fresh)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "'%s' is a database of another application: choose another file", path);
  return MC_OK;
}

/* `path` as a URI that asks SQLite neither to lock, nor to recover, nor to write anything. */
static int immutable_uri(struct mc_buf *uri, const char *path, struct mc_err *err)
{
  int rc = mc_buf_puts(uri, "file:", err);

  for(; !rc && *path; path++) {
    if(strchr("?#%", *path))
      rc = mc_buf_printf(uri, err, "%%%02X", (unsigned char)*path);
    else
      rc = mc_buf_add(uri, path, 1, err);
  }
  return rc ? rc : mc_buf_puts(uri, "?immutable=1", err);
}

static int exists_beside(const char *path, const char *suffix)
{
  char name[PATH_MAX];
  int len = snprintf(name, sizeof(name), "%s%s", path, suffix);

  return len > 0 && (size_t)len < sizeof(name) && !access(name, F_OK);
}

/* The application_id in the header of the file that `db` has open
   [sqlite.org/fileformat2.html, 1.3]; 0 if it has none. Read through SQLite: closing a descriptor
   of our own would drop the locks of this process [fcntl(2)]. */
static uint32_t id_in_header(sqlite3 *db)
{
  unsigned char id[4] = {0};
  sqlite3_file *file = NULL;

  if(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) || !file ||
     !file->pMethods || file->pMethods->xRead(file, id, sizeof(id), 68))
    return 0;
  return (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
}

/* Look at the file as it is. With our log beside it, which a crash may have left half copied into
   it, only SQLite can tell what it holds. */
static int probe_file(sqlite3 *db, const char *path, struct mc_err *err)
{
  int64_t tables = 0;
  int fresh = 0, rc;

  if(exists_beside(path, "-wal") && id_in_header(db) == MC_STORE_APPLICATION_ID)
    return MC_OK;
  rc = check_owner(db, path, &fresh, err);
  if(!rc && read_int(db, COUNT_TABLES, &tables))
    rc = mc_sql_fail(db, path, err);
  return rc;
}

/* Look at the file before anything may touch it. Skipped when a crash has left a rollback journal:
   that undoes a part of the file. */
static int probe(const char *path, struct mc_err *err)
{
  sqlite3 *db = NULL;
  struct mc_buf uri;
  int rc;

  if(in_memory(path) || exists_beside(path, "-journal"))
    return MC_OK;
  mc_buf_init(&uri, MAX_URI);
  rc = immutable_uri(&uri, path, err);
  if(!rc) {
    if(sqlite3_open_v2(uri.data, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL))
      rc = mc_sql_fail(db, path, err);
    else
      rc = probe_file(db, path, err);
  }
  sqlite3_close(db);
  mc_buf_clear(&uri);
  return rc;
}

/* The claim comes before WAL mode, so that it is in the file itself and the probe can see it
   after any crash. */
static int set_up_writer(struct mc_store *store, int fresh, int exclusive, struct mc_err *err)
{
  int64_t wal = 0;
  int rc = MC_OK;

  if(fresh)
    rc = mc_store_exec(store, "PRAGMA application_id = 1835233902", err);
  if(!rc)
    rc = mc_store_exec(store, "PRAGMA journal_mode = WAL", err);
  if(rc)
    return rc;
  if(read_int(store->db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &wal))
    return mc_store_fail(store, err);
  if(!wal && !in_memory(store->path))
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "the file system of '%s' cannot hold a write-ahead log: use a local one",
                   store->path);
  rc = mc_store_exec(store,
                     "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                     "PRAGMA journal_size_limit = 67108864",
                     err);
  /* the first write takes the lock that exclusive mode then keeps */
  return rc || !exclusive ? rc : mc_store_exec(store, "BEGIN IMMEDIATE; COMMIT", err);
}

static int set_up(struct mc_store *store, const struct mc_store_options *options,
                  struct mc_err *err)
{
  int64_t tables;
  int fresh = 0, rc;

  if(options->exclusive && !options->readonly) {
    rc = mc_store_exec(store, "PRAGMA locking_mode = EXCLUSIVE", err);
    if(rc)
      return rc;
  }
  rc = check_owner(store->db, store->path, &fresh, err);
  if(rc)
    return rc;
  if(read_int(store->db, COUNT_TABLES, &tables))
    return mc_store_fail(store, err);
  if(!options->readonly)
    return set_up_writer(store, fresh, options->exclusive, err);
  return fresh ? mc_fail(err, MC_FAILED_PRECONDITION, 0, "'%s' is empty", store->path) : MC_OK;
}

/* Until the file has proved ours and readable, closing it leaves its log alone. */
static int connect(struct mc_store *store, const struct mc_store_options *options,
                   struct mc_err *err)
{
  int flags =
      SQLITE_OPEN_NOMUTEX | (options->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  int rc;

  if(sqlite3_open_v2(store->path, &store->db, flags, NULL))
    return store->db ? mc_store_fail(store, err) : mc_fail_nomem(err);
  sqlite3_extended_result_codes(store->db, 1);
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_busy_timeout(store->db, options->busy_ms > INT_MAX ? INT_MAX : (int)options->busy_ms);
  rc = set_up(store, options, err);
  if(rc == MC_UNAVAILABLE && (sqlite3_errcode(store->db) & 0xff) == SQLITE_BUSY)
    return mc_fail(err, MC_FAILED_PRECONDITION, SQLITE_BUSY, "'%s' is in use by another process",
                   store->path);
  if(!rc)
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  return rc;
}

int mc_store_open(struct mc_store **out, const char *path, const struct mc_store_options *options,
                  struct mc_err *err)
{
  static const struct mc_store_options none = {0};
  struct mc_store *store;
  int rc;

  if(!options)
    options = &none;
  /* Counting what it allocates takes a lock each time. Refused, and harmless, once it is in use. */
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  rc = check_file(path, options->readonly, err);
  if(!rc)
    rc = probe(path, err);
  if(rc)
    return rc;
  store = mc_calloc(1, sizeof(*store));
  if(!store)
    return mc_fail_nomem(err);
  store->path = mc_strdup(path);
  rc = store->path ? connect(store, options, err) : mc_fail_nomem(err);
  if(rc) {
    mc_store_free(store);
    return rc;
  }
  *out = store;
  return MC_OK;
}

void mc_store_free(struct mc_store *store)
{
  if(!store)
    return;
  mc_store_drop_statements(store);
  sqlite3_close(store->db);
  mc_free(store->path);
  mc_free(store);
}

const char *mc_store_path(const struct mc_store *store)
{
  return store->path;
}

/* ---- running ---- */

int mc_store_exec(struct mc_store *store, const char *sql, struct mc_err *err)
{
  return sqlite3_exec(store->db, sql, NULL, NULL, NULL) ? mc_store_fail(store, err) : MC_OK;
}

static int run_text(struct mc_store *store, const char *sql, struct mc_err *err)
{
  return mc_store_run(store, sql, strlen(sql), NULL, 0, NULL, err);
}

int mc_store_in_transaction(const struct mc_store *store)
{
  return !sqlite3_get_autocommit(store->db);
}

int mc_store_begin(struct mc_store *store, struct mc_err *err)
{
  if(mc_store_in_transaction(store))
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "a transaction is open already");
  return run_text(store, "BEGIN IMMEDIATE", err);
}

int mc_store_commit(struct mc_store *store, struct mc_err *err)
{
  if(!mc_store_in_transaction(store))
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "no transaction is open: begin one first");
  return run_text(store, "COMMIT", err);
}

int mc_store_rollback(struct mc_store *store, struct mc_err *err)
{
  return mc_store_in_transaction(store) ? run_text(store, "ROLLBACK", err) : MC_OK;
}

int64_t mc_store_changes(const struct mc_store *store)
{
  return sqlite3_changes64(store->db);
}

int64_t mc_store_last_rowid(const struct mc_store *store)
{
  return sqlite3_last_insert_rowid(store->db);
}

int mc_store_check(struct mc_store *store, struct mc_err *err)
{
  static const char sql[] = "PRAGMA quick_check(1)";
  struct mc_cursor cursor = {0};
  struct mc_value value;
  int rc = mc_store_query(store, &cursor, sql, strlen(sql), NULL, 0, err);

  if(!rc)
    rc = mc_cursor_step(&cursor, err);
  if(rc == 1) {
    mc_cursor_value(&cursor, 0, &value);
    if(value.type == MC_VALUE_TEXT && !strcmp(value.as.bytes.data, "ok"))
      rc = MC_OK;
    else
      rc = mc_fail(err, MC_DATA_LOSS, 0, "'%s' is damaged: restore it from a copy", store->path);
  }
  mc_cursor_close(&cursor);
  return rc;
}
