/* The searches against a scanner that knows no masks, spans or days: it asks the system's zone
   database for the local clock of every single minute, and its own copy of the expression for a
   match. Around every transition of every zone, 1990-2040, and at some far ends.
   MOONCRON_ORACLE=full looks at all of them; else at a fixed sample. */

#include "tap.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "time/civil.h"
#include "time/schedule.h"

#define HALF_WINDOW (40 * 60) /* minutes scanned on each side of a transition */
#define WINDOW (2 * HALF_WINDOW)
#define ZONES_MAX 700

/* One field is what the scanner asks: value -> fires. Written apart from the parser on purpose. */
struct sample {
  const char *expr;
  bool (*fires)(const struct tm *local);
};

static bool every_minute(const struct tm *t)
{
  (void)t;
  return true;
}
static bool half_hours(const struct tm *t)
{
  return t->tm_min % 30 == 0;
}
static bool at_0230(const struct tm *t)
{
  return t->tm_hour == 2 && t->tm_min == 30;
}
static bool midnight(const struct tm *t)
{
  return t->tm_hour == 0 && t->tm_min == 0;
}
static bool odd_hours_weekdays(const struct tm *t)
{
  return t->tm_min == 5 && t->tm_hour % 2 == 1 && t->tm_wday >= 1 && t->tm_wday <= 5;
}
static bool weekend_quarters(const struct tm *t)
{
  return t->tm_min % 15 == 0 && t->tm_hour <= 3 && (t->tm_wday == 0 || t->tm_wday == 6);
}
static bool union_31_or_sunday(const struct tm *t)
{
  return t->tm_min == 59 && (t->tm_hour == 1 || t->tm_hour == 23) &&
         (t->tm_mday == 31 || t->tm_wday == 0);
}
static bool last_sunday_of_march_or_october(const struct tm *t)
{
  return t->tm_hour >= 1 && t->tm_hour <= 3 && t->tm_min % 20 == 0 && t->tm_wday == 0 &&
         t->tm_mday >= 22 && t->tm_mday <= 28 && (t->tm_mon == 2 || t->tm_mon == 9);
}
static bool spring_and_autumn_days(const struct tm *t)
{
  return t->tm_min == 0 && (t->tm_mon == 2 || t->tm_mon == 3 || t->tm_mon == 8 || t->tm_mon == 9) &&
         (t->tm_mday <= 7 || t->tm_mday >= 25);
}

static const struct sample samples[] = {
    {"* * * * *", every_minute},
    {"*/30 * * * *", half_hours},
    {"30 2 * * *", at_0230},
    {"0 0 * * *", midnight},
    {"5 1-23/2 * * 1-5", odd_hours_weekdays},
    {"*/15 0-3 * * 6,7", weekend_quarters},
    {"59 1,23 31 * 0", union_31_or_sunday},
    {"4th sun of mar,oct 01:00", last_sunday_of_march_or_october},
    {"0 * 1-7,25-31 mar,apr,sep,oct *", spring_and_autumn_days},
};
#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* "4th sun" says one time a day, the scanner's test three hours: the rule is widened by hand. */
static void parse_sample(struct mc_rule *rule, const struct sample *sample)
{
  struct mc_err err;

  MC_ASSERT(!mc_rule_parse(rule, sample->expr, strlen(sample->expr), &err));
  if(sample->fires == last_sunday_of_march_or_october) {
    rule->as.calendar.hours = 7 << 1;
    rule->as.calendar.minutes = 1 | UINT64_C(1) << 20 | UINT64_C(1) << 40;
  }
}

struct window {
  int64_t start; /* UTC minute */
  struct tm local[WINDOW];
};

/* The system's own reading of the zone (TZ is set). */
static void scan_window(struct window *w, int64_t middle_s)
{
  int i;

  w->start = mc_floor_div(middle_s, 60) - HALF_WINDOW;
  if(w->start < 0)
    w->start = 0;
  for(i = 0; i < WINDOW; i++) {
    time_t at = (time_t)((w->start + i) * 60);

    localtime_r(&at, &w->local[i]);
  }
}

