#include "time/describe.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "time/names.h"

#define MOST_TIMES 6 /* more times of day than this are told as minutes past hours */

/* ---- text: the first failure stays, so that the sentences below read without checks ---- */

struct text {
  struct mc_buf *buf;
  struct mc_err *err;
  int rc;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *fmt, ...)
{
  char piece[96];
  va_list args;

  if(t->rc)
    return;
  va_start(args, fmt);
  vsnprintf(piece, sizeof(piece), fmt, args);
  va_end(args);
  t->rc = mc_buf_puts(t->buf, piece, t->err);
}

/* What goes before the item `at` of `count`: "a, b and c". */
static const char *joint(int at, int count, const char *last)
{
  if(!at)
    return "";
  return at == count - 1 ? last : ", ";
}

/* "1st", "22nd", "13th". */
struct ordinal {
  char text[8];
};

static struct ordinal ordinal(int n)
{
  static const char *const suffixes[] = {"th", "st", "nd", "rd"};
  bool teen = n / 10 % 10 == 1;
  struct ordinal o;

  snprintf(o.text, sizeof(o.text), "%d%s", n % 1000, !teen && n % 10 < 4 ? suffixes[n % 10] : "th");
  return o;
}

/* ---- the shape of a set of values ---- */

enum shape_kind { SHAPE_ALL, SHAPE_RANGE, SHAPE_STEP, SHAPE_LIST };

struct shape {
  enum shape_kind kind;
  uint64_t mask;
  int first, last, count;
  int step; /* the distance between all neighbours, 0 when it differs or there is one value */
};

static struct shape shape_of(uint64_t mask, int lowest, int highest)
{
  struct shape s = {SHAPE_LIST,
                    mask,
                    __builtin_ctzll(mask),
                    63 - __builtin_clzll(mask),
                    __builtin_popcountll(mask),
                    0};

  if(s.count == highest - lowest + 1)
    s.kind = SHAPE_ALL;
  if(s.count < 2)
    return s;
  s.step = __builtin_ctzll(mask & (mask - 1)) - s.first;
  for(uint64_t rest = mask; rest & (rest - 1); rest &= rest - 1) {
    int here = __builtin_ctzll(rest);

    if(__builtin_ctzll(rest & (rest - 1)) - here != s.step)
      s.step = 0;
  }
  if(s.kind == SHAPE_LIST && s.count >= 3 && s.step)
    s.kind = s.step == 1 ? SHAPE_RANGE : SHAPE_STEP;
  return s;
}

/* Whether the values go round `size` in even steps from 0, as the minutes of an every-15-minutes
   rule do in an hour. */
static bool is_even(const struct shape *s, int size)
{
  return s->step && s->first == 0 && s->step * s->count == size;
}

static bool is_one_stretch(const struct shape *s)
{
  return s->last - s->first + 1 == s->count;
}

static void say_numbers(struct text *t, const struct shape *s)
{
  int at = 0;

  for(uint64_t rest = s->mask; rest; rest &= rest - 1, at++)
    say(t, "%s%d", joint(at, s->count, " and "), __builtin_ctzll(rest));
}

static void say_names(struct text *t, uint32_t mask, const char *const *names, const char *last)
{
  int at = 0, count = __builtin_popcount(mask);

  for(uint32_t rest = mask; rest; rest &= rest - 1, at++)
    say(t, "%s%s", joint(at, count, last), names[__builtin_ctz(rest)]);
}

/* A week starts on Monday when days are listed. */
static void say_weekday_names(struct text *t, uint32_t weekdays, const char *last)
{
  say_names(t, (weekdays & 0x7Eu) | (weekdays & 1u) << 7, mc_weekday_names, last);
}

/* "hour 9 and 17", "every hour from 9 to 17", "every 2nd hour from 0 to 22", "every hour". */
static void say_values(struct text *t, const char *noun, const struct shape *s)
{
  switch(s->kind) {
  case SHAPE_ALL:
    say(t, "every %s", noun);
    break;
  case SHAPE_RANGE:
    say(t, "every %s from %d to %d", noun, s->first, s->last);
    break;
  case SHAPE_STEP:
    say(t, "every %s %s from %d to %d", ordinal(s->step).text, noun, s->first, s->last);
    break;
  case SHAPE_LIST:
    say(t, "%s ", noun);
    say_numbers(t, s);
    break;
  }
}

/* ---- calendar rules ---- */

static void say_times_of_day(struct text *t, const struct shape *minutes, const struct shape *hours)
{
  int at = 0, count = minutes->count * hours->count;

  say(t, "at ");
  for(uint64_t h = hours->mask; h; h &= h - 1) {
    for(uint64_t m = minutes->mask; m; m &= m - 1, at++)
      say(t, "%s%02d:%02d", joint(at, count, " and "), __builtin_ctzll(h), __builtin_ctzll(m));
  }
}

/* Steady runs: "every 15 minutes", in all hours, in one stretch of hours, or past some. */
static void say_steady(struct text *t, const struct shape *minutes, const struct shape *hours)
{
  if(minutes->step == 1)
    say(t, "every minute");
  else
    say(t, "every %d minutes", minutes->step);
  if(hours->kind == SHAPE_ALL)
    return;
  if(is_one_stretch(hours)) {
    say(t, " from %02d:00 to %02d:%02d", hours->first, hours->last, minutes->last);
    return;
  }
  say(t, " past ");
  say_values(t, "hour", hours);
}

