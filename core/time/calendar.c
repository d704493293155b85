#include "time/calendar.h"

#include "time/civil.h"

#define NEVER INT64_MIN /* as a day */
#define LONG_AGO (-MC_DAYS_TO_EPOCH) /* a day before all that anyone asks for */

/* ---- days ---- */

uint32_t mc_calendar_days(const struct mc_schedule *s, int32_t year, int32_t month, int64_t first)
{
  uint32_t in_month = (uint32_t)((UINT64_C(2) << mc_days_in_month(year, month)) - 2);
  uint32_t by_week = (uint32_t)(s->week_bits >> mc_weekday(first) << 1);

  return (s->month_bits | (by_week & mc_calendar(s)->ordinal_days)) & in_month;
}

/* The first day at or after `day` that fires, or NEVER. */
static int64_t date_at_or_after(const struct mc_schedule *s, int64_t day)
{
  const uint32_t months = mc_calendar(s)->months;
  struct mc_date date = mc_date_from_days(day);
  int64_t first = day - (date.day - 1);

  for(;;) {
    uint32_t later;

    if(months >> date.month & 1) {
      uint32_t days = mc_calendar_days(s, date.year, date.month, first) >> date.day;

      if(days)
        return first + date.day - 1 + mc_lowest_bit(days);
    }
    later = months >> date.month >> 1;
    if(later) {
      date.month += 1 + mc_lowest_bit(later);
    } else {
      date.year++;
      date.month = mc_lowest_bit(months);
    }
    if(date.year > 10000)
      return NEVER;
    date.day = 1;
    first = mc_days_from_date(date.year, date.month, 1);
  }
}

static int64_t day_at_or_after(const struct mc_schedule *s, int64_t day)
{
  if(s->day_search == MC_EVERY_DAY)
    return day;
  if(s->day_search == MC_BY_WEEKDAY)
    return day + mc_lowest_bit(s->week_bits >> mc_weekday(day));
  return date_at_or_after(s, day);
}

/* The last day at or before `day` that fires; before 1969 the search ends with NEVER -
   MC_MIN_PER_DAY. */
static int64_t date_at_or_before(const struct mc_schedule *s, int64_t day)
{
  const uint32_t months = mc_calendar(s)->months;
  struct mc_date date = mc_date_from_days(day);

  for(;;) {
    uint32_t earlier;

    if(months >> date.month & 1) {
      int64_t first = mc_days_from_date(date.year, date.month, 1);
      uint32_t days = mc_calendar_days(s, date.year, date.month, first);

      days &= (uint32_t)((UINT64_C(2) << date.day) - 1);
      if(days)
        return first + mc_highest_bit(days) - 1;
    }
    earlier = months & ((1u << date.month) - 1);
    if(!earlier) {
      date.year--;
      earlier = months;
    }
    if(date.year < 1969)
      return LONG_AGO;
    date.month = mc_highest_bit(earlier);
    date.day = 31;
  }
}

static int64_t day_at_or_before(const struct mc_schedule *s, int64_t day)
{
  if(s->day_search == MC_EVERY_DAY)
    return day;
  /* the second week of the pattern holds the days up to this one */
  if(s->day_search == MC_BY_WEEKDAY)
    return day - __builtin_clzll(s->week_bits << (56 - mc_weekday(day)));
  return date_at_or_before(s, day);
}

static bool day_fires(const struct mc_schedule *s, int64_t day)
{
  struct mc_date date;

  if(s->day_search == MC_EVERY_DAY)
    return true;
  if(s->day_search == MC_BY_WEEKDAY)
    return s->week_bits >> mc_weekday(day) & 1;
  date = mc_date_from_days(day);
  return (mc_calendar(s)->months >> date.month & 1) &&
         (mc_calendar_days(s, date.year, date.month, day - (date.day - 1)) >> date.day & 1);
}

