#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/sqlite.h"
#include "tap.h"

static char folder[] = "/tmp/mooncron-store-XXXXXX";
static const struct mc_store_options own = {.exclusive = 1};
static const struct mc_store_options shared = {0};
static const struct mc_store_options reader = {.readonly = 1};

static const char *in_folder(const char *name)
{
  static char path[PATH_MAX];

  snprintf(path, sizeof(path), "%s/%s", folder, name);
  return path;
}

static void remove_file(const char *path)
{
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
  char name[PATH_MAX + 16];
  size_t i;

  for(i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
    snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
    unlink(name);
  }
}

static void write_file(const char *path, const void *data, size_t len)
{
  FILE *file = fopen(path, "wb");

  if(!file || fwrite(data, 1, len, file) != len)
    abort();
  fclose(file);
}

static char *read_whole(const char *path, size_t *len)
{
  static char data[1 << 20];
  FILE *file = fopen(path, "rb");

  if(!file)
    abort();
  *len = fread(data, 1, sizeof(data), file);
  fclose(file);
  return data;
}

static struct mc_store *must_open(const char *path, const struct mc_store_options *options)
{
  struct mc_store *store = NULL;
  struct mc_err err;

  if(mc_store_open(&store, path, options, &err)) {
    printf("Bail out! %s\n", err.msg);
    exit(1);
  }
  return store;
}

static int run(struct mc_store *store, const char *sql, const struct mc_value *params, size_t count,
               struct mc_err *err)
{
  return mc_store_run(store, sql, strlen(sql), params, count, NULL, err);
}

static int64_t one_int(struct mc_store *store, const char *sql)
{
  struct mc_cursor cursor = {0};
  struct mc_value value;

  value.as.integer = -1;
  if(!mc_store_query(store, &cursor, sql, strlen(sql), NULL, 0, NULL) &&
     mc_cursor_step(&cursor, NULL) == 1)
    mc_cursor_value(&cursor, 0, &value);
  mc_cursor_close(&cursor);
  return value.as.integer;
}

static void test_values(void)
{
  static const char bytes[] = {0, 1, 0};
  struct mc_store *store = must_open(":memory:", &own);
  struct mc_value in[5] = {{0}}, out[5];
  struct mc_cursor cursor = {0};
  static const char sql[] = "SELECT ? AS i, ? AS r, ? AS t, ? AS b, ? AS n";
  int i;

  in[0].type = MC_VALUE_INT;
  in[0].as.integer = INT64_MIN;
  in[1].type = MC_VALUE_REAL;
  in[1].as.real = 2.0;
  in[2].type = MC_VALUE_TEXT;
  in[2].as.bytes.data = "a\0b";
  in[2].as.bytes.len = 3;
  in[3].type = MC_VALUE_BLOB;
  in[3].as.bytes.data = bytes;
  in[3].as.bytes.len = sizeof(bytes);
  tap_is_int(mc_store_query(store, &cursor, sql, strlen(sql), in, 5, NULL), 0, "a query opens");
  tap_is_int(mc_cursor_step(&cursor, NULL), 1, "and has a row");
  tap_is_int(mc_cursor_columns(&cursor), 5, "of five columns");
  tap_is_str(mc_cursor_name(&cursor, 2), "t", "with names");
  tap_is_str(mc_cursor_name(&cursor, 5), "", "beyond the last column there is no name");
  for(i = 0; i < 5; i++)
    mc_cursor_value(&cursor, i, &out[i]);
  tap_ok(out[0].type == MC_VALUE_INT && out[0].as.integer == INT64_MIN, "an integer returns");
  tap_ok(out[1].type == MC_VALUE_REAL && out[1].as.real == 2.0, "a whole float stays a float");
  tap_ok(out[2].type == MC_VALUE_TEXT && out[2].as.bytes.len == 3 &&
             !memcmp(out[2].as.bytes.data, "a\0b", 3),
         "a text keeps its zero byte");
  tap_ok(out[3].type == MC_VALUE_BLOB && !memcmp(out[3].as.bytes.data, bytes, 3), "a blob returns");
  tap_ok(out[4].type == MC_VALUE_NULL, "null returns");
  tap_is_int(mc_cursor_step(&cursor, NULL), 0, "after the row there is none");
  tap_is_int(mc_cursor_step(&cursor, NULL), 0, "and the statement does not start anew");
  mc_cursor_close(&cursor);
  mc_cursor_close(&cursor);
  tap_is_int(mc_cursor_step(&cursor, NULL), MC_FAILED_PRECONDITION, "a closed cursor says so");
  mc_store_free(store);
  mc_store_free(NULL);
}

