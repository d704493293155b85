#include "time/warnings.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "time/civil.h"
#include "time/names.h"

#define ALL_HOURS 0xFFFFFFu
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct list {
  struct mc_warning *out;
  size_t count, max;
};

static const char *const names[] = {
    [MC_WARN_UNEVEN_STEP] = "uneven_step",   [MC_WARN_DAY_UNION] = "day_union",
    [MC_WARN_SHORT_MONTHS] = "short_months", [MC_WARN_POPULAR] = "popular",
    [MC_WARN_DST_SKIPPED] = "dst_skipped",   [MC_WARN_DST_TWICE] = "dst_twice",
    [MC_WARN_DST_MOVED] = "dst_moved",
};

const char *mc_warning_name(enum mc_warning_kind kind)
{
  return names[kind];
}

__attribute__((format(printf, 4, 5))) static void warn(struct list *list, enum mc_warning_kind kind,
                                                       int64_t at_ms, const char *fmt, ...)
{
  struct mc_warning *w;
  va_list args;

  if(list->count == list->max)
    return;
  w = &list->out[list->count++];
  w->kind = kind;
  w->at_ms = at_ms;
  va_start(args, fmt);
  vsnprintf(w->message, sizeof(w->message), fmt, args);
  va_end(args);
}

/* ---- the rule by itself ---- */

/* The step of a mask that is the star's range stepped, as of `*` with a slash and 7; 0 when it is
   none. */
static int star_step(uint64_t mask, int lowest, int highest)
{
  uint64_t stepped = 0, rest = mask & (mask - 1);
  int step;

  if(!(mask >> lowest & 1) || !rest)
    return 0;
  step = __builtin_ctzll(rest) - lowest;
  for(int value = lowest; value <= highest; value += step)
    stepped |= (uint64_t)1 << value;
  return mask == stepped ? step : 0;
}

static void check_steps(struct list *list, const struct mc_calendar *calendar)
{
  const struct {
    uint64_t mask;
    const char *noun;
    int lowest, highest;
  } fields[] = {
      {calendar->minutes, "minute", 0, 59},
      {calendar->hours, "hour", 0, 23},
      {calendar->months, "month", 1, 12},
  };

  for(size_t i = 0; i < COUNT(fields); i++) {
    int size = fields[i].highest - fields[i].lowest + 1;
    int step = star_step(fields[i].mask, fields[i].lowest, fields[i].highest);
    int last = 63 - __builtin_clzll(fields[i].mask);

    /* two values far apart, as hours 0 and 20, are a list rather than a step */
    if(step && size % step && __builtin_popcountll(fields[i].mask) > 2)
      warn(list, MC_WARN_UNEVEN_STEP, -1,
           "every %d %ss does not divide %d: after %s %d comes %s %d, %d later", step,
           fields[i].noun, size, fields[i].noun, last, fields[i].noun, fields[i].lowest,
           fields[i].lowest + size - last);
  }
}

/* The step of the days is never even: months differ. */
static void check_day_step(struct list *list, const struct mc_calendar *calendar)
{
  int step = star_step(calendar->days, 1, 31);

  if(step > 1 && __builtin_popcount(calendar->days) > 2)
    warn(list, MC_WARN_UNEVEN_STEP, -1, "every %d days starts again with day 1 of each month",
         step);
}

static void check_short_months(struct list *list, const struct mc_calendar *calendar)
{
  static const struct {
    int day;
    uint32_t lacking; /* the months */
    const char *lacking_text;
  } rows[] = {
      {29, 1u << 2, "February but in leap years"},
      {30, 1u << 2, "February"},
      {31, 1u << 2 | 1u << 4 | 1u << 6 | 1u << 9 | 1u << 11, "months of 30 days and February"},
  };
  uint32_t early = calendar->days & ~(7u << 29);

  if(calendar->day_rule == MC_DAYS_WEEK &&
     (calendar->ordinal_days & MC_ALL_DAYS) == mc_ordinal_windows[5])
    warn(list, MC_WARN_SHORT_MONTHS, -1, "not every month has a 5th %s",
         calendar->weekdays & (calendar->weekdays - 1)
             ? "of these weekdays"
             : mc_weekday_names[__builtin_ctz(calendar->weekdays)]);
  if(calendar->day_rule != MC_DAYS_MONTH && calendar->day_rule != MC_DAYS_EITHER)
    return;
  /* a range or a step over the whole month means whatever days there are */
  if(star_step(calendar->days, 1, 31) && __builtin_popcount(early) > 1)
    return;
  for(size_t i = 0; i < COUNT(rows); i++) {
    if(calendar->days >> rows[i].day & 1 && calendar->months & rows[i].lacking)
      warn(list, MC_WARN_SHORT_MONTHS, -1, "day %d does not come in %s", rows[i].day,
           rows[i].lacking_text);
  }
}

