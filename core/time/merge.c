#include "time/merge.h"

#include "base/alloc.h"

/* A binary heap of the schedules' next occurrences: the top is next. */
struct entry {
  int64_t at_ms;
  size_t index;
};

struct mc_merge {
  int64_t from_ms, to_ms;
  struct mc_schedule_iter *iters; /* by index */
  struct entry *heap;
  size_t n_iters, n_heap, cap;
  bool started;
};

int mc_merge_new(struct mc_merge **out, int64_t from_ms, int64_t to_ms, struct mc_err *err)
{
  struct mc_merge *merge = mc_calloc(1, sizeof(*merge));

  if(!merge)
    return mc_fail_nomem(err);
  merge->from_ms = from_ms;
  merge->to_ms = to_ms;
  *out = merge;
  return MC_OK;
}

void mc_merge_free(struct mc_merge *merge)
{
  if(!merge)
    return;
  mc_free(merge->iters);
  mc_free(merge->heap);
  mc_free(merge);
}

static int grow(struct mc_merge *merge, struct mc_err *err)
{
  size_t cap = merge->cap ? merge->cap * 2 : 16;
  struct mc_schedule_iter *iters;
  struct entry *heap;

  if(merge->n_iters < merge->cap)
    return MC_OK;
  iters = mc_realloc(merge->iters, cap * sizeof(*iters));
  if(iters)
    merge->iters = iters;
  heap = iters ? mc_realloc(merge->heap, cap * sizeof(*heap)) : NULL;
  if(!heap)
    return mc_fail_nomem(err);
  merge->heap = heap;
  merge->cap = cap;
  return MC_OK;
}

int mc_merge_add(struct mc_merge *merge, const struct mc_schedule *s, int64_t anchor_ms,
                 struct mc_err *err)
{
  int rc;

  MC_ASSERT(!merge->started);
  rc = grow(merge, err);
  if(rc)
    return rc;
  mc_schedule_iter_init(&merge->iters[merge->n_iters++], s, merge->from_ms, anchor_ms);
  return MC_OK;
}

static bool comes_before(const struct entry *a, const struct entry *b)
{
  return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->index < b->index);
}

/* Let the entry sink from `i` to its place. */
static void sift_down(struct mc_merge *merge, size_t i, struct entry entry)
{
  struct entry *heap = merge->heap;
  size_t child;

  while((child = 2 * i + 1) < merge->n_heap) {
    if(child + 1 < merge->n_heap && comes_before(&heap[child + 1], &heap[child]))
      child++;
    if(!comes_before(&heap[child], &entry))
      break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = entry;
}

/* The schedule's next occurrence within the span. */
static bool advance(struct mc_merge *merge, size_t index, struct entry *out)
{
  out->index = index;
  return mc_schedule_iter_next(&merge->iters[index], &out->at_ms) && out->at_ms <= merge->to_ms;
}

static void start(struct mc_merge *merge)
{
  size_t i;

  merge->started = true;
  for(i = 0; i < merge->n_iters; i++) {
    if(advance(merge, i, &merge->heap[merge->n_heap]))
      merge->n_heap++;
  }
  for(i = merge->n_heap / 2; i-- > 0;)
    sift_down(merge, i, merge->heap[i]);
}

bool mc_merge_next(struct mc_merge *merge, int64_t *out_ms, size_t *out_index)
{
  struct entry next;

  if(!merge->started)
    start(merge);
  if(!merge->n_heap)
    return false;
  *out_ms = merge->heap[0].at_ms;
  *out_index = merge->heap[0].index;
  if(!advance(merge, *out_index, &next)) {
    if(!--merge->n_heap)
      return true;
    next = merge->heap[merge->n_heap];
  }
  sift_down(merge, 0, next);
  return true;
}