struct tally {
  long checks, faults;
};

static void fault(struct tally *tally, const char *zone, const char *expr, const char *what,
                  int64_t minute, int64_t got, int64_t want)
{
  char text[MC_INSTANT_TEXT];

  if(tally->faults++ < 10) {
    mc_instant_print(text, minute * MC_MS_PER_MIN, 0);
    printf("# %s '%s' %s from %s: got %" PRId64 " want %" PRId64 " minutes on\n", zone, expr, what,
           text, got - minute, want - minute);
  }
}

#define CHECK(what, at, got, want)                                                                 \
  do {                                                                                             \
    int64_t got_ = (got), want_ = (want);                                                          \
    tally->checks++;                                                                               \
    if(got_ != want_)                                                                              \
      fault(tally, s->zone->name, expr, what, at, got_, want_);                                    \
  } while(0)

/* next, prev, matches, count and the iterator over one window. `fires` is the scanner's word for
   each of its minutes. */
static void compare(const struct mc_schedule *s, const char *expr, int64_t start, const bool *fires,
                    struct tally *tally)
{
  struct mc_schedule_iter it;
  int64_t next = -1, prev = -1, ms, total = 0, to_end[2] = {0, 0};
  int i;

  for(i = WINDOW - 1; i >= 0; i--) { /* the first at or after i + 1 is `next` */
    int64_t at = start + i;

    if(next >= 0) {
      bool ok = mc_schedule_next(s, at * MC_MS_PER_MIN + (i % 3) * 29999, 0, &ms);

      CHECK("next", at, ok ? ms / MC_MS_PER_MIN : -1, next);
    }
    if(i % 7 == 0) {
      CHECK("matches", at, mc_schedule_matches(s, at * MC_MS_PER_MIN + 59999, 0), fires[i]);
      CHECK("count", at,
            mc_schedule_count(s, at * MC_MS_PER_MIN, (start + WINDOW - 1) * MC_MS_PER_MIN, 0),
            to_end[0]);
    }
    if(fires[i]) {
      next = at;
      to_end[0]++;
    }
  }
  total = to_end[0];
  mc_schedule_iter_init(&it, s, start * MC_MS_PER_MIN - 1, 0);
  for(i = 0; i < WINDOW; i++) {
    int64_t at = start + i;

    if(prev >= 0) {
      bool ok = mc_schedule_prev(s, at * MC_MS_PER_MIN, 0, &ms);

      CHECK("prev", at, ok ? ms / MC_MS_PER_MIN : -1, prev);
    }
    if(fires[i]) {
      bool ok = mc_schedule_iter_next(&it, &ms);

      CHECK("iterator", at, ok ? ms / MC_MS_PER_MIN : -1, at);
      prev = at;
    }
  }
  CHECK("count of all", start,
        mc_schedule_count(s, start * MC_MS_PER_MIN - 1, (start + WINDOW) * MC_MS_PER_MIN - 1, 0),
        total);
}

static void check_window(const struct mc_zone *zone, int64_t middle_s, size_t first, size_t step,
                         struct tally *tally)
{
  static struct window w;
  static bool fires[WINDOW];
  size_t k;
  int i;

  scan_window(&w, middle_s);
  for(i = 0; i < WINDOW; i += 11) {
    struct mc_zone_info info = mc_zone_info(zone, (w.start + i) * MC_MS_PER_MIN);

    tally->checks++;
    if(info.offset_s != w.local[i].tm_gmtoff || info.is_dst != w.local[i].tm_isdst ||
       strcmp(info.abbr, w.local[i].tm_zone))
      fault(tally, zone->name, info.abbr, w.local[i].tm_zone, w.start + i, info.offset_s,
            w.local[i].tm_gmtoff);
  }
  for(k = first; k < N_SAMPLES; k += step) {
    struct mc_schedule s;
    struct mc_rule rule;

    parse_sample(&rule, &samples[k]);
    mc_schedule_init(&s, &rule, zone, 0);
    for(i = 0; i < WINDOW; i++)
      fires[i] = samples[k].fires(&w.local[i]);
    compare(&s, samples[k].expr, w.start, fires, tally);
  }
}

