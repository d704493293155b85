#ifndef MC_TIME_CALENDAR_H
#define MC_TIME_CALENDAR_H

#include <stdint.h>

#include "time/civil.h"
#include "time/schedule.h"

/* The searches behind schedule.h for calendar rules, on the minutes of the local clock, counted
   from 1970. */

enum mc_day_search { MC_EVERY_DAY, MC_BY_WEEKDAY, MC_BY_DATE };

static inline const struct mc_calendar *mc_calendar(const struct mc_schedule *s)
{
  return &s->rule.as.calendar;
}

static inline int mc_lowest_bit(uint64_t bits)
{
  return __builtin_ctzll(bits);
}

static inline int mc_highest_bit(uint64_t bits)
{
  return 63 - __builtin_clzll(bits);
}

/* The day of a local minute, and the minute of that day. */
static inline int64_t mc_split_day(int64_t local, int *in_day)
{
  /* moved to the year 0, so that the division is one of positive numbers */
  uint64_t n = (uint64_t)(local + (int64_t)MC_DAYS_TO_EPOCH * MC_MIN_PER_DAY);

  *in_day = (int)(n % MC_MIN_PER_DAY);
  return (int64_t)(n / MC_MIN_PER_DAY) - MC_DAYS_TO_EPOCH;
}

/* The days 1-31 of a month that fire, if the month does; `first` is the number of its first day. */
uint32_t mc_calendar_days(const struct mc_schedule *s, int32_t year, int32_t month, int64_t first);

/* The first local minute at or after this one that fires; INT64_MAX / 2 when there is none. */
int64_t mc_calendar_at_or_after(const struct mc_schedule *s, int64_t local);
/* The last local minute at or before this one that fires; far below zero when there is none. */
int64_t mc_calendar_at_or_before(const struct mc_schedule *s, int64_t local);
/* How many local minutes in [from, to) fire. */
int64_t mc_calendar_count(const struct mc_schedule *s, int64_t from, int64_t to);

#endif
