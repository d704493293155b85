#ifndef MC_TIME_WARNINGS_H
#define MC_TIME_WARNINGS_H

#include <stddef.h>
#include <stdint.h>

#include "time/schedule.h"

/* What is allowed and yet often not meant. */

enum mc_warning_kind {
  MC_WARN_UNEVEN_STEP, /* a step does not divide its range: minutes 0, 7, ... 56, then 0 after 4 */
  MC_WARN_DAY_UNION, /* day of month and day of week are both set: either is enough */
  MC_WARN_SHORT_MONTHS, /* a day, or a fifth weekday, that some of the months lack */
  MC_WARN_POPULAR, /* fires when many other jobs do: the top of the hour, midnight */
  MC_WARN_DST_SKIPPED, /* runs of one day fall into a gap of the local clock */
  MC_WARN_DST_TWICE, /* runs of one day fall into an hour that comes twice */
  MC_WARN_DST_MOVED /* the start of a range falls into a gap */
};

struct mc_warning {
  enum mc_warning_kind kind;
  int64_t at_ms; /* the change of the clock, for the kinds of DST; else -1 */
  char message[192]; /* one line; local date, time and zone where it is about one day */
};

/* The stable name of a kind, as "dst_skipped". */
const char *mc_warning_name(enum mc_warning_kind kind);

/* The warnings of a schedule, changes of the clock in (from, to] among them, in time order after
   those without a time. At most `max` are written; returns how many. Rules that run every hour have
   no DST warnings: they follow the wall clock without a lost day. Neither have those of
   MC_SCHEDULE_ONCE, which is there to avoid them. */
size_t mc_schedule_warnings(const struct mc_schedule *s, int64_t from_ms, int64_t to_ms,
                            struct mc_warning *out, size_t max);

#endif