/* Days in [from, to) that fire. */
static int64_t count_days(const struct mc_schedule *s, int64_t from, int64_t to)
{
  int64_t count = 0;

  if(from >= to)
    return 0;
  if(s->day_search == MC_EVERY_DAY)
    return to - from;
  if(s->day_search == MC_BY_WEEKDAY) {
    int64_t rest = (to - from) % 7;
    uint64_t week = s->week_bits >> mc_weekday(from);

    return (to - from) / 7 * __builtin_popcount(mc_calendar(s)->weekdays) +
           __builtin_popcountll(week & ((1u << rest) - 1));
  }
  while(from < to) {
    struct mc_date date = mc_date_from_days(from);
    int64_t first = from - (date.day - 1);
    int length = mc_days_in_month(date.year, date.month);
    uint32_t days = 0;

    if(mc_calendar(s)->months >> date.month & 1)
      days = mc_calendar_days(s, date.year, date.month, first) >> date.day;
    from = first + length;
    if(from > to)
      days &= (1u << (to - first - (date.day - 1))) - 1;
    count += __builtin_popcount(days);
  }
  return count;
}

/* ---- minutes of the local clock ---- */

int64_t mc_calendar_at_or_after(const struct mc_schedule *s, int64_t local)
{
  const struct mc_calendar *c = mc_calendar(s);
  int in_day, hour, minute;
  int64_t day = mc_split_day(local, &in_day), found;
  uint64_t minutes;

  if(in_day > s->last_min) {
    day++;
    in_day = 0;
  }
  found = day_at_or_after(s, day);
  if(found != day)
    return found == NEVER ? INT64_MAX / 2 : found * MC_MIN_PER_DAY + s->first_min;
  if(in_day <= s->first_min)
    return day * MC_MIN_PER_DAY + s->first_min;
  hour = in_day / 60;
  minute = in_day % 60;
  minutes = c->hours >> hour & 1 ? c->minutes >> minute : 0;
  if(minutes)
    return day * MC_MIN_PER_DAY + in_day + mc_lowest_bit(minutes);
  hour += 1 + mc_lowest_bit(c->hours >> hour >> 1);
  return day * MC_MIN_PER_DAY + hour * 60 + mc_lowest_bit(c->minutes);
}

int64_t mc_calendar_at_or_before(const struct mc_schedule *s, int64_t local)
{
  const struct mc_calendar *c = mc_calendar(s);
  int in_day, hour, minute;
  int64_t day = mc_split_day(local, &in_day), found;
  uint64_t minutes;

  if(in_day < s->first_min) {
    day--;
    in_day = MC_MIN_PER_DAY - 1;
  }
  found = day_at_or_before(s, day);
  if(found != day || in_day >= s->last_min)
    return found * MC_MIN_PER_DAY + s->last_min;
  hour = in_day / 60;
  minute = in_day % 60;
  minutes = c->hours >> hour & 1 ? c->minutes & ((UINT64_C(2) << minute) - 1) : 0;
  if(minutes)
    return day * MC_MIN_PER_DAY + hour * 60 + mc_highest_bit(minutes);
  hour = mc_highest_bit(c->hours & ((1u << hour) - 1));
  return day * MC_MIN_PER_DAY + hour * 60 + mc_highest_bit(c->minutes);
}

/* Runs of a day that fires before one of its minutes. */
static int64_t count_in_day(const struct mc_calendar *c, int in_day)
{
  int hour = in_day / 60;
  int64_t count =
      (int64_t)__builtin_popcount(c->hours & ((1u << hour) - 1)) * __builtin_popcountll(c->minutes);

  if(c->hours >> hour & 1)
    count += __builtin_popcountll(c->minutes & ((UINT64_C(1) << in_day % 60) - 1));
  return count;
}

int64_t mc_calendar_count(const struct mc_schedule *s, int64_t from, int64_t to)
{
  int from_in_day, to_in_day;
  int64_t from_day = mc_split_day(from, &from_in_day), to_day = mc_split_day(to, &to_in_day);
  int64_t count = count_days(s, from_day, to_day) * s->runs_per_day;

  if(from >= to)
    return 0;
  if(day_fires(s, from_day))
    count -= count_in_day(mc_calendar(s), from_in_day);
  if(day_fires(s, to_day))
    count += count_in_day(mc_calendar(s), to_in_day);
  return count;
}