static void test_faults(void)
{
  static const struct {
    const char *sql;
    int code;
    const char *message, *why;
  } rows[] = {
      {"INSERT INTO t VALUES (1, 'x', 5)", MC_ALREADY_EXISTS,
       "there is a row with this t.id already", "a primary key"},
      {"INSERT INTO t VALUES (2, 'a', 5)", MC_ALREADY_EXISTS,
       "there is a row with this t.name already", "a unique key"},
      {"INSERT INTO t VALUES (2, NULL, 5)", MC_INVALID_ARGUMENT, "t.name may not be null", "null"},
      {"INSERT INTO t VALUES (2, 'b', -1)", MC_INVALID_ARGUMENT, "does not hold: n >= 0", "check"},
      {"INSERT INTO u VALUES (9)", MC_INVALID_ARGUMENT, "a row that is referred to does not exist",
       "foreign keys are on"},
      {"SELECT * FROM missing", MC_INVALID_ARGUMENT, "no such table: missing", "unknown table"},
      {"SELEC 1", MC_INVALID_ARGUMENT, "near \"SELEC\": syntax error", "bad syntax"},
      {"SELECT ?", MC_INVALID_ARGUMENT, "0 values for 1 parameters of the statement", "count"},
      {"SELECT 1; SELECT 2", MC_INVALID_ARGUMENT, "more than one statement: use exec", "two"},
      {" -- nothing", MC_INVALID_ARGUMENT, "no statement in the SQL text", "none"},
      {"COMMIT", MC_INVALID_ARGUMENT, "cannot commit - no transaction is active", "misuse"},
      {"SELECT 1; -- and a comment", MC_OK, "", "a comment may follow"},
  };
  struct mc_store *store = must_open(":memory:", &own);
  struct mc_err err;
  size_t i;

  mc_store_exec(store,
                "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL,"
                " n INT CHECK (n >= 0)); CREATE TABLE u (t INT REFERENCES t);"
                "INSERT INTO t VALUES (1, 'a', 1)",
                NULL);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    err.msg[0] = '\0';
    tap_is_int(run(store, rows[i].sql, NULL, 0, &err), rows[i].code, rows[i].why);
    tap_is_str(err.msg, rows[i].message, rows[i].why);
  }
  run(store, "SELECT * FRM t", NULL, 0, &err);
  tap_is_int(err.pos, 9, "an error of SQL tells its place");
  tap_is_int(one_int(store, "SELECT count(*) FROM t"), 1, "no failed statement left a trace");
  mc_store_free(store);
}