static void check_calendar(struct list *list, const struct mc_calendar *calendar)
{
  bool counts_days = calendar->day_rule == MC_DAYS_MONTH || calendar->day_rule == MC_DAYS_EITHER;

  check_steps(list, calendar);
  if(counts_days)
    check_day_step(list, calendar);
  if(calendar->day_rule == MC_DAYS_EITHER)
    warn(list, MC_WARN_DAY_UNION, -1,
         "day of month and day of week are both set: it runs when either of them matches");
  check_short_months(list, calendar);
  if(calendar->minutes == 1)
    warn(list, MC_WARN_POPULAR, -1,
         "fires at %s like many other jobs: another minute spreads the load",
         calendar->hours == 1 ? "midnight" : "the top of the hour");
}

static void check_interval(struct list *list, const struct mc_interval *interval)
{
  if(interval->from_min >= 0 && interval->from_min % 60 == 0 && interval->period_min % 60 == 0)
    warn(list, MC_WARN_POPULAR, -1,
         "fires at the top of the hour like many other jobs: another minute spreads the load");
}

/* ---- changes of the local clock ---- */

/* "2027-03-14 02:30" of a local time. */
struct stamp {
  char text[MC_INSTANT_TEXT];
};

static struct stamp stamp_of(int64_t local_ms)
{
  struct stamp s;

  mc_instant_print(s.text, local_ms, 0);
  s.text[10] = ' ';
  s.text[16] = '\0';
  return s;
}

/* Runs of a calendar rule between two local times that come never, or twice. `local` is the rule on
   a clock without changes. */
static void check_change(struct list *list, const struct mc_schedule *s,
                         const struct mc_schedule *local, int64_t at_ms, int64_t begin_ms,
                         int64_t end_ms, bool gap)
{
  int64_t count = mc_schedule_count(local, begin_ms - 1, end_ms - 1, 0), first_ms = 0;
  const char *what = gap ? "does not exist" : "comes twice";
  struct stamp stamp;

  if(!count || !mc_schedule_next(local, begin_ms - 1, 0, &first_ms))
    return;
  stamp = stamp_of(first_ms);
  if(count == 1)
    warn(list, gap ? MC_WARN_DST_SKIPPED : MC_WARN_DST_TWICE, at_ms, "%s %s in %s: the run %s",
         stamp.text, what, s->zone->name, gap ? "is skipped" : "fires twice");
  else
    warn(list, gap ? MC_WARN_DST_SKIPPED : MC_WARN_DST_TWICE, at_ms,
         "%s %s in %s: this and %lld more runs %s", stamp.text, what, s->zone->name,
         (long long)count - 1, gap ? "are skipped" : "fire twice");
}

/* The start of a ranged interval in a gap moves to its end. [groc] */
static void check_range_start(struct list *list, const struct mc_schedule *s, int64_t at_ms,
                              int64_t begin_ms, int64_t end_ms)
{
  int64_t day_ms = (int64_t)MC_MIN_PER_DAY * MC_MS_PER_MIN;
  int64_t from_ms = (int64_t)s->rule.as.interval.from_min * MC_MS_PER_MIN;
  int64_t start_ms = mc_floor_div(begin_ms - from_ms + day_ms - 1, day_ms) * day_ms + from_ms;

  if(start_ms < end_ms)
    warn(list, MC_WARN_DST_MOVED, at_ms, "%s does not exist in %s: the range starts at %s",
         stamp_of(start_ms).text, s->zone->name, stamp_of(end_ms).text + 11);
}

static void check_clock(struct list *list, const struct mc_schedule *s, int64_t from_ms,
                        int64_t to_ms)
{
  const struct mc_rule *rule = &s->rule;
  int64_t day_ms = (int64_t)MC_MIN_PER_DAY * MC_MS_PER_MIN, at_ms = from_ms;
  struct mc_schedule local;

  mc_schedule_init(&local, rule, NULL, 0);
  while(list->count < list->max && mc_zone_next_transition(s->zone, at_ms, &at_ms) &&
        at_ms <= to_ms) {
    int64_t before_ms = at_ms + (int64_t)mc_zone_info(s->zone, at_ms - 1).offset_s * 1000;
    int64_t after_ms = at_ms + (int64_t)mc_zone_info(s->zone, at_ms).offset_s * 1000;
    bool gap = before_ms < after_ms;
    int64_t begin_ms = gap ? before_ms : after_ms, end_ms = gap ? after_ms : before_ms;

    if(begin_ms == end_ms)
      continue;
    if(rule->kind == MC_RULE_INTERVAL) {
      if(gap)
        check_range_start(list, s, at_ms, begin_ms, end_ms);
    } else if(rule->as.calendar.hours != ALL_HOURS || end_ms - begin_ms >= day_ms)
      check_change(list, s, &local, at_ms, begin_ms, end_ms, gap);
  }
}

size_t mc_schedule_warnings(const struct mc_schedule *s, int64_t from_ms, int64_t to_ms,
                            struct mc_warning *out, size_t max)
{
  struct list list = {out, 0, max};

  if(s->rule.kind == MC_RULE_CALENDAR)
    check_calendar(&list, &s->rule.as.calendar);
  else
    check_interval(&list, &s->rule.as.interval);
  if(!mc_schedule_is_anchored(s) && !(s->flags & MC_SCHEDULE_ONCE))
    check_clock(&list, s, from_ms, to_ms);
  return list.count;
}
