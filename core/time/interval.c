#include "time/interval.h"

#include "time/civil.h"

/* The runs of one local day: first, first + period, ... up to last. None when last < first. */
struct day_runs {
  int64_t first, last;
};

static struct day_runs runs_of_day(const struct mc_interval *rule, const struct mc_zone *zone,
                                   int64_t day)
{
  int64_t midnight = day * MC_MIN_PER_DAY;
  int64_t wrap = rule->to_min < rule->from_min ? MC_MIN_PER_DAY : 0;
  struct day_runs runs;
  int64_t next_first = mc_zone_first_minute(zone, midnight + MC_MIN_PER_DAY + rule->from_min);

  runs.first = mc_zone_first_minute(zone, midnight + rule->from_min);
  runs.last = mc_zone_first_minute(zone, midnight + wrap + rule->to_min);
  if(runs.last >= next_first)
    runs.last = next_first - 1;
  if(runs.last >= runs.first)
    runs.last -= (runs.last - runs.first) % rule->period_min;
  return runs;
}

/* The local day whose runs are the latest to start at or before the minute. */
static int64_t day_at(const struct mc_interval *rule, const struct mc_zone *zone, int64_t minute)
{
  struct mc_span span = mc_zone_span(zone, minute);
  int64_t day = mc_floor_div(minute + span.offset_min, MC_MIN_PER_DAY) + 1;

  while(mc_zone_first_minute(zone, day * MC_MIN_PER_DAY + rule->from_min) > minute)
    day--;
  return day;
}

int64_t mc_interval_next(const struct mc_interval *rule, const struct mc_zone *zone, int64_t minute)
{
  int64_t day = day_at(rule, zone, minute);

  for(;; day++) {
    struct day_runs runs = runs_of_day(rule, zone, day);
    int64_t after = minute - runs.first + rule->period_min - 1;
    int64_t at = minute <= runs.first ? runs.first
                                      : minute + rule->period_min - 1 - after % rule->period_min;

    if(runs.first >= MC_MINUTE_END)
      return -1;
    if(at <= runs.last)
      return at < MC_MINUTE_END ? at : -1;
  }
}

int64_t mc_interval_prev(const struct mc_interval *rule, const struct mc_zone *zone, int64_t minute)
{
  int64_t day = day_at(rule, zone, minute);

  for(;; day--) {
    struct day_runs runs = runs_of_day(rule, zone, day);
    int64_t at = minute < runs.last ? minute - (minute - runs.first) % rule->period_min : runs.last;

    if(runs.last >= runs.first)
      return at >= 0 ? at : -1;
    if(runs.first < 0)
      return -1;
  }
}

/* Runs of one day before the minute. */
static int64_t runs_before(const struct day_runs *runs, int64_t period, int64_t minute)
{
  if(minute <= runs->first || runs->last < runs->first)
    return 0;
  if(minute > runs->last)
    return (runs->last - runs->first) / period + 1;
  return (minute - 1 - runs->first) / period + 1;
}

int64_t mc_interval_count(const struct mc_interval *rule, const struct mc_zone *zone, int64_t from,
                          int64_t to)
{
  int64_t day, count = 0;

  if(from >= to)
    return 0;
  for(day = day_at(rule, zone, from);; day++) {
    struct day_runs runs = runs_of_day(rule, zone, day);

    if(runs.first >= to)
      return count;
    count += runs_before(&runs, rule->period_min, to) - runs_before(&runs, rule->period_min, from);
  }
}