static void test_changes_and_transactions(void)
{
  struct mc_store *store = must_open(":memory:", &own);
  struct mc_cursor cursor = {0};
  static const char insert[] = "INSERT INTO t VALUES (7), (8) RETURNING id";
  static const char update[] = "UPDATE t SET id = id + 10";
  int64_t changes = -1;

  run(store, "CREATE TABLE t (id INTEGER PRIMARY KEY)", NULL, 0, NULL);
  run(store, "INSERT INTO t VALUES (1), (2), (3)", NULL, 0, NULL);
  tap_is_int(mc_store_last_rowid(store), 3, "the last rowid is known");
  mc_store_run(store, update, strlen(update), NULL, 0, &changes, NULL);
  tap_is_int(changes, 3, "changed rows are counted");
  mc_store_run(store, "CREATE TABLE v (x)", 18, NULL, 0, &changes, NULL);
  tap_is_int(changes, 0, "a statement without rows does not report those of an earlier one");
  tap_is_int(mc_store_begin(store, NULL), 0, "begin");
  tap_is_int(mc_store_begin(store, NULL), MC_FAILED_PRECONDITION, "begin twice is told");
  tap_ok(mc_store_in_transaction(store), "the state is known");
  run(store, "DELETE FROM t", NULL, 0, NULL);
  tap_is_int(mc_store_rollback(store, NULL), 0, "rollback");
  tap_is_int(mc_store_rollback(store, NULL), 0, "rollback outside is fine");
  tap_is_int(mc_store_commit(store, NULL), MC_FAILED_PRECONDITION, "commit outside is told");
  tap_is_int(one_int(store, "SELECT count(*) FROM t"), 3, "what was rolled back is back");
  mc_store_query(store, &cursor, insert, strlen(insert), NULL, 0, NULL);
  tap_is_int(mc_cursor_step(&cursor, NULL), 1, "RETURNING has rows");
  tap_is_int(mc_cursor_finish(&cursor, NULL), 0, "finishing runs it to its end");
  tap_is_int(one_int(store, "SELECT count(*) FROM t"), 5, "and both rows are there");
  mc_store_free(store);
}

static void test_cache(void)
{
  struct mc_store *store = must_open(":memory:", &own);
  struct mc_cursor cursors[MC_STORE_STATEMENTS + 2];
  struct mc_value value;
  char sql[64];
  int i, bad = 0;

  memset(cursors, 0, sizeof(cursors));
  for(i = 0; i < 3 * MC_STORE_STATEMENTS; i++) {
    snprintf(sql, sizeof(sql), "SELECT %d", i);
    bad += one_int(store, sql) != i;
  }
  tap_is_int(bad, 0, "more texts than are kept still answer");
  for(i = 0; i < MC_STORE_STATEMENTS + 2; i++) {
    snprintf(sql, sizeof(sql), "SELECT %d", i / 2); /* each twice at once */
    bad += mc_store_query(store, &cursors[i], sql, strlen(sql), NULL, 0, NULL) != 0;
  }
  for(i = 0; i < MC_STORE_STATEMENTS + 2; i++) {
    bad += mc_cursor_step(&cursors[i], NULL) != 1;
    mc_cursor_value(&cursors[i], 0, &value);
    bad += value.as.integer != i / 2;
  }
  tap_is_int(bad, 0, "cursors on the same text do not disturb each other");
  for(i = 0; i < MC_STORE_STATEMENTS + 2; i += 2)
    mc_cursor_close(&cursors[i]);
  mc_store_free(store);
  tap_is_int(mc_cursor_step(&cursors[1], NULL), MC_FAILED_PRECONDITION,
             "closing the store closes what is open on it");
  mc_cursor_value(&cursors[1], 0, &value);
  tap_ok(value.type == MC_VALUE_NULL && !mc_cursor_columns(&cursors[1]), "and leaves it harmless");
  mc_cursor_close(&cursors[1]);
}

/* The file at `path` must be refused with `code` and this message about it, and stay byte for
   byte. */
static void check_refused(const char *path, const struct mc_store_options *options, int code,
                          const char *tail, const char *why)
{
  static char before[1 << 20];
  char want[PATH_MAX + 128];
  struct mc_store *store = NULL;
  struct mc_err err = {0};
  size_t len, now;
  const char *data = read_whole(path, &len);

  memcpy(before, data, len);
  tap_is_int(mc_store_open(&store, path, options, &err), code, why);
  snprintf(want, sizeof(want), "'%s' %s", path, tail);
  tap_is_str(err.msg, want, "  with a clear line");
  tap_ok(!store, "  and no store");
  data = read_whole(path, &now);
  tap_ok(now == len && !memcmp(before, data, len), "  the file is as it was");
}

