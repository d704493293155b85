#include "tap.h"

#include "time/civil.h"

/* Every day of 0000-03-01 .. 12000 by a calendar that counts on its fingers. */
static void test_days(void)
{
  struct mc_date want = {0, 3, 1};
  int64_t day, bad = 0;

  for(day = -MC_DAYS_TO_EPOCH; want.year < 12000; day++) {
    struct mc_date got = mc_date_from_days(day);

    bad += got.year != want.year || got.month != want.month || got.day != want.day;
    bad += mc_days_from_date(want.year, want.month, want.day) != day;
    if(++want.day > mc_days_in_month(want.year, want.month)) {
      want.day = 1;
      if(++want.month > 12) {
        want.month = 1;
        want.year++;
      }
    }
  }
  tap_is_int(bad, 0, "dates and days agree over twelve thousand years");
  tap_is_int(mc_days_from_date(1970, 1, 1), 0, "the epoch is day 0");
  tap_is_int(mc_days_from_date(10000, 1, 1) * MC_MIN_PER_DAY, MC_MINUTE_END, "the end of time");
  tap_is_int(mc_weekday(0), 4, "1970 began on a Thursday");
  tap_is_int(mc_weekday(-1), 3, "after a Wednesday");
  tap_ok(mc_is_leap_year(2000) && !mc_is_leap_year(2100) && mc_is_leap_year(2096), "leap years");
}

static const struct {
  const char *text;
  int64_t ms;
  const char *why;
} good[] = {
    {"1970-01-01T00:00:00Z", 0, "the epoch"},
    {"2026-10-01T05:20:14.250Z", 1790832014250, "a fraction"},
    {"2026-10-01T05:20:14.123456789Z", 1790832014123, "cut to ms"},
    {"2026-10-01t07:20:14+02:00", 1790832014000, "an offset, a small t"},
    {"2026-10-01 05:20:14z", 1790832014000, "a blank, a small z"},
    {"1969-12-31T23:59:59.999Z", -1, "before the epoch"},
    {"2016-12-31T23:59:60Z", 1483228800000, "a leap second is the next minute"},
    {"0000-01-01T00:00:00Z", -62167219200000, "the first year"},
    {"9999-12-31T23:59:59.999Z", MC_INSTANT_END - 1, "the last ms"},
};

static const struct {
  const char *text;
  int64_t pos;
} bad[] = {
    {"", 0},
    {"2026-13-01T00:00:00Z", 5},
    {"2026-02-29T00:00:00Z", 8},
    {"2026-10-01", 10},
    {"2026-10-01T24:00:00Z", 11},
    {"2026-10-01T00:60:00Z", 14},
    {"2026-10-01T00:00:61Z", 17},
    {"2026-10-01T00:00:00", 19},
    {"2026-10-01T00:00:00.Z", 20},
    {"2026-10-01T00:00:00.1234567890Z", 30},
    {"2026-10-01T00:00:00+0200", 22},
    {"2026-10-01T00:00:00+24:00", 20},
    {"2026-10-01T00:00:00Zx", 20},
    {"-026-10-01T00:00:00Z", 0},
};

static void test_texts(void)
{
  char text[MC_INSTANT_TEXT];
  int64_t ms;
  size_t i;

  for(i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    ms = 42;
    tap_ok(!mc_instant_parse(&ms, good[i].text, strlen(good[i].text), NULL) && ms == good[i].ms,
           "%s: %s", good[i].text, good[i].why);
  }
  for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    struct mc_err err = {0};

    ms = 42;
    tap_ok(mc_instant_parse(&ms, bad[i].text, strlen(bad[i].text), &err) == MC_INVALID_ARGUMENT &&
               err.pos == bad[i].pos && ms == 42,
           "refused: '%s' (%d)", bad[i].text, (int)err.pos);
  }
  mc_instant_print(text, 1790832014259, 2);
  tap_is_str(text, "2026-10-01T05:20:14.25Z", "a fraction is cut");
  mc_instant_print(text, -1, 3);
  tap_is_str(text, "1969-12-31T23:59:59.999Z", "before the epoch");
  mc_instant_print(text, INT64_MAX, 0);
  tap_is_str(text, "9999-12-31T23:59:59Z", "pinned to the end");
  mc_instant_print(text, INT64_MIN, 0);
  tap_is_str(text, "0000-01-01T00:00:00Z", "pinned to the start");
  mc_instant_print_at(text, 1790832014000, -12600, 0);
  tap_is_str(text, "2026-10-01T01:50:14-03:30", "a local clock");
  mc_instant_print_at(text, INT64_MIN, -86399, 3);
  tap_is_str(text, "0000-01-01T00:00:00.000-23:59", "the longest text");
}

int main(void)
{
  test_days();
  test_texts();
  return tap_done();
}
