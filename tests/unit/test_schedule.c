#include "tap.h"

#include "time/civil.h"
#include "time/schedule.h"

static int64_t ms(const char *text)
{
  int64_t at = -1;

  MC_ASSERT(!mc_instant_parse(&at, text, strlen(text), NULL));
  return at;
}

static struct mc_schedule make(struct mc_tzdb *db, const char *text, const char *zone_name,
                               unsigned flags)
{
  const struct mc_zone *zone;
  struct mc_schedule s;
  struct mc_rule rule;

  MC_ASSERT(!mc_tzdb_get(db, &zone, zone_name, strlen(zone_name), NULL));
  MC_ASSERT(!mc_rule_parse(&rule, text, strlen(text), NULL));
  mc_schedule_init(&s, &rule, zone, flags);
  return s;
}

/* Vixie's rule: what fires within a day of a change of the clock. */
static const struct {
  const char *text, *zone, *from, *want; /* blank-separated HH:MM of UTC, in 24 hours after from */
  const char *why;
} once[] = {
    {"30 2 * * *", "America/New_York", "2027-03-14T00:00:00Z", "07:00",
     "a run in the gap comes right after it"},
    {"0,30 2 * * *", "America/New_York", "2027-03-14T00:00:00Z", "07:00",
     "several of the gap come as one"},
    {"0 3 * * *", "America/New_York", "2027-03-14T00:00:00Z", "07:00", "not in the gap: as ever"},
    {"0 2,3 * * *", "America/New_York", "2027-03-14T00:00:00Z", "07:00",
     "a run moved onto another is one"},
    {"30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", "05:30",
     "the second time in an overlap is silent"},
    {"30 1,2 * * *", "America/New_York", "2026-11-01T00:00:00Z", "05:30 07:30",
     "what follows the overlap is not"},
    {"30 * * * *", "America/New_York", "2026-11-01T04:45:00Z", "05:30 06:30 07:30 08:30",
     "every hour follows the wall clock"},
    {"0 0 * * *", "America/Sao_Paulo", "2018-11-04T00:00:00Z", "03:00", "a gap at midnight"},
    {"0 12 30 12 *", "Pacific/Apia", "2011-12-30T00:00:00Z", "",
     "a lost day is no daylight saving"},
};

static void test_once(struct mc_tzdb *db)
{
  size_t i;

  for(i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
    struct mc_schedule s = make(db, once[i].text, once[i].zone, MC_SCHEDULE_ONCE);
    int64_t from = ms(once[i].from), to = from + (i == 6 ? 4 : 24) * INT64_C(3600000);
    int64_t at[16], prev, n, bad = 0, j;
    char got[128] = "", text[MC_INSTANT_TEXT];

    n = (int64_t)mc_schedule_between(&s, from, to, 0, at, 16);
    for(j = 0; j < n; j++) {
      mc_instant_print(text, at[j], 0);
      snprintf(got + strlen(got), 8, "%s%.5s", j ? " " : "", text + 11);
      bad += !mc_schedule_matches(&s, at[j], 0);
      bad += j && (!mc_schedule_prev(&s, at[j], 0, &prev) || prev != at[j - 1]);
    }
    tap_is_str(got, once[i].want, once[i].why);
    tap_is_int(mc_schedule_count(&s, from, to, 0), n, "and count agrees");
    tap_is_int(bad, 0, "so do matches and prev");
  }
}

static void test_anchor(struct mc_tzdb *db)
{
  struct mc_schedule s = make(db, "every 90 mins", "Europe/Paris", 0);
  int64_t anchor = ms("2026-10-01T05:20:14.866Z"), at;

  tap_ok(mc_schedule_is_anchored(&s), "a plain interval needs its anchor");
  tap_ok(mc_schedule_next(&s, anchor, anchor, &at) && at == anchor + 5400000, "one period on");
  tap_ok(mc_schedule_next(&s, at, anchor, &at) && at == anchor + 10800000, "and another");
  tap_ok(mc_schedule_next(&s, 0, anchor, &at) && at == anchor + 5400000,
         "from before the anchor: the first, never the anchor itself");
  tap_ok(!mc_schedule_prev(&s, anchor + 5400000, anchor, &at), "nothing before the first");
  tap_ok(mc_schedule_prev(&s, anchor + 5400001, anchor, &at) && at == anchor + 5400000,
         "the first");
  tap_ok(mc_schedule_matches(&s, anchor + 5400000 - 14866, anchor), "in the minute that holds it");
  tap_ok(!mc_schedule_matches(&s, anchor, anchor), "not at the anchor");
  tap_is_int(mc_schedule_count(&s, anchor, anchor + 86400000, anchor), 16, "sixteen a day");
  tap_is_int(mc_schedule_count(&s, 0, anchor + 5399999, anchor), 0, "none before the first");
  tap_ok(!mc_schedule_next(&s, INT64_MAX, INT64_MAX, &at), "no overflow at the end");
  tap_ok(mc_schedule_next(&s, INT64_MIN, INT64_MIN, &at) && at == 5400000, "nor at the start");
  s = make(db, "every 2 hours synchronized", "UTC", 0);
  tap_ok(!mc_schedule_is_anchored(&s), "a synchronized one does not");
}