static void make_store(const char *path)
{
  struct mc_store *store;

  remove_file(path);
  store = must_open(path, &own);
  mc_store_exec(store,
                "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT); CREATE INDEX by_x ON t (x);"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                "INSERT INTO t SELECT i, 'row ' || i FROM n",
                NULL);
  mc_store_free(store);
}

static void poke(const char *path, long offset, const char *data, size_t len)
{
  FILE *file = fopen(path, "r+b");

  if(!file || fseek(file, offset, SEEK_SET) || fwrite(data, 1, len, file) != len)
    abort();
  fclose(file);
}

static void test_refusals(void)
{
  static const char zeros[3000];
  const char *path = in_folder("r?f%u#se.db"); /* the probe must quote it */
  struct mc_store *store = NULL;
  struct mc_err err;
  char log[PATH_MAX + 8];

  write_file(path,
             "this is a letter, not a database, and long enough to have a header of its own. "
             "It goes on for more than one hundred bytes.\n",
             124);
  check_refused(path, &own, MC_DATA_LOSS, "is not a database", "a text file is refused");

  make_store(path);
  poke(path, 68, "abcd", 4);
  check_refused(path, &own, MC_FAILED_PRECONDITION,
                "is a database of another application: choose another file",
                "another application's file is refused");
  poke(path, 68, "\0\0\0\0", 4);
  check_refused(path, &shared, MC_FAILED_PRECONDITION,
                "is a database of another application: choose another file",
                "so is one that has tables and no application id");

  make_store(path);
  poke(path, 100, zeros, sizeof(zeros));
  check_refused(path, &own, MC_DATA_LOSS, "is damaged: restore it from a copy",
                "a damaged schema is refused");

  make_store(path);
  poke(path, 3 * 4096, zeros, sizeof(zeros));
  store = must_open(path, &own);
  tap_is_int(mc_store_check(store, &err), MC_DATA_LOSS, "damage further in is found by a check");
  mc_store_free(store);

  make_store(path);
  store = must_open(path, &own);
  tap_is_int(mc_store_check(store, &err), MC_OK, "a sound file passes it");
  tap_is_int(one_int(store, "PRAGMA synchronous"), 2, "commits are synced in full");
  tap_is_int(one_int(store, "PRAGMA foreign_keys"), 1, "foreign keys hold");
  mc_store_free(store);
  snprintf(log, sizeof(log), "%s-wal", path);
  tap_ok(access(log, F_OK) != 0, "closing checkpoints: no log is left");
  remove_file(path);
}

static void test_places(void)
{
  const char *path = in_folder("no/such/folder/x.db");
  struct mc_store *store = NULL;
  struct mc_err err;
  struct stat info;
  char want[PATH_MAX + 128];

  tap_is_int(mc_store_open(&store, path, &own, &err), MC_NOT_FOUND, "a missing folder");
  snprintf(want, sizeof(want), "the folder of '%s' does not exist: make it first", path);
  tap_is_str(err.msg, want, "  is named");
  tap_is_int(mc_store_open(&store, path, &reader, &err), MC_NOT_FOUND, "a missing file to read");
  tap_is_int(mc_store_open(&store, folder, &own, &err), MC_FAILED_PRECONDITION, "a folder");
  snprintf(want, sizeof(want), "'%s' is a folder: name a file in it", folder);
  tap_is_str(err.msg, want, "  is named");
  path = in_folder("new.db");
  store = must_open(path, &own);
  tap_ok(!stat(path, &info) && (info.st_mode & 0777) == 0600, "a new file is private");
  mc_store_free(store);
  write_file(path, "", 0);
  tap_is_int(mc_store_open(&store, path, &reader, &err), MC_FAILED_PRECONDITION,
             "an empty file cannot be read");
  remove_file(path);
}

