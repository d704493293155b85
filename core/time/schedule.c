#include "time/schedule.h"

#include "time/calendar.h"
#include "time/civil.h"
#include "time/interval.h"

/* Minutes are counted from 1970 in here: `minute`, `at` in UTC, `local` on the zone's clock. */
#define NEVER INT64_C(-1)
#define ALL_MINUTES (UINT64_MAX >> 4)
#define ALL_HOURS 0xffffffu
#define ALL_MONTHS 0x1ffeu
#define ALL_DAYS 0xfffffffeu
#define ONCE_MAX_MIN 180 /* a larger shift is no daylight saving */

#define FAR_MIN (2 * 27 * 60) /* no two offsets differ by as much */

/* ---- preparing ---- */

static uint8_t day_search(const struct mc_calendar *c)
{
  if(c->months != ALL_MONTHS)
    return MC_BY_DATE;
  if(c->day_rule == MC_DAYS_ALL || (c->day_rule == MC_DAYS_WEEK && c->weekdays == 0x7f &&
                                    (c->ordinal_days & ALL_DAYS) == ALL_DAYS))
    return MC_EVERY_DAY;
  if(c->day_rule == MC_DAYS_WEEK && (c->ordinal_days & ALL_DAYS) == ALL_DAYS)
    return MC_BY_WEEKDAY;
  return MC_BY_DATE;
}

void mc_schedule_init(struct mc_schedule *out, const struct mc_rule *rule,
                      const struct mc_zone *zone, unsigned flags)
{
  static const uint64_t six_weeks = UINT64_C(0x810204081); /* bits 0 7 14 21 28 35 */
  struct mc_schedule s = {.rule = *rule, .zone = zone ? zone : mc_zone_utc(), .flags = flags};
  const struct mc_calendar *c = mc_calendar(&s);

  if(rule->kind == MC_RULE_CALENDAR) {
    if(c->day_rule == MC_DAYS_WEEK || c->day_rule == MC_DAYS_EITHER)
      s.week_bits = c->weekdays * six_weeks;
    if(c->day_rule == MC_DAYS_ALL)
      s.month_bits = ALL_DAYS;
    else if(c->day_rule != MC_DAYS_WEEK)
      s.month_bits = c->days;
    s.first_min = (int16_t)(mc_lowest_bit(c->hours) * 60 + mc_lowest_bit(c->minutes));
    s.last_min = (int16_t)(mc_highest_bit(c->hours) * 60 + mc_highest_bit(c->minutes));
    s.runs_per_day = (int16_t)(__builtin_popcount(c->hours) * __builtin_popcountll(c->minutes));
    s.day_search = day_search(c);
    if(c->minutes == ALL_MINUTES || c->hours == ALL_HOURS)
      s.flags &= ~MC_SCHEDULE_ONCE; /* follows the wall clock */
  }
  *out = s;
}

bool mc_schedule_is_anchored(const struct mc_schedule *s)
{
  return s->rule.kind == MC_RULE_INTERVAL && s->rule.as.interval.from_min < 0;
}

/* ---- UTC minutes ---- */

/* Under MC_SCHEDULE_ONCE: a run moved out of the gap before the span fires at its start; after an
   overlap the span is silent until the clock shows what it has not shown before. */
struct once {
  bool fires_at_start;
  int64_t silent_until;
};

static struct once once_of_span(const struct mc_schedule *s, const struct mc_span *span)
{
  struct once once = {false, span->from_min};
  int64_t before, shift;

  if(!(s->flags & MC_SCHEDULE_ONCE) || span->from_min <= 0)
    return once;
  before = mc_zone_span(s->zone, span->from_min - 1).offset_min;
  shift = span->offset_min - before;
  if(shift > 0 && shift <= ONCE_MAX_MIN)
    once.fires_at_start =
        mc_calendar_count(s, span->from_min + before, span->from_min + span->offset_min) > 0;
  else if(shift < 0 && shift >= -ONCE_MAX_MIN)
    once.silent_until -= shift;
  return once;
}

/* Where to go on when the span has no run left and `at`, by its offset, is the next. Far from both
   ends of a span no later span can show a local minute that was searched already, so those in
   between are passed over. */
static int64_t past_span(const struct mc_span *span, int64_t minute, int64_t at)
{
  bool is_far = span->to_min - minute >= FAR_MIN && at - FAR_MIN > span->to_min;

  return is_far ? at - FAR_MIN : span->to_min;
}

static int64_t calendar_next(const struct mc_schedule *s, int64_t minute)
{
  struct mc_span span = mc_zone_span(s->zone, minute);

  for(;;) {
    int64_t at;

    if(s->flags & MC_SCHEDULE_ONCE) {
      struct once once = once_of_span(s, &span);

      if(once.fires_at_start && minute == span.from_min)
        return minute;
      if(minute < once.silent_until)
        minute = once.silent_until;
    }
    at = mc_calendar_at_or_after(s, minute + span.offset_min) - span.offset_min;
    if(at < span.to_min)
      return at < MC_MINUTE_END ? at : NEVER;
    minute = past_span(&span, minute, at);
    if(minute >= MC_MINUTE_END)
      return NEVER;
    span = mc_zone_span(s->zone, minute);
  }
}

