#ifndef MC_STORE_INTERNAL_H
#define MC_STORE_INTERNAL_H

/* What the files of this folder share; nobody else includes it. */

#include <sqlite3.h>

#include "store/sqlite.h"

#define MC_STORE_BUCKETS 256 /* a power of two */

struct mc_store {
  sqlite3 *db;
  char *path;
  struct mc_cursor *cursors; /* the open ones */
  struct mc_statement *buckets[MC_STORE_BUCKETS];
  size_t statements;
  uint64_t tick;
};

/* The error that `db` holds, as one line about the file `path`. */
int mc_sql_fail(sqlite3 *db, const char *path, struct mc_err *err);
int mc_store_fail(const struct mc_store *store, struct mc_err *err);

/* Close all open cursors and drop the kept statements. */
void mc_store_drop_statements(struct mc_store *store);

#endif