/* What `body` answers in a child process that may not write where root may. */
static int in_child(int (*body)(const char *path), const char *path)
{
  pid_t pid = fork();
  int status = 0;

  if(!pid) {
    if(!geteuid() && setuid(65534))
      _exit(100);
    _exit(body(path));
  }
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static int open_says(const char *path, const struct mc_store_options *options, int code,
                     const char *part)
{
  struct mc_store *store = NULL;
  struct mc_err err = {0};
  int rc = mc_store_open(&store, path, options, &err);

  mc_store_free(store);
  if(rc == code && (!code || strstr(err.msg, part)))
    return 0;
  fprintf(stderr, "# %d %s\n", rc, err.msg);
  return 1;
}

static int readonly_file(const char *path)
{
  return open_says(path, &own, MC_PERMISSION_DENIED, "is read-only: make it writable");
}

static int unreadable_file(const char *path)
{
  return open_says(path, &own, MC_PERMISSION_DENIED, "no permission to read");
}

static int forbidden_folder(const char *path)
{
  (void)path;
  return open_says("/x.db", &own, MC_PERMISSION_DENIED, "no permission to create '/x.db'");
}

static int readonly_folder(const char *path)
{
  return open_says(path, &shared, MC_PERMISSION_DENIED, "must be writable, for its log");
}

static int held_file(const char *path)
{
  char want[PATH_MAX + 64];

  snprintf(want, sizeof(want), "'%s' is in use by another process", path);
  return open_says(path, &own, MC_FAILED_PRECONDITION, want) +
         open_says(path, &shared, MC_FAILED_PRECONDITION, want) +
         open_says(path, &reader, MC_FAILED_PRECONDITION, want);
}

static int busy_writer(const char *path)
{
  struct mc_store *store = NULL;
  struct mc_err err;
  int rc = mc_store_open(&store, path, &shared, &err);

  if(!rc)
    rc = mc_store_begin(store, &err);
  mc_store_free(store);
  return rc == MC_UNAVAILABLE ? 0 : 1;
}

static void test_permissions_and_locks(void)
{
  const char *path = in_folder("locks.db");
  struct mc_store *store;

  make_store(path);
  chmod(folder, 0755);
  chmod(path, 0444);
  tap_is_int(in_child(readonly_file, path), 0, "a read-only file is told, with the cure");
  chmod(path, 0);
  tap_is_int(in_child(unreadable_file, path), 0, "a file that may not be read is told");
  chmod(path, 0666);
  if(!geteuid())
    tap_is_int(in_child(readonly_folder, path), 0, "a folder that cannot take the log is told");
  tap_is_int(in_child(forbidden_folder, path), 0, "a folder that may not be written is told");
  chmod(folder, 0777);
  store = must_open(path, &own);
  tap_is_int(in_child(held_file, path), 0, "a file that a process owns is refused to a second");
  tap_is_int(held_file(path), 0, "and to a second store of the same process");
  tap_is_int(in_child(held_file, path), 0, "which did not drop the lock");
  mc_store_free(store);
  store = must_open(path, &shared);
  mc_store_begin(store, NULL);
  tap_is_int(in_child(busy_writer, path), 0, "a second writer is told that the first is busy");
  mc_store_free(store);
  remove_file(path);
}

static void test_full_disk(void)
{
  const char *path = in_folder("full.db");
  struct rlimit old, tight;
  struct mc_store *store = must_open(path, &own);
  struct mc_err err = {0};
  int rc;

  mc_store_exec(store, "CREATE TABLE t (x BLOB); PRAGMA max_page_count = 20", NULL);
  mc_store_begin(store, NULL);
  run(store, "INSERT INTO t VALUES (1)", NULL, 0, NULL);
  rc = run(store, "INSERT INTO t VALUES (zeroblob(200000))", NULL, 0, &err);
  tap_is_int(rc, MC_RESOURCE_EXHAUSTED, "a full store is told");
  tap_ok(!strncmp(err.msg, "disk is full: ", 14), "  as a full disk");
  if(!mc_store_in_transaction(store))
    tap_is_int(mc_store_commit(store, NULL), MC_FAILED_PRECONDITION, "and its commit cannot lie");
  mc_store_rollback(store, NULL);
  mc_store_exec(store, "PRAGMA max_page_count = 100000", NULL);

  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &old);
  tight = old;
  tight.rlim_cur = 100000;
  setrlimit(RLIMIT_FSIZE, &tight);
  memset(&err, 0, sizeof(err));
  rc = run(store, "INSERT INTO t VALUES (zeroblob(200000))", NULL, 0, &err);
  setrlimit(RLIMIT_FSIZE, &old);
  tap_is_int(rc, MC_RESOURCE_EXHAUSTED, "so is a file that may not grow");
  tap_ok(!strncmp(err.msg, "disk is full: ", 14), "  as a full disk");
  tap_is_int(run(store, "INSERT INTO t VALUES (2)", NULL, 0, NULL), 0, "with room it works again");
  mc_store_free(store);
  store = must_open(path, &own);
  tap_is_int(mc_store_check(store, NULL), 0, "the file is sound");
  tap_is_int(one_int(store, "SELECT sum(x) FROM t WHERE typeof(x) = 'integer'"), 2,
             "and holds what was committed");
  mc_store_free(store);
  remove_file(path);
}

