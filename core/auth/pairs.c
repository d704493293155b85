#include "auth/pairs.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"

void mc_pairs_init(struct mc_pairs *pairs)
{
  pairs->len = 0;
}

static void drop(struct mc_pair *pair)
{
  mc_free(pair->name);
  if(pair->value)
    mc_wipe(pair->value, strlen(pair->value));
  mc_free(pair->value);
}

void mc_pairs_clear(struct mc_pairs *pairs)
{
  while(pairs->len)
    drop(&pairs->at[--pairs->len]);
}

int mc_pairs_add(struct mc_pairs *pairs, const char *name, const char *value, struct mc_err *err)
{
  struct mc_pair pair;

  if(pairs->len == MC_PAIRS_MAX)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "more than %d names and values", MC_PAIRS_MAX);
  if(strlen(value) > MC_PAIR_VALUE_MAX)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the value of '%s' is longer than %d bytes", name,
                   MC_PAIR_VALUE_MAX);
  if(!*name || strpbrk(name, "\r\n:= "))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "a name is empty or has a space, ':', '=' in it");
  if(strpbrk(value, "\r\n"))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the value of '%s' has a line break", name);
  pair.name = mc_strdup(name);
  pair.value = mc_strdup(value);
  if(!pair.name || !pair.value) {
    drop(&pair);
    return mc_fail_nomem(err);
  }
  pairs->at[pairs->len++] = pair;
  return MC_OK;
}

const char *mc_pairs_get(const struct mc_pairs *pairs, const char *name)
{
  size_t i;

  for(i = 0; i < pairs->len; i++) {
    if(!strcasecmp(pairs->at[i].name, name))
      return pairs->at[i].value;
  }
  return NULL;
}

const char *mc_pairs_env(const struct mc_pairs *pairs, const char *name)
{
  const char *value = mc_pairs_get(pairs, name);

  return value && *value ? value : NULL;
}

int mc_pairs_copy(struct mc_pairs *out, const struct mc_pairs *from, struct mc_err *err)
{
  size_t i;
  int rc;

  for(i = 0; i < from->len; i++) {
    rc = mc_pairs_add(out, from->at[i].name, from->at[i].value, err);
    if(rc) {
      mc_pairs_clear(out);
      return rc;
    }
  }
  return MC_OK;
}
