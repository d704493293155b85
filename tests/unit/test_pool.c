/* The interpreter's memory. The pool knows no Lua, so it is tested as the core is. */

#include "host/pool.c"

#include "tap.h"

#define BLOCKS 500

struct held {
  unsigned char *data;
  size_t size;
  unsigned char mark;
};

static uint32_t next_random(uint32_t *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static int is_whole(const struct held *held, size_t size)
{
  size_t i;

  for(i = 0; i < size; i++) {
    if(held->data[i] != held->mark)
      return 0;
  }
  return 1;
}

/* Blocks that grow, shrink and go, of sizes on both sides of the largest class: each keeps its
   bytes, which it would not if two overlapped. */
static void test_blocks_keep_their_bytes(void)
{
  struct mc_pool *pool = mc_pool_new();
  struct held held[BLOCKS] = {0}, *h;
  uint32_t state = 1;
  size_t size, kept;
  int round, whole = 1, aligned = 1;

  for(round = 0; round < 200000; round++) {
    h = &held[next_random(&state) % BLOCKS];
    size = next_random(&state) % (round % 10 ? 300 : 2000);
    kept = h->size < size ? h->size : size;
    h->data = mc_pool_resize(pool, h->data, h->data ? h->size : 5, size);
    h->size = size;
    if(!size) {
      whole = whole && !h->data;
      continue;
    }
    aligned = aligned && (uintptr_t)h->data % alignof(max_align_t) == 0;
    whole = whole && is_whole(h, kept);
    h->mark = (unsigned char)round;
    memset(h->data, h->mark, size);
  }
  tap_ok(whole, "blocks keep their bytes through 200,000 changes of size");
  tap_ok(aligned, "every block is aligned for any type");
  for(h = held; h < held + BLOCKS; h++)
    mc_pool_resize(pool, h->data, h->size, 0);
  mc_pool_free(pool);
}

static void test_no_memory(void)
{
  struct mc_pool *pool = mc_pool_new();
  void *small = mc_pool_resize(pool, NULL, 0, 40);

  mc_alloc_fail_after(0);
  tap_ok(!mc_pool_resize(pool, NULL, 0, 4000), "a large block that is not to be had is NULL");
  mc_alloc_fail_after(0);
  tap_ok(!mc_pool_resize(pool, small, 40, 4000), "a block that cannot grow stays");
  mc_alloc_fail_after(-1);
  mc_pool_resize(pool, small, 40, 0);
  mc_pool_free(pool);
  mc_alloc_fail_after(0);
  tap_ok(!mc_pool_new(), "without memory there is no pool");
  mc_alloc_fail_after(-1);
  mc_pool_free(NULL);
}

int main(void)
{
  test_blocks_keep_their_bytes();
  test_no_memory();
  return tap_done();
}
