#include "store/internal.h"

#include <string.h>

#include "base/alloc.h"

struct mc_statement {
  struct mc_statement *next; /* in its bucket */
  sqlite3_stmt *raw;
  uint64_t hash;
  uint64_t used; /* the store's tick at its last use */
  size_t len;
  int busy; /* a cursor has it */
  int kept; /* is in the cache; else it goes with its cursor */
  char sql[];
};

static void free_statement(struct mc_statement *statement)
{
  sqlite3_finalize(statement->raw);
  mc_free(statement);
}

/* FNV-1a [RFC draft-eastlake-fnv], but by words of eight bytes: an SQL text is long, and hashed
   whenever it runs. */
static uint64_t hash_of(const char *text, size_t len)
{
  uint64_t hash = 0xcbf29ce484222325u ^ len, word;
  size_t i;

  for(i = 0; i < len; i += sizeof(word)) {
    word = 0;
    memcpy(&word, text + i, len - i < sizeof(word) ? len - i : sizeof(word));
    hash = (hash ^ word) * 0x100000001b3u;
    hash ^= hash >> 32;
  }
  return hash;
}

static struct mc_statement **bucket_of(struct mc_store *store, uint64_t hash)
{
  return &store->buckets[(hash ^ hash >> 32) & (MC_STORE_BUCKETS - 1)];
}

/* Make room by the idle statement unused for longest. 0 when all are busy. Walks them all, which
   is little beside the preparation that follows. */
static int evict(struct mc_store *store)
{
  struct mc_statement **at, **oldest = NULL, *statement;
  size_t i;

  for(i = 0; i < MC_STORE_BUCKETS; i++) {
    for(at = &store->buckets[i]; *at; at = &(*at)->next) {
      if(!(*at)->busy && (!oldest || (*at)->used < (*oldest)->used))
        oldest = at;
    }
  }
  if(!oldest)
    return 0;
  statement = *oldest;
  *oldest = statement->next;
  free_statement(statement);
  store->statements--;
  return 1;
}

/* Exactly one statement; what follows it may only be blank or a comment. */
static int prepare(struct mc_store *store, struct mc_statement *statement, struct mc_err *err)
{
  const char *rest;
  sqlite3_stmt *second = NULL;

  if(sqlite3_prepare_v3(store->db, statement->sql, (int)statement->len + 1,
                        SQLITE_PREPARE_PERSISTENT, &statement->raw, &rest))
    return mc_store_fail(store, err);
  if(!statement->raw)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "no statement in the SQL text");
  if(!*rest)
    return MC_OK;
  if(sqlite3_prepare_v3(store->db, rest, -1, 0, &second, NULL) || second) {
    sqlite3_finalize(second);
    return mc_fail_at(err, MC_INVALID_ARGUMENT, rest - statement->sql,
                      "more than one statement: use exec");
  }
  return MC_OK;
}

static int new_statement(struct mc_store *store, struct mc_statement **out, const char *sql,
                         size_t len, struct mc_err *err)
{
  struct mc_statement *statement;
  int rc;

  if(len > (size_t)sqlite3_limit(store->db, SQLITE_LIMIT_SQL_LENGTH, -1))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the SQL text has %zu bytes, too many", len);
  if(memchr(sql, '\0', len))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the SQL text contains a zero byte");
  statement = mc_calloc(1, sizeof(*statement) + len + 1);
  if(!statement)
    return mc_fail_nomem(err);
  memcpy(statement->sql, sql, len);
  statement->len = len;
  rc = prepare(store, statement, err);
  if(rc) {
    free_statement(statement);
    return rc;
  }
  *out = statement;
  return MC_OK;
}

/* The idle statement of this text, kept or new. */
static int find_statement(struct mc_store *store, struct mc_statement **out, const char *sql,
                          size_t len, struct mc_err *err)
{
  uint64_t hash = hash_of(sql, len);
  struct mc_statement **bucket = bucket_of(store, hash), *at;
  int rc;

  for(at = *bucket; at; at = at->next) {
    if(at->hash == hash && at->len == len && !memcmp(at->sql, sql, len))
      break;
  }
  if(at && !at->busy) {
    *out = at;
    return MC_OK;
  }
  rc = new_statement(store, out, sql, len, err);
  if(rc || at || (store->statements >= MC_STORE_STATEMENTS && !evict(store)))
    return rc;
  (*out)->hash = hash;
  (*out)->kept = 1;
  (*out)->next = *bucket;
  *bucket = *out;
  store->statements++;
  return MC_OK;
}

static void release(struct mc_statement *statement)
{
  if(!statement->kept) {
    free_statement(statement);
    return;
  }
  sqlite3_reset(statement->raw);
  sqlite3_clear_bindings(statement->raw);
  statement->busy = 0;
}