/* A ranged interval, as its rule reads: from each local day's first existing minute at or after A,
   every N minutes of elapsed time, while not after the first existing minute at or after B, and
   before the next day's start. */
static int64_t scan_first(const struct window *w, int64_t local_min)
{
  int i;

  for(i = 0; i < WINDOW; i++) {
    const struct tm *t = &w->local[i];
    int64_t shown = mc_days_from_date(t->tm_year + 1900, t->tm_mon + 1, t->tm_mday) * 1440 +
                    t->tm_hour * 60 + t->tm_min;

    if(shown >= local_min)
      return w->start + i;
  }
  return INT64_MAX;
}

static void scan_interval(const struct window *w, const struct mc_interval *rule, bool *fires)
{
  const struct tm *t = &w->local[0];
  int64_t day = mc_days_from_date(t->tm_year + 1900, t->tm_mon + 1, t->tm_mday) + 1;
  int64_t last;

  memset(fires, 0, WINDOW * sizeof(*fires));
  for(last = day + 1; day <= last + 1; day++) {
    int64_t first = scan_first(w, day * 1440 + rule->from_min);
    int64_t next_first = scan_first(w, (day + 1) * 1440 + rule->from_min);
    int64_t wrap = rule->to_min < rule->from_min ? 1440 : 0;
    int64_t end = scan_first(w, day * 1440 + wrap + rule->to_min);

    for(; first <= end && first < next_first && first < w->start + WINDOW;
        first += rule->period_min)
      fires[first - w->start] = true;
  }
}

static void check_intervals(const struct mc_zone *zone, int64_t middle_s, size_t pick,
                            struct tally *tally)
{
  static const char *const exprs[] = {
      "every 30 mins from 02:30 to 04:00", "every 2 hours synchronized",
      "every 7 mins from 22:10 to 03:05",  "every 5 hours from 00:00 to 23:59",
      "every 20 mins from 01:15 to 01:14", "every 45 mins from 00:30 to 00:40",
  };
  static struct window w;
  static bool fires[WINDOW];
  const char *expr = exprs[pick % (sizeof(exprs) / sizeof(exprs[0]))];
  struct mc_schedule schedule, *s = &schedule;
  struct mc_rule rule;
  struct mc_err err;
  int i, from, to;
  int64_t ms;

  scan_window(&w, middle_s);
  MC_ASSERT(!mc_rule_parse(&rule, expr, strlen(expr), &err));
  mc_schedule_init(s, &rule, zone, 0);
  scan_interval(&w, &rule.as.interval, fires);
  /* the days at the window's ends are cut: look at the middle */
  from = 0;
  while(w.local[from].tm_mday == w.local[0].tm_mday)
    from++;
  from += rule.as.interval.to_min < rule.as.interval.from_min ? rule.as.interval.from_min : 0;
  to = WINDOW - 26 * 60;
  for(i = from; i + 1 < to; i++) {
    int64_t at = w.start + i, want = at + 1;

    CHECK("interval matches", at, mc_schedule_matches(s, at * MC_MS_PER_MIN, 0), fires[i]);
    while(want < w.start + to && !fires[want - w.start])
      want++;
    if(want < w.start + to) {
      bool ok = mc_schedule_next(s, at * MC_MS_PER_MIN, 0, &ms);

      CHECK("interval next", at, ok ? ms / MC_MS_PER_MIN : -1, want);
      ok = mc_schedule_prev(s, (want + 1) * MC_MS_PER_MIN, 0, &ms);
      CHECK("interval prev", at, ok ? ms / MC_MS_PER_MIN : -1, want);
    }
  }
}

/* ---- zones ---- */

static char names[ZONES_MAX][MC_ZONE_NAME_MAX];
static size_t n_names;

static int by_name(const void *a, const void *b)
{
  return strcmp(a, b);
}

