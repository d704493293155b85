#ifndef MC_HOST_POOL_H
#define MC_HOST_POOL_H

#include <stddef.h>

/* Memory of one Lua state: small blocks by size class from slabs, which go back all at once; larger
   ones from the system. Lua says how large a block was, so none carries a header. */

struct mc_pool;

/* NULL: out of memory. */
struct mc_pool *mc_pool_new(void);
/* Frees all slabs. NULL is fine. After lua_close. */
void mc_pool_free(struct mc_pool *pool);
/* A lua_Alloc, with the pool as its first argument. */
void *mc_pool_resize(void *pool, void *ptr, size_t old_size, size_t size);

#endif