static int bind_value(sqlite3_stmt *raw, int at, const struct mc_value *value)
{
  switch(value->type) {
  case MC_VALUE_NULL:
    return SQLITE_OK; /* as the bindings were cleared */
  case MC_VALUE_INT:
    return sqlite3_bind_int64(raw, at, value->as.integer);
  case MC_VALUE_REAL:
    return sqlite3_bind_double(raw, at, value->as.real);
  case MC_VALUE_TEXT:
    return sqlite3_bind_text64(raw, at, value->as.bytes.data, value->as.bytes.len, SQLITE_STATIC,
                               SQLITE_UTF8);
  case MC_VALUE_BLOB:
    return sqlite3_bind_blob64(raw, at, value->as.bytes.data, value->as.bytes.len, SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

static int bind_all(struct mc_store *store, sqlite3_stmt *raw, const struct mc_value *params,
                    size_t count, struct mc_err *err)
{
  int want = sqlite3_bind_parameter_count(raw);
  size_t i;

  if((size_t)want != count)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%zu values for %d parameters of the statement",
                   count, want);
  for(i = 0; i < count; i++) {
    if(bind_value(raw, (int)i + 1, &params[i]))
      return mc_store_fail(store, err);
  }
  return MC_OK;
}

/* ---- cursors ---- */

int mc_store_query(struct mc_store *store, struct mc_cursor *cursor, const char *sql, size_t len,
                   const struct mc_value *params, size_t count, struct mc_err *err)
{
  struct mc_statement *statement = NULL;
  int rc = find_statement(store, &statement, sql, len, err);

  if(rc)
    return rc;
  rc = bind_all(store, statement->raw, params, count, err);
  if(rc) {
    release(statement);
    return rc;
  }
  statement->busy = 1;
  statement->used = ++store->tick;
  cursor->store = store;
  cursor->statement = statement;
  cursor->done = 0;
  cursor->next = store->cursors;
  cursor->link = &store->cursors;
  if(cursor->next)
    cursor->next->link = &cursor->next;
  store->cursors = cursor;
  return MC_OK;
}

int mc_cursor_step(struct mc_cursor *cursor, struct mc_err *err)
{
  if(!cursor->store)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "the cursor is closed");
  if(cursor->done)
    return 0;
  switch(sqlite3_step(cursor->statement->raw)) {
  case SQLITE_ROW:
    return 1;
  case SQLITE_DONE:
    cursor->done = 1;
    return 0;
  default:
    cursor->done = 1;
    return mc_store_fail(cursor->store, err);
  }
}

int mc_cursor_columns(const struct mc_cursor *cursor)
{
  return cursor->store ? sqlite3_column_count(cursor->statement->raw) : 0;
}

const char *mc_cursor_name(const struct mc_cursor *cursor, int column)
{
  const char *name = cursor->store ? sqlite3_column_name(cursor->statement->raw, column) : NULL;

  return name ? name : "";
}

static void read_bytes(sqlite3_stmt *raw, int column, struct mc_value *out)
{
  const char *data = sqlite3_column_blob(raw, column);

  out->as.bytes.data = data ? data : "";
  out->as.bytes.len = (size_t)sqlite3_column_bytes(raw, column);
}

void mc_cursor_value(const struct mc_cursor *cursor, int column, struct mc_value *out)
{
  sqlite3_stmt *raw = cursor->store ? cursor->statement->raw : NULL;

  out->type = MC_VALUE_NULL;
  if(!raw)
    return;
  switch(sqlite3_column_type(raw, column)) {
  case SQLITE_INTEGER:
    out->type = MC_VALUE_INT;
    out->as.integer = sqlite3_column_int64(raw, column);
    return;
  case SQLITE_FLOAT:
    out->type = MC_VALUE_REAL;
    out->as.real = sqlite3_column_double(raw, column);
    return;
  case SQLITE_TEXT:
    out->type = MC_VALUE_TEXT;
    read_bytes(raw, column, out);
    return;
  case SQLITE_BLOB:
    out->type = MC_VALUE_BLOB;
    read_bytes(raw, column, out);
    return;
  }
}

int mc_cursor_finish(struct mc_cursor *cursor, struct mc_err *err)
{
  int rc = 0;

  if(cursor->store && !sqlite3_stmt_readonly(cursor->statement->raw)) {
    do
      rc = mc_cursor_step(cursor, err);
    while(rc > 0);
  }
  mc_cursor_close(cursor);
  return rc;
}

void mc_cursor_close(struct mc_cursor *cursor)
{
  if(!cursor->store)
    return;
  *cursor->link = cursor->next;
  if(cursor->next)
    cursor->next->link = cursor->link;
  cursor->store = NULL;
  release(cursor->statement);
}

void mc_store_drop_statements(struct mc_store *store)
{
  struct mc_statement *statement;
  size_t i;

  while(store->cursors)
    mc_cursor_close(store->cursors);
  for(i = 0; i < MC_STORE_BUCKETS; i++) {
    while(store->buckets[i]) {
      statement = store->buckets[i];
      store->buckets[i] = statement->next;
      free_statement(statement);
    }
  }
  store->statements = 0;
}

int mc_store_run(struct mc_store *store, const char *sql, size_t len, const struct mc_value *params,
                 size_t count, int64_t *changes, struct mc_err *err)
{
  int64_t before = sqlite3_total_changes64(store->db);
  struct mc_cursor cursor = {0};
  int rc = mc_store_query(store, &cursor, sql, len, params, count, err);

  if(rc)
    return rc;
  do
    rc = mc_cursor_step(&cursor, err);
  while(rc > 0);
  mc_cursor_close(&cursor);
  /* what changes no row leaves the count of an earlier statement standing */
  if(!rc && changes)
    *changes = sqlite3_total_changes64(store->db) == before ? 0 : sqlite3_changes64(store->db);
  return rc;
}
