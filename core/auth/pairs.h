#ifndef MC_AUTH_PAIRS_H
#define MC_AUTH_PAIRS_H

#include <stddef.h>

#include "base/err.h"

#define MC_PAIRS_MAX 64
#define MC_PAIR_VALUE_MAX 65536

/* A short ordered list of names and values: an environment, the headers of a request or an
   answer. In place; values are wiped when they go. */
struct mc_pair {
  char *name;
  char *value;
};
struct mc_pairs {
  struct mc_pair at[MC_PAIRS_MAX];
  size_t len;
};

void mc_pairs_init(struct mc_pairs *pairs);
void mc_pairs_clear(struct mc_pairs *pairs);
/* Append copies. MC_INVALID_ARGUMENT for a value with CR, LF or longer than MC_PAIR_VALUE_MAX,
   and for the 65th pair. */
int mc_pairs_add(struct mc_pairs *pairs, const char *name, const char *value, struct mc_err *err);
/* The value of the first pair of that name (ASCII case does not matter), NULL when there is
   none. */
const char *mc_pairs_get(const struct mc_pairs *pairs, const char *name);
/* The same, but an empty value is none: how environment variables are read. */
const char *mc_pairs_env(const struct mc_pairs *pairs, const char *name);
/* Independent copy into an initialised *out, which is empty on failure. */
int mc_pairs_copy(struct mc_pairs *out, const struct mc_pairs *from, struct mc_err *err);

#endif
