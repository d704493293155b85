/* The yardstick: the least work that finds the next minute of a rule held as bit masks, in UTC and
   in New York by its rule of today. No errors, no zone files, no unions, no years before 1970. All
   times are in minutes. */

#include "bench.h"

#define DAY 1440

struct masks {
  uint64_t minutes;
  uint32_t hours, days, months, weekdays;
  int is_daily;
};

/* One offset from UTC, up to but not including `end`. */
struct stretch {
  int64_t end;
  int64_t offset;
};

struct zone {
  const char *name;
  struct stretch stretches[512];
  int count;
};

struct job {
  const struct zone *zone;
  struct masks rules[BENCH_MAX_CASES];
};

static int64_t days_from_civil(int64_t y, int m, int d)
{
  int64_t era, yoe, doy;

  y -= m <= 2;
  era = y / 400;
  yoe = y - era * 400;
  doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_from_days(int64_t z, int64_t *y, int *m, int *d)
{
  int64_t doe, yoe, doy, mp;

  z += 719468;
  doe = z % 146097;
  yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  mp = (5 * doy + 2) / 153;
  *d = (int)(doy - (153 * mp + 2) / 5 + 1);
  *m = (int)(mp < 10 ? mp + 3 : mp - 9);
  *y = yoe + z / 146097 * 400 + (*m <= 2);
}

static int month_days(int64_t y, int m)
{
  if(m == 2)
    return y % 4 == 0 && (y % 100 || y % 400 == 0) ? 29 : 28;
  return 30 + ((m + (m > 7)) & 1);
}

static int64_t next_day(const struct masks *rule, int64_t day)
{
  int64_t year;
  int month, from;

  if(rule->is_daily)
    return day;
  civil_from_days(day, &year, &month, &from);
  for(;; from = 1, month = month % 12 + 1, year += month == 1) {
    int64_t first;
    uint64_t hits;

    if(!(rule->months >> month & 1))
      continue;
    first = days_from_civil(year, month, 1);
    hits = (rule->weekdays * 0x810204081ull) >> (first + 4) % 7 << 1;
    hits &= rule->days & (~0ull << from) & ((2ull << month_days(year, month)) - 1);
    if(hits)
      return first + __builtin_ctzll(hits) - 1;
  }
}

/* The first local minute at or after `at` that matches. */
static int64_t next_local(const struct masks *rule, int64_t at)
{
  int64_t day = at / DAY, clock = at % DAY, match = next_day(rule, day);
  uint64_t minutes;
  uint32_t hours;

  if(match != day)
    clock = 0;
  for(;;) {
    hours = rule->hours >> (clock / 60) << (clock / 60);
    if(hours && (rule->hours >> (clock / 60) & 1)) {
      minutes = rule->minutes >> (clock % 60) << (clock % 60);
      if(minutes)
        return match * DAY + clock / 60 * 60 + __builtin_ctzll(minutes);
      hours &= hours - 1;
    }
    if(hours)
      return match * DAY + __builtin_ctz(hours) * 60 + __builtin_ctzll(rule->minutes);
    match = next_day(rule, match + 1);
    clock = 0;
  }
}

static int64_t next(const struct masks *rule, const struct zone *zone, int64_t at, int *hint)
{
  const struct stretch *stretch = zone->stretches + *hint;
  int64_t local;

  at++;
  while(at >= stretch->end)
    stretch++;
  local = next_local(rule, at + stretch->offset);
  while(local - stretch->offset >= stretch->end) {
    at = stretch->end;
    stretch++;
    /* the clock goes back over times that matched before, or jumps over the match */
    if(stretch->offset < stretch[-1].offset || local - stretch->offset < at)
      local = next_local(rule, at + stretch->offset);
  }
  *hint = (int)(stretch - zone->stretches);
  return local - stretch->offset;
}

static int value(const char **text, const char *names)
{
  int n = 0;

  if(**text >= 'A') {
    n = (int)(strstr(names, (const char[]){(*text)[0], (*text)[1], (*text)[2], 0}) - names) / 3;
    *text += 3;
    return n;
  }
  while(**text >= '0' && **text <= '9')
    n = n * 10 + *(*text)++ - '0';
  return n;
}

static uint64_t field(const char **text, int low, int high)
{
  uint64_t mask = 0;

  while(**text == ' ')
    ++*text;
  do {
    int from = low, to = high, step = 1;

    *text += **text == ',';
    if(**text == '*')
      ++*text;
    else {
      from = to = value(text, "SUNMONTUEWEDTHUFRISAT");
      if(**text == '-') {
        ++*text;
        to = value(text, "SUNMONTUEWEDTHUFRISAT");
      }
    }
    if(**text == '/') {
      ++*text;
      step = value(text, "");
    }
    for(; from <= to; from += step)
      mask |= 1ull << from;
  } while(**text == ',');
  return mask;
}

static int64_t parse_all(const struct bench *bench, void *arg)
{
  struct job *job = arg;

  for(size_t i = 0; i < bench->count; i++) {
    const char *text = bench->text[i];
    struct masks *rule = &job->rules[i];

    rule->minutes = field(&text, 0, 59);
    rule->hours = (uint32_t)field(&text, 0, 23);
    rule->days = (uint32_t)field(&text, 1, 31);
    rule->months = (uint32_t)field(&text, 1, 12);
    rule->weekdays = (uint32_t)field(&text, 0, 6);
    rule->is_daily = rule->days == 0xFFFFFFFE && rule->months == 0x1FFE && rule->weekdays == 0x7F;
  }
  return (int64_t)job->rules[0].minutes;
}

static int64_t chain_all(const struct bench *bench, void *arg)
{
  const struct job *job = arg;
  int64_t sum = 0;

  for(size_t i = 0; i < bench->count; i++) {
    int64_t at = bench->start / 60;
    int hint = 0;

    for(int step = 0; step < bench->steps; step++)
      at = next(&job->rules[i], job->zone, at, &hint);
    sum += at * 60;
  }
  return sum;
}

/* Daylight time from the second Sunday of March to the first of November, at 02:00. */
static void fill_new_york(struct zone *zone, int first_year)
{
  for(int year = first_year; zone->count < 500; year++) {
    int64_t march = days_from_civil(year, 3, 8), november = days_from_civil(year, 11, 1);

    march += (10 - march % 7) % 7;
    november += (10 - november % 7) % 7;
    zone->stretches[zone->count++] = (struct stretch){march * DAY + 420, -300};
    zone->stretches[zone->count++] = (struct stretch){november * DAY + 360, -240};
  }
}

int main(int argc, char **argv)
{
  static struct bench bench;
  static struct job job;
  static struct zone utc = {"UTC", {{INT64_MAX, 0}}, 1}, new_york = {"America/New_York", {{0}}, 0};
  const struct zone *zones[] = {&utc, &new_york};

  if(argc != 6 || bench_init(&bench, argv))
    return 2;
  fill_new_york(&new_york, 2026);
  for(int i = 0; i < 2; i++) {
    double parse_ns = bench_median(&bench, bench.count, parse_all, &job), next_ns;

    job.zone = zones[i];
    next_ns = bench_median(&bench, bench.count * (size_t)bench.steps, chain_all, &job);
    bench_report("bare bit-mask scan", zones[i]->name, parse_ns, next_ns, chain_all(&bench, &job));
  }
  return 0;
}