/* Counts over spans whose size is known by hand. */
static const struct {
  const char *text, *zone, *from, *to;
  int64_t want;
  const char *why;
} counts[] = {
    {"* * * * *", "UTC", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 525600, "a year"},
    {"* * * * *", "America/New_York", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 525600,
     "a year has as many minutes anywhere"},
    {"0 * * * *", "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", 23,
     "a day of 23 hours"},
    {"0 * * * *", "America/New_York", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 25,
     "a day of 25 hours"},
    {"0 0 * * 1", "UTC", "2000-01-01T00:00:00Z", "2400-01-01T00:00:00Z", 20871,
     "the Mondays of 400 years"},
    {"0 0 29 2 *", "UTC", "2000-01-01T00:00:00Z", "2400-01-01T00:00:00Z", 97, "and the leap days"},
    {"0 0 13 * 5", "UTC", "2026-01-01T00:00:00Z", "2026-12-31T23:59:00Z", 61,
     "52 Fridays and 12 13ths, three of them the same day"},
    {"0 0 1 1 *", "UTC", "1969-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 8030, "all there is"},
    {"every 30 mins from 10:00 to 14:00", "Europe/Paris", "2026-01-01T00:00:00Z",
     "2027-01-01T00:00:00Z", 9 * 365, "nine a day"},
    {"every 2 hours synchronized", "America/New_York", "2026-11-01T03:59:00Z",
     "2026-11-02T04:59:00Z", 13, "elapsed time: one more on a day of 25 hours"},
    {"every 2 hours synchronized", "America/New_York", "2026-03-08T04:59:00Z",
     "2026-03-09T03:59:00Z", 12, "twelve on a day of 23"},
};

static void test_counts(struct mc_tzdb *db)
{
  size_t i;

  for(i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
    struct mc_schedule s = make(db, counts[i].text, counts[i].zone, 0);

    tap_is_int(mc_schedule_count(&s, ms(counts[i].from), ms(counts[i].to), 0), counts[i].want,
               counts[i].why);
  }
}

static void test_ends(struct mc_tzdb *db)
{
  static const char *const texts[] = {"* * * * *", "0 0 1 1 *", "0 0 29 2 1",
                                      "every 7 mins from 22:00 to 03:00"};
  static const char *const zones[] = {"UTC", "Pacific/Kiritimati", "Pacific/Midway",
                                      "America/New_York"};
  int64_t at, last = 0, bad = 0;
  size_t i, j;

  for(i = 0; i < 4; i++) {
    for(j = 0; j < 4; j++) {
      struct mc_schedule s = make(db, texts[i], zones[j], 0);

      bad += !mc_schedule_next(&s, INT64_MIN, 0, &at) || at < 0;
      bad += !mc_schedule_prev(&s, INT64_MAX, 0, &last) || last >= MC_INSTANT_END;
      bad += mc_schedule_next(&s, last, 0, &last);
      bad += mc_schedule_prev(&s, at, 0, &at);
      bad += mc_schedule_next(&s, INT64_MAX, 0, &at);
      bad += mc_schedule_prev(&s, INT64_MIN, 0, &at);
      bad += mc_schedule_count(&s, 10, 5, 0) != 0;
    }
  }
  tap_is_int(bad, 0, "the searches end at 1970 and 10000, everywhere");
  tap_ok(sizeof(struct mc_rule) <= 64, "a rule fits a cache line");
}

int main(void)
{
  struct mc_tzdb *db;

  MC_ASSERT(!mc_tzdb_new(&db, NULL, NULL));
  test_once(db);
  test_anchor(db);
  test_counts(db);
  test_ends(db);
  mc_tzdb_free(db);
  return tap_done();
}