/* Every TZif file of the folder that the database takes. */
static void walk(struct mc_tzdb *db, const char *prefix)
{
  char path[512], name[300];
  struct dirent *entry;
  struct stat st;
  DIR *dir;

  snprintf(path, sizeof(path), "%s/%s", MC_TZDB_FOLDER, prefix);
  dir = opendir(path);
  while(dir && (entry = readdir(dir))) {
    const struct mc_zone *zone;

    if(entry->d_name[0] == '.' || !strcmp(entry->d_name, "posix") ||
       !strcmp(entry->d_name, "right"))
      continue;
    if(snprintf(name, sizeof(name), "%s%s", prefix, entry->d_name) >= MC_ZONE_NAME_MAX)
      continue;
    snprintf(path, sizeof(path), "%s/%s", MC_TZDB_FOLDER, name);
    if(stat(path, &st))
      continue;
    if(S_ISDIR(st.st_mode)) {
      strncat(name, "/", 2);
      walk(db, name);
    } else if(n_names < ZONES_MAX && !mc_tzdb_get(db, &zone, name, strlen(name), NULL)) {
      memcpy(names[n_names++], name, strlen(name) + 1);
    }
  }
  if(dir)
    closedir(dir);
}

static int64_t date_ms(int year, int month, int day)
{
  return mc_days_from_date(year, month, day) * MC_S_PER_DAY * 1000;
}

/* All transitions 1990-2040, and a few of before and of long after. `stride` thins them out. */
static void check_zone(const struct mc_zone *zone, size_t number, size_t stride,
                       struct tally *tally)
{
  static const int far_years[] = {1970, 1974, 1983, 2099, 2399, 2440, 2441, 2500, 9000};
  int64_t at = date_ms(1990, 1, 1);
  size_t n = number, i;

  while(mc_zone_next_transition(zone, at, &at) && at < date_ms(2040, 1, 1)) {
    if(n % stride == 0)
      check_window(zone, at / 1000, stride > 1 ? n % N_SAMPLES : 0, stride > 1 ? N_SAMPLES : 1,
                   tally);
    if(n++ % (stride * 3) == 0)
      check_intervals(zone, at / 1000, n, tally);
  }
  for(i = 0; i < sizeof(far_years) / sizeof(far_years[0]); i++) {
    if(n++ % stride)
      continue;
    if(mc_zone_next_transition(zone, date_ms(far_years[i], 1, 2), &at))
      check_window(zone, at / 1000, n % N_SAMPLES, N_SAMPLES, tally);
    else
      check_window(zone, date_ms(far_years[i], 6, 1) / 1000, n % N_SAMPLES, N_SAMPLES, tally);
  }
}

int main(void)
{
  const char *mode = getenv("MOONCRON_ORACLE");
  size_t stride = mode && !strcmp(mode, "full") ? 1 : 11;
  struct tally all = {0, 0};
  struct mc_tzdb *db;
  size_t i;

  if(mc_tzdb_new(&db, NULL, NULL))
    return 1;
  walk(db, "");
  qsort(names, n_names, sizeof(names[0]), by_name);
  tap_ok(n_names > 400, "the folder holds the world's zones (%zu)", n_names);
  for(i = 0; i < n_names; i++) {
    struct tally tally = {0, 0};
    const struct mc_zone *zone;

    setenv("TZ", names[i], 1);
    tzset();
    if(mc_tzdb_get(db, &zone, names[i], strlen(names[i]), NULL))
      continue;
    check_zone(zone, i, stride, &tally);
    if(tally.faults)
      tap_ok(0, "%s: %ld of %ld checks differ from the scanner", names[i], tally.faults,
             tally.checks);
    all.checks += tally.checks;
    all.faults += tally.faults;
  }
  tap_ok(all.checks > 1000000, "enough was compared (%ld checks)", all.checks);
  tap_is_int(all.faults, 0, "next, prev, matches, count and the iterator agree with the scanner");
  mc_tzdb_free(db);
  return tap_done();
}
