#ifndef MC_STORE_SQLITE_H
#define MC_STORE_SQLITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One SQLite file in WAL mode with synchronous=FULL: what was committed survives a crash.
   Prepared statements are kept by their text, so callers simply say SQL. One thread. */

struct mc_store;
struct mc_statement;

/* Prepared statements a store keeps; the one unused for longest makes room. */
#define MC_STORE_STATEMENTS 128

/* The application_id of our files [sqlite.org/pragma.html#pragma_application_id]: "mcrn". */
#define MC_STORE_APPLICATION_ID 0x6d63726e

struct mc_store_options {
  int readonly;
  int exclusive; /* this process owns the file until it closes it */
  int64_t busy_ms; /* how long a lock of another process is waited for; 0: not at all */
};

enum mc_value_type { MC_VALUE_NULL, MC_VALUE_INT, MC_VALUE_REAL, MC_VALUE_TEXT, MC_VALUE_BLOB };

struct mc_value {
  enum mc_value_type type;
  union {
    int64_t integer;
    double real;
    struct {
      const char *data; /* borrowed */
      size_t len;
    } bytes; /* text and blob */
  } as;
};

/* Open or create the file (mode 0600), whose folder must exist; ":memory:" is a private store in
   memory. A file that is no database, is damaged or belongs to another application is refused
   and left as it is, byte for byte. MC_FAILED_PRECONDITION: in use by another process, of
   another application, a folder; MC_DATA_LOSS: no database or a damaged one; MC_NOT_FOUND: no
   such folder (readonly: file); MC_PERMISSION_DENIED. The first one in a process has SQLite keep
   no statistics of its memory. */
int mc_store_open(struct mc_store **out, const char *path, const struct mc_store_options *options,
                  struct mc_err *err);
/* Closes open cursors, rolls an open transaction back, checkpoints and closes. NULL is fine. */
void mc_store_free(struct mc_store *store);
/* As it was opened; lives as long as the store. */
const char *mc_store_path(const struct mc_store *store);

/* Any number of statements without parameters, for schemas and pragmas; rows are dropped. */
int mc_store_exec(struct mc_store *store, const char *sql, struct mc_err *err);

/* Run one statement to its end. *changes (may be NULL): rows it inserted, updated or deleted.
   Errors of this and all below: MC_ALREADY_EXISTS (a unique key), MC_INVALID_ARGUMENT (another
   constraint, the SQL, the number of parameters), MC_RESOURCE_EXHAUSTED (disk full, memory),
   MC_UNAVAILABLE (busy), MC_ABORTED (lost a race: begin again), MC_DATA_LOSS,
   MC_PERMISSION_DENIED (read-only). */
int mc_store_run(struct mc_store *store, const char *sql, size_t len, const struct mc_value *params,
                 size_t count, int64_t *changes, struct mc_err *err);

/* The rows of one statement, one by one. In place: `struct mc_cursor cursor = {0};` is a closed
   one. It may not move while open. */
struct mc_cursor {
  struct mc_cursor *next, **link;
  struct mc_store *store;
  struct mc_statement *statement;
  int done;
};

/* Open *cursor (closed before) on one statement, before its first row. Texts and blobs of
   `params` must live until the cursor is closed. On failure it stays closed. */
int mc_store_query(struct mc_store *store, struct mc_cursor *cursor, const char *sql, size_t len,
                   const struct mc_value *params, size_t count, struct mc_err *err);
/* 1: there is a row; 0: no more; negative: failed. A cursor whose store was closed fails. */
int mc_cursor_step(struct mc_cursor *cursor, struct mc_err *err);
/* Of the present row. Names and values are borrowed until the next step; beyond the last column:
   "" and NULL. */
int mc_cursor_columns(const struct mc_cursor *cursor);
const char *mc_cursor_name(const struct mc_cursor *cursor, int column);
void mc_cursor_value(const struct mc_cursor *cursor, int column, struct mc_value *out);
/* Run what changes rows to its end (so that its commit is known), drop further rows of what only
   reads, close. */
int mc_cursor_finish(struct mc_cursor *cursor, struct mc_err *err);
/* Reset the statement and give it back. Closed already is fine. */
void mc_cursor_close(struct mc_cursor *cursor);

/* A write transaction. MC_FAILED_PRECONDITION: begin in one, commit outside of one (SQLite rolls
   back by itself when the disk is full). After a failed commit the transaction may still be
   open: ask, roll back. */
int mc_store_begin(struct mc_store *store, struct mc_err *err);
int mc_store_commit(struct mc_store *store, struct mc_err *err);
/* Fine outside of one. */
int mc_store_rollback(struct mc_store *store, struct mc_err *err);
int mc_store_in_transaction(const struct mc_store *store);

/* Rows changed by the statement that last changed any; the rowid last inserted. */
int64_t mc_store_changes(const struct mc_store *store);
int64_t mc_store_last_rowid(const struct mc_store *store);

/* Read the whole file and say whether it is sound: MC_DATA_LOSS with the first fault. Takes time
   in proportion. */
int mc_store_check(struct mc_store *store, struct mc_err *err);

#endif
