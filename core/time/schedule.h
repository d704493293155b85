#ifndef MC_TIME_SCHEDULE_H
#define MC_TIME_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "time/rule.h"
#include "time/zone.h"

/* When a rule fires in a zone. Pure: nothing is allocated, every search ends at the year 10000.
   Instants are ms since the epoch, UTC, within [0, MC_INSTANT_END); arguments outside are taken as
   the nearest end.

   A calendar rule fires at each UTC minute whose local clock matches: not in a gap, twice in an
   overlap. [doc] [groc] An interval rule without a range fires at anchor + k * period, k >= 1; the
   anchor's seconds are kept. [recorded] A ranged one fires in elapsed time from the instant of
   `from` in each local day. [groc] `anchor_ms` matters to the first kind of interval only. */

/* Not the service's rule, for local use: a calendar rule that is neither every hour nor every
   minute runs right after a gap of up to three hours in which it would have run, and only the first
   time in an overlap. [Vixie cron] */
#define MC_SCHEDULE_ONCE 1u

struct mc_schedule {
  struct mc_rule rule;
  const struct mc_zone *zone; /* borrowed; must outlive the schedule */
  unsigned flags;
  /* Derived, for the searches. */
  uint64_t
      week_bits; /* the weekdays, repeated over 42 days from a Sunday; 0 when they do not count */
  uint32_t month_bits; /* days of the month that count whatever the weekday */
  int16_t first_min, last_min; /* of a day that fires */
  int16_t runs_per_day;
  uint8_t day_search; /* how a day is found: no calendar, the weekday alone, or the date */
};

/* Parse either language: text that starts with a letter or holds an ordinal or "of" is English,
   else unix-cron. */
int mc_rule_parse(struct mc_rule *out, const char *text, size_t len, struct mc_err *err);
/* Append the canonical text in the rule's own language. */
int mc_rule_print(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err);

/* `zone` NULL means UTC. `flags`: 0 or MC_SCHEDULE_ONCE. */
void mc_schedule_init(struct mc_schedule *out, const struct mc_rule *rule,
                      const struct mc_zone *zone, unsigned flags);

/* Whether `anchor_ms` matters. */
bool mc_schedule_is_anchored(const struct mc_schedule *s);

/* The first occurrence strictly after t, the last one strictly before. False: there is none,
   *out_ms is untouched. */
bool mc_schedule_next(const struct mc_schedule *s, int64_t t_ms, int64_t anchor_ms,
                      int64_t *out_ms);
bool mc_schedule_prev(const struct mc_schedule *s, int64_t t_ms, int64_t anchor_ms,
                      int64_t *out_ms);

/* Whether an occurrence lies in the minute that holds t. */
bool mc_schedule_matches(const struct mc_schedule *s, int64_t t_ms, int64_t anchor_ms);

/* How many occurrences lie in (from, to]; by months and days, not by a walk. */
int64_t mc_schedule_count(const struct mc_schedule *s, int64_t from_ms, int64_t to_ms,
                          int64_t anchor_ms);

/* At most `max` occurrences in (from, to], ascending. Returns how many were written. */
size_t mc_schedule_between(const struct mc_schedule *s, int64_t from_ms, int64_t to_ms,
                           int64_t anchor_ms, int64_t *out_ms, size_t max);

/* Walks forward; what a step found of the hour, day, month and span stays here, so most steps are
   one bit scan. Plain data: copy it to branch off. */
struct mc_schedule_iter {
  const struct mc_schedule *schedule; /* borrowed */
  int64_t anchor_ms;
  int64_t last_ms; /* the latest occurrence given, at first the start */
  int64_t hour_at; /* UTC minute at which the open hour starts */
  int64_t day_at; /* and the open day, and the day before the first of the month */
  int64_t month_at;
  int64_t end_min; /* UTC minute at which the span ends */
  uint64_t minutes; /* bits still to come in the hour, the day and the month */
  uint32_t hours;
  uint32_t days;
};

/* Occurrences strictly after from_ms. */
void mc_schedule_iter_init(struct mc_schedule_iter *out, const struct mc_schedule *s,
                           int64_t from_ms, int64_t anchor_ms);
/* False at the end, and for good. */
bool mc_schedule_iter_next(struct mc_schedule_iter *it, int64_t *out_ms);

#endif