/* Returns whether it told single times of day. */
static bool say_clock(struct text *t, const struct mc_calendar *calendar)
{
  struct shape minutes = shape_of(calendar->minutes, 0, 59);
  struct shape hours = shape_of(calendar->hours, 0, 23);
  int count = minutes.count * hours.count;
  bool steady = is_even(&minutes, 60) && count > (is_one_stretch(&hours) ? 3 : MOST_TIMES);

  if(steady) {
    say_steady(t, &minutes, &hours);
    return false;
  }
  if(count <= MOST_TIMES && minutes.kind != SHAPE_RANGE && hours.kind != SHAPE_RANGE) {
    say_times_of_day(t, &minutes, &hours);
    return true;
  }
  if(hours.kind == SHAPE_ALL && minutes.mask == 1) {
    say(t, "every hour on the hour");
    return false;
  }
  if(minutes.kind == SHAPE_LIST)
    say(t, "at ");
  say_values(t, "minute", &minutes);
  say(t, " past ");
  say_values(t, "hour", &hours);
  return false;
}

static void say_days_of_month(struct text *t, uint32_t days)
{
  struct shape s = shape_of(days, 1, 31);

  if(s.kind == SHAPE_RANGE)
    say(t, "day %d to %d of the month", s.first, s.last);
  else if(s.kind == SHAPE_ALL)
    say(t, "any day of the month");
  else {
    say_values(t, "day", &s);
    say(t, " of the month");
  }
}

/* One run of at least three days, going round the week, as Friday to Monday; its ends in *first and
   *last. */
static bool is_week_range(unsigned weekdays, int *first, int *last)
{
  int count = __builtin_popcount(weekdays);

  for(int start = 0; count >= 3 && count < 7 && start < 7; start++) {
    unsigned run = ((1u << count) - 1) << start;

    if(((run | run >> 7) & 0x7Fu) != weekdays)
      continue;
    *first = start;
    *last = (start + count - 1) % 7;
    return true;
  }
  return false;
}

static void say_weekdays(struct text *t, const struct mc_calendar *calendar, bool any)
{
  int first, last;

  if(calendar->weekdays == MC_ALL_WEEKDAYS)
    say(t, "any day of the week");
  else if(is_week_range(calendar->weekdays, &first, &last))
    say(t, "%s%s to %s", any ? "any day from " : "", mc_weekday_names[first],
        mc_weekday_names[last]);
  else {
    say(t, any ? "any " : "");
    say_weekday_names(t, calendar->weekdays, any ? " or " : " and ");
  }
}

/* "the 1st and 3rd Monday of the month" */
static void say_nth_weekdays(struct text *t, const struct mc_calendar *calendar)
{
  static const char *const ordinals[] = {"", "1st", "2nd", "3rd", "4th", "5th"};
  uint32_t mask = 0;

  for(unsigned i = 1; i <= 5; i++)
    mask |= calendar->ordinal_days & mc_ordinal_windows[i] ? 1u << i : 0;
  say(t, "the ");
  say_names(t, mask, ordinals, " and ");
  say(t, " ");
  say_weekday_names(t, calendar->weekdays, " and ");
  say(t, " of the month");
}

static void say_days(struct text *t, const struct mc_calendar *calendar, bool at_times)
{
  bool every_nth = (calendar->ordinal_days & MC_ALL_DAYS) == MC_ALL_DAYS;

  if(calendar->day_rule == MC_DAYS_ALL) {
    say(t, "%s", at_times ? " every day" : "");
    return;
  }
  say(t, " on ");
  if(calendar->day_rule != MC_DAYS_WEEK)
    say_days_of_month(t, calendar->days);
  else if(every_nth)
    say_weekdays(t, calendar, false);
  else
    say_nth_weekdays(t, calendar);
  if(calendar->day_rule == MC_DAYS_EITHER) {
    say(t, ", or on ");
    say_weekdays(t, calendar, true);
  }
}

static void say_months(struct text *t, const struct mc_calendar *calendar)
{
  struct shape s = shape_of(calendar->months, 1, 12);

  if(s.kind == SHAPE_ALL)
    return;
  say(t, calendar->day_rule == MC_DAYS_EITHER ? ", " : " ");
  if(s.kind == SHAPE_RANGE) {
    say(t, "from %s to %s", mc_month_names[s.first], mc_month_names[s.last]);
    return;
  }
  say(t, "in ");
  say_names(t, calendar->months, mc_month_names, " and ");
}

/* ---- intervals ---- */

static void say_interval(struct text *t, const struct mc_interval *interval)
{
  const char *unit = interval->hours ? "hour" : "minute";
  int n = (int)interval->period_min / (interval->hours ? 60 : 1);
  bool wraps = interval->to_min < interval->from_min;

  if(n == 1)
    say(t, "every %s", unit);
  else
    say(t, "every %d %ss", n, unit);
  if(interval->from_min < 0) {
    say(t, ", counted from the job's creation");
    return;
  }
  if(interval->synchronized) {
    say(t, ", starting at midnight each day");
    return;
  }
  say(t, " from %02d:%02d%s", interval->from_min / 60, interval->from_min % 60,
      wraps ? " each day" : "");
  say(t, " to %02d:%02d%s", interval->to_min / 60, interval->to_min % 60,
      wraps ? " of the next" : " each day");
}

int mc_rule_describe(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err)
{
  struct text t = {out, err, MC_OK};
  size_t before = out->len;

  if(rule->kind == MC_RULE_INTERVAL)
    say_interval(&t, &rule->as.interval);
  else {
    const struct mc_calendar *calendar = &rule->as.calendar;
    bool at_times = say_clock(&t, calendar);

    say_days(&t, calendar, at_times);
    say_months(&t, calendar);
  }
  if(t.rc && out->data) { /* nothing half written */
    out->len = before;
    out->data[before] = '\0';
  }
  return t.rc;
}