/* A child commits and dies without closing. */
static void test_crash(void)
{
  const char *path = in_folder("crash.db");
  struct mc_store *store;
  pid_t pid = fork();

  if(!pid) {
    store = must_open(path, &own);
    mc_store_exec(store, "CREATE TABLE t (x); INSERT INTO t VALUES (41)", NULL);
    mc_store_begin(store, NULL);
    mc_store_exec(store, "INSERT INTO t VALUES (99)", NULL);
    kill(getpid(), SIGKILL);
  }
  waitpid(pid, NULL, 0);
  store = must_open(path, &own);
  tap_is_int(one_int(store, "SELECT sum(x) FROM t"), 41, "what was committed outlives a kill");
  mc_store_free(store);
  remove_file(path);
}

static int work(const char *path)
{
  struct mc_store *store = NULL;
  struct mc_value value = {.type = MC_VALUE_INT};
  struct mc_err err = {0};
  int rc = mc_store_open(&store, path, &own, &err);

  if(rc)
    return rc;
  rc = mc_store_exec(store, "CREATE TABLE IF NOT EXISTS t (x)", &err);
  if(!rc)
    rc = run(store, "INSERT INTO t VALUES (?)", &value, 1, &err);
  if(!rc)
    rc = mc_store_check(store, &err);
  mc_store_free(store);
  return rc;
}

static void test_out_of_memory(void)
{
  const char *path = in_folder("memory.db");
  int64_t n = -1;
  int rc, other = 0;

  do {
    mc_alloc_fail_after(++n);
    rc = work(path);
    other += rc && rc != MC_RESOURCE_EXHAUSTED;
  } while(rc && n < 100);
  mc_alloc_fail_after(-1);
  tap_ok(n >= 4 && n < 100, "every allocation was refused once (%d)", (int)n);
  tap_is_int(other, 0, "and always told as memory");
  remove_file(path);
}

int main(void)
{
  if(!mkdtemp(folder))
    return 1;
  test_values();
  test_faults();
  test_changes_and_transactions();
  test_cache();
  test_refusals();
  test_places();
  test_permissions_and_locks();
  test_full_disk();
  test_crash();
  test_out_of_memory();
  tap_ok(!rmdir(folder), "no file is left behind");
  return tap_done();
}
