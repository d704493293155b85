#ifndef MC_TIME_MERGE_H
#define MC_TIME_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "time/schedule.h"

/* The occurrences of many schedules in time order, found one by one. */
struct mc_merge;

/* Occurrences in (from, to]. Schedules are added before the first mc_merge_next. */
int mc_merge_new(struct mc_merge **out, int64_t from_ms, int64_t to_ms, struct mc_err *err);
void mc_merge_free(struct mc_merge *merge); /* NULL is fine */

/* The n-th schedule added (from 0) is reported as index n. It is borrowed. */
int mc_merge_add(struct mc_merge *merge, const struct mc_schedule *s, int64_t anchor_ms,
                 struct mc_err *err);

/* The next occurrence; those of one instant come in the order of their index. False at the end. */
bool mc_merge_next(struct mc_merge *merge, int64_t *out_ms, size_t *out_index);

#endif