static int64_t calendar_prev(const struct mc_schedule *s, int64_t minute)
{
  struct mc_span span = mc_zone_span(s->zone, minute);

  for(;;) {
    struct once once = once_of_span(s, &span);
    int64_t at = mc_calendar_at_or_before(s, minute + span.offset_min) - span.offset_min;

    if(at >= once.silent_until)
      return at >= 0 ? at : NEVER;
    if(once.fires_at_start)
      return span.from_min;
    minute = span.from_min - 1;
    if(span.from_min <= 0)
      return NEVER;
    span = mc_zone_span(s->zone, minute);
  }
}

/* Occurrences in the minutes [from, to). */
static int64_t calendar_count(const struct mc_schedule *s, int64_t from, int64_t to)
{
  int64_t count = 0;

  while(from < to) {
    struct mc_span span = mc_zone_span(s->zone, from);
    struct once once = once_of_span(s, &span);
    int64_t end = span.to_min < to ? span.to_min : to;
    int64_t start = from > once.silent_until ? from : once.silent_until;

    if(once.fires_at_start && from == span.from_min) {
      count++;
      start++;
    }
    if(start < end)
      count += mc_calendar_count(s, start + span.offset_min, end + span.offset_min);
    from = end;
  }
  return count;
}

/* ---- intervals from an anchor, in ms ---- */

static bool anchored_next(const struct mc_interval *rule, int64_t t, int64_t anchor, int64_t *out)
{
  int64_t period = (int64_t)rule->period_min * MC_MS_PER_MIN;
  int64_t at = anchor + period;

  if(t >= at)
    at += ((t - at) / period + 1) * period;
  if(at >= MC_INSTANT_END)
    return false;
  *out = at;
  return true;
}

/* Runs in (anchor, t]. */
static int64_t anchored_count(const struct mc_interval *rule, int64_t t, int64_t anchor)
{
  return t <= anchor ? 0 : (t - anchor) / ((int64_t)rule->period_min * MC_MS_PER_MIN);
}

/* ---- either kind ---- */

static int64_t clamp(int64_t ms, int64_t low, int64_t high)
{
  if(ms < low)
    return low;
  return ms > high ? high : ms;
}

static bool found(int64_t minute, int64_t *out_ms)
{
  if(minute == NEVER)
    return false;
  *out_ms = minute * MC_MS_PER_MIN;
  return true;
}

bool mc_schedule_next(const struct mc_schedule *s, int64_t t_ms, int64_t anchor_ms, int64_t *out_ms)
{
  int64_t t = clamp(t_ms, -1, MC_INSTANT_END - 1);
  int64_t minute = t < 0 ? 0 : t / MC_MS_PER_MIN + 1;

  if(mc_schedule_is_anchored(s))
    return anchored_next(&s->rule.as.interval, t, clamp(anchor_ms, 0, MC_INSTANT_END), out_ms);
  if(minute >= MC_MINUTE_END)
    return false;
  if(s->rule.kind == MC_RULE_INTERVAL)
    return found(mc_interval_next(&s->rule.as.interval, s->zone, minute), out_ms);
  return found(calendar_next(s, minute), out_ms);
}

bool mc_schedule_prev(const struct mc_schedule *s, int64_t t_ms, int64_t anchor_ms, int64_t *out_ms)
{
  int64_t t = clamp(t_ms, 0, MC_INSTANT_END);
  const struct mc_interval *interval = &s->rule.as.interval;
  int64_t n;

  if(t == 0)
    return false;
  if(mc_schedule_is_anchored(s)) {
    anchor_ms = clamp(anchor_ms, 0, MC_INSTANT_END);
    n = anchored_count(interval, t - 1, anchor_ms);
    if(n)
      *out_ms = anchor_ms + n * interval->period_min * MC_MS_PER_MIN;
    return n > 0;
  }
  if(s->rule.kind == MC_RULE_INTERVAL)
    return found(mc_interval_prev(interval, s->zone, (t - 1) / MC_MS_PER_MIN), out_ms);
  return found(calendar_prev(s, (t - 1) / MC_MS_PER_MIN), out_ms);
}

