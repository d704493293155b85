#include "host/pool.h"

#include <stdalign.h>
#include <string.h>

#include "base/alloc.h"

#define STEP alignof(max_align_t) /* between the sizes of the classes */
#define SLAB (64 * 1024)
#ifdef __SANITIZE_ADDRESS__
#define MAX_SMALL 0 /* it is to see each block */
#else
#define MAX_SMALL 512
#endif
#define CLASSES (MAX_SMALL / STEP + 1)

struct block {
  struct block *next;
};

struct mc_pool {
  struct block *idle[CLASSES];
  struct block *slabs;
  char *at, *end; /* what is left of the newest slab */
};

struct mc_pool *mc_pool_new(void)
{
  return mc_calloc(1, sizeof(struct mc_pool));
}

void mc_pool_free(struct mc_pool *pool)
{
  struct block *slab;

  while(pool && pool->slabs) {
    slab = pool->slabs;
    pool->slabs = slab->next;
    mc_free(slab);
  }
  mc_free(pool);
}

static size_t class_of(size_t size)
{
  return (size + STEP - 1) / STEP;
}

/* The rest of the last slab is left unused: less than one block. */
static int add_slab(struct mc_pool *pool)
{
  struct block *slab = mc_malloc(SLAB);

  if(!slab)
    return 0;
  slab->next = pool->slabs;
  pool->slabs = slab;
  pool->at = (char *)slab + STEP;
  pool->end = (char *)slab + SLAB;
  return 1;
}

static void *take(struct mc_pool *pool, size_t size)
{
  size_t class = class_of(size);
  struct block *block;

  if(size > MAX_SMALL)
    return mc_malloc(size);
  block = pool->idle[class];
  if(block) {
    pool->idle[class] = block->next;
    return block;
  }
  if((size_t)(pool->end - pool->at) < class * STEP && !add_slab(pool))
    return NULL;
  block = (struct block *)(void *)pool->at;
  pool->at += class * STEP;
  return block;
}

static void give_back(struct mc_pool *pool, void *ptr, size_t size)
{
  struct block *block = ptr;

  if(size > MAX_SMALL) {
    mc_free(ptr);
    return;
  }
  block->next = pool->idle[class_of(size)];
  pool->idle[class_of(size)] = block;
}

void *mc_pool_resize(void *arg, void *ptr, size_t old_size, size_t size)
{
  struct mc_pool *pool = arg;
  void *fresh;

  if(!ptr)
    return size ? take(pool, size) : NULL; /* old_size is a kind of object here */
  if(!size) {
    give_back(pool, ptr, old_size);
    return NULL;
  }
  if(old_size > MAX_SMALL && size > MAX_SMALL)
    return mc_realloc(ptr, size);
  if(old_size <= MAX_SMALL && size <= MAX_SMALL && class_of(old_size) == class_of(size))
    return ptr;
  fresh = take(pool, size);
  if(!fresh)
    return NULL;
  memcpy(fresh, ptr, old_size < size ? old_size : size);
  give_back(pool, ptr, old_size);
  return fresh;
}
