#ifndef MC_TIME_INTERVAL_H
#define MC_TIME_INTERVAL_H

#include <stdint.h>

#include "time/rule.h"
#include "time/zone.h"

/* The searches behind schedule.h for ranged intervals, in UTC minutes; -1 is never. The runs of a
   local day end before the first of the next day, so the days' runs never mix. */

/* The first run at or after `minute`, the last at or before. */
int64_t mc_interval_next(const struct mc_interval *rule, const struct mc_zone *zone,
                         int64_t minute);
int64_t mc_interval_prev(const struct mc_interval *rule, const struct mc_zone *zone,
                         int64_t minute);
/* Runs in [from, to). */
int64_t mc_interval_count(const struct mc_interval *rule, const struct mc_zone *zone, int64_t from,
                          int64_t to);

#endif