int64_t mc_schedule_count(const struct mc_schedule *s, int64_t from_ms, int64_t to_ms,
                          int64_t anchor_ms)
{
  int64_t from = clamp(from_ms, -1, MC_INSTANT_END - 1);
  int64_t to = clamp(to_ms, -1, MC_INSTANT_END - 1);
  int64_t from_min = mc_floor_div(from, MC_MS_PER_MIN) + 1;
  int64_t to_min = mc_floor_div(to, MC_MS_PER_MIN) + 1;
  const struct mc_interval *interval = &s->rule.as.interval;

  if(from >= to)
    return 0;
  if(mc_schedule_is_anchored(s)) {
    anchor_ms = clamp(anchor_ms, 0, MC_INSTANT_END);
    return anchored_count(interval, to, anchor_ms) - anchored_count(interval, from, anchor_ms);
  }
  if(s->rule.kind == MC_RULE_INTERVAL)
    return mc_interval_count(interval, s->zone, from_min, to_min);
  return calendar_count(s, from_min, to_min);
}

bool mc_schedule_matches(const struct mc_schedule *s, int64_t t_ms, int64_t anchor_ms)
{
  int64_t start;

  if(t_ms < 0 || t_ms >= MC_INSTANT_END)
    return false;
  start = t_ms - t_ms % MC_MS_PER_MIN;
  return mc_schedule_count(s, start - 1, start + MC_MS_PER_MIN - 1, anchor_ms) > 0;
}

size_t mc_schedule_between(const struct mc_schedule *s, int64_t from_ms, int64_t to_ms,
                           int64_t anchor_ms, int64_t *out_ms, size_t max)
{
  struct mc_schedule_iter it;
  size_t n = 0;
  int64_t at;

  mc_schedule_iter_init(&it, s, from_ms, anchor_ms);
  while(n < max && mc_schedule_iter_next(&it, &at) && at <= to_ms)
    out_ms[n++] = at;
  return n;
}

/* ---- iterator ---- */

void mc_schedule_iter_init(struct mc_schedule_iter *out, const struct mc_schedule *s,
                           int64_t from_ms, int64_t anchor_ms)
{
  struct mc_schedule_iter it = {.schedule = s, .anchor_ms = anchor_ms, .last_ms = from_ms};

  *out = it;
}

/* Keep what follows the occurrence in its hour, its day and its month, as far as its span goes. */
static void open_month(struct mc_schedule_iter *it, int64_t minute)
{
  const struct mc_schedule *s = it->schedule;
  const struct mc_calendar *c = mc_calendar(s);
  struct mc_span span = mc_zone_span(s->zone, minute);
  int in_day, hour;
  int64_t day = mc_split_day(minute + span.offset_min, &in_day);
  struct mc_date date = mc_date_from_days(day);
  int64_t first = day - (date.day - 1);
  uint32_t days = mc_calendar_days(s, date.year, date.month, first);

  if(!(c->months >> date.month & 1))
    days = 0;
  hour = in_day / 60;
  it->month_at = (first - 1) * MC_MIN_PER_DAY - span.offset_min;
  it->day_at = day * MC_MIN_PER_DAY - span.offset_min;
  it->hour_at = it->day_at + hour * 60;
  it->end_min = span.to_min < MC_MINUTE_END ? span.to_min : MC_MINUTE_END;
  it->days = (uint32_t)((uint64_t)days >> date.day >> 1 << date.day << 1);
  it->hours = 0;
  it->minutes = 0;
  if(!(days >> date.day & 1))
    return;
  it->hours = c->hours >> hour >> 1 << hour << 1;
  if(c->hours >> hour & 1)
    it->minutes = c->minutes >> in_day % 60 >> 1 << in_day % 60 << 1;
}

/* Open the next hour or day of the month; false when the month is done. */
static bool open_hour(struct mc_schedule_iter *it)
{
  const struct mc_calendar *c = mc_calendar(it->schedule);

  if(!it->hours) {
    if(!it->days)
      return false;
    it->day_at = it->month_at + (int64_t)mc_lowest_bit(it->days) * MC_MIN_PER_DAY;
    it->days &= it->days - 1;
    it->hours = c->hours;
  }
  it->hour_at = it->day_at + (int64_t)mc_lowest_bit(it->hours) * 60;
  it->hours &= it->hours - 1;
  it->minutes = c->minutes;
  return true;
}

static bool search(struct mc_schedule_iter *it, int64_t *out_ms)
{
  it->minutes = 0;
  it->hours = 0;
  it->days = 0;
  if(!mc_schedule_next(it->schedule, it->last_ms, it->anchor_ms, out_ms)) {
    it->last_ms = MC_INSTANT_END;
    return false;
  }
  it->last_ms = *out_ms;
  if(it->schedule->rule.kind == MC_RULE_CALENDAR)
    open_month(it, *out_ms / MC_MS_PER_MIN);
  return true;
}

bool mc_schedule_iter_next(struct mc_schedule_iter *it, int64_t *out_ms)
{
  int64_t at;

  if(!it->minutes && !open_hour(it))
    return search(it, out_ms);
  at = it->hour_at + mc_lowest_bit(it->minutes);
  if(at >= it->end_min)
    return search(it, out_ms);
  it->minutes &= it->minutes - 1;
  it->last_ms = at * MC_MS_PER_MIN;
  *out_ms = it->last_ms;
  return true;
}
