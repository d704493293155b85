/* What a schedule is warned about, and what it is not. */

#include "time/civil.h"
#include "time/warnings.h"
#include "tap.h"

#define NONE                                                                                       \
  {                                                                                                \
    NULL                                                                                           \
  }
#define MOST 8

static const struct {
  const char *text, *why;
  const char *messages[MOST]; /* all of them, each after its kind */
} rule_rows[] = {
    {"*/7 * * * *",
     "a step that does not divide an hour",
     {"uneven_step: every 7 minutes does not divide 60: after minute 56 comes minute 0, 4 later"}},
    {"*/15 * * * *", "a step that does", NONE},
    {"* * * * *", "every minute", NONE},
    {"1-59/7 * * * *", "a step that starts elsewhere is meant so", NONE},
    {"5 */5 * * *",
     "hours",
     {"uneven_step: every 5 hours does not divide 24: after hour 20 comes hour 0, 4 later"}},
    {"5 0,20 * * *", "two values are a list, not a step", NONE},
    {"5 1 1 */5 *",
     "months",
     {"uneven_step: every 5 months does not divide 12: after month 11 comes month 1, 2 later"}},
    {"5 1 */2 * *",
     "days start again each month",
     {"uneven_step: every 2 days starts again with day 1 of each month"}},
    {"5 1 13 * 5",
     "both day fields",
     {"day_union: day of month and day of week are both set: it runs when either of them matches"}},
    {"5 1 * * 5", "one day field", NONE},
    {"5 1 31 * *",
     "the 31st",
     {"short_months: day 31 does not come in months of 30 days and February"}},
    {"5 1 29-31 * *",
     "each of the late days",
     {"short_months: day 29 does not come in February but in leap years",
      "short_months: day 30 does not come in February",
      "short_months: day 31 does not come in months of 30 days and February"}},
    {"5 1 31 1,3 *", "the 31st of months that have one", NONE},
    {"5 1 1-31 * *", "all days are whatever days there are", NONE},
    {"5 1 28 * *", "the 28th comes in all months", NONE},
    {"0 * * * *",
     "each hour on the hour",
     {"popular: fires at the top of the hour like many other jobs: another minute spreads the "
      "load"}},
    {"0 0 * * *",
     "midnight",
     {"popular: fires at midnight like many other jobs: another minute spreads the load"}},
    {"0,30 9 * * *", "the top of the hour among other minutes", NONE},
    {"every mon 09:01", "an App Engine schedule", NONE},
    {"5th mon of month 09:01",
     "a fifth weekday",
     {"short_months: not every month has a 5th Monday"}},
    {"5th mon,tue of month 09:01",
     "fifth weekdays",
     {"short_months: not every month has a 5th of these weekdays"}},
    {"1st,5th mon of month 09:01", "a fifth among others", NONE},
    {"every 5 minutes", "a plain interval", NONE},
    {"every 2 hours from 10:00 to 14:00",
     "a range on the hour",
     {"popular: fires at the top of the hour like many other jobs: another minute spreads the "
      "load"}},
    {"every 2 hours from 10:10 to 14:00", "a range off the hour", NONE},
};

/* From 2026-06-01 to 2027-06-01. */
static const struct {
  const char *text, *zone, *why;
  unsigned flags;
  const char *messages[MOST];
} zone_rows[] = {
    {"30 2 * * *",
     "America/New_York",
     "a run in the gap",
     0,
     {"2027-03-14T07:00:00Z dst_skipped: 2027-03-14 02:30 does not exist in America/New_York: the "
      "run is skipped"}},
    {"30 1 * * *",
     "America/New_York",
     "a run in the overlap",
     0,
     {"2026-11-01T06:00:00Z dst_twice: 2026-11-01 01:30 comes twice in America/New_York: the run "
      "fires twice"}},
    {"*/15 1-2 * * *",
     "America/New_York",
     "several runs in both",
     0,
     {"2026-11-01T06:00:00Z dst_twice: 2026-11-01 01:00 comes twice in America/New_York: this and "
      "3 more runs fire twice",
      "2027-03-14T07:00:00Z dst_skipped: 2027-03-14 02:00 does not exist in America/New_York: this "
      "and 3 more runs are skipped"}},
    {"*/15 * * * *", "America/New_York", "every hour", 0, NONE},
    {"30 2 * * *", "UTC", "no changes", 0, NONE},
    {"30 2 * * *", "America/New_York", "the policy that avoids it", MC_SCHEDULE_ONCE, NONE},
    {"30 2 * * 1", "America/New_York", "not on a Monday", 0, NONE},
    {"1 3 * * *", "America/New_York", "right after the gap", 0, NONE},
    {"15 2 * * *",
     "Australia/Lord_Howe",
     "a gap of half an hour",
     0,
     {"2026-10-03T15:30:00Z dst_skipped: 2026-10-04 02:15 does not exist in Australia/Lord_Howe: "
      "the run is skipped"}},
    {"45 1 * * *",
     "Australia/Lord_Howe",
     "an overlap of half an hour",
     0,
     {"2027-04-03T15:00:00Z dst_twice: 2027-04-04 01:45 comes twice in Australia/Lord_Howe: the "
      "run "
      "fires twice"}},
    {"every day 02:30",
     "America/New_York",
     "App Engine schedules too",
     0,
     {"2027-03-14T07:00:00Z dst_skipped: 2027-03-14 02:30 does not exist in America/New_York: the "
      "run is skipped"}},
    {"every 30 mins from 02:30 to 04:00",
     "America/New_York",
     "the start of a range",
     0,
     {"2027-03-14T07:00:00Z dst_moved: 2027-03-14 02:30 does not exist in America/New_York: the "
      "range starts at 03:00"}},
    {"every 30 mins from 01:00 to 04:00", "America/New_York", "a range over the gap", 0, NONE},
    {"every 5 minutes", "America/New_York", "elapsed time", 0, NONE},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The warnings of `text`, printed with their kinds, are `want`. */
static void check(struct mc_tzdb *zones, const char *text, const char *zone_name, unsigned flags,
                  const char *from, const char *to, const char *const want[MOST], const char *why)
{
  struct mc_warning got[MOST];
  struct mc_schedule schedule;
  struct mc_rule rule;
  const struct mc_zone *zone;
  struct mc_err err;
  int64_t from_ms = 0, to_ms = 0;
  size_t count, i;

  mc_instant_parse(&from_ms, from, strlen(from), &err);
  mc_instant_parse(&to_ms, to, strlen(to), &err);
  if(!tap_ok(!mc_rule_parse(&rule, text, strlen(text), &err) &&
                 !mc_tzdb_get(zones, &zone, zone_name, strlen(zone_name), &err),
             "%s in %s: %s", text, zone_name, why))
    return;
  mc_schedule_init(&schedule, &rule, zone, flags);
  count = mc_schedule_warnings(&schedule, from_ms, to_ms, got, MOST);
  for(i = 0; i < count; i++) {
    char line[300], at[MC_INSTANT_TEXT] = "";

    if(got[i].at_ms >= 0) {
      mc_instant_print(at, got[i].at_ms, 0);
      strcat(at, " ");
    }
    snprintf(line, sizeof(line), "%s%s: %s", at, mc_warning_name(got[i].kind), got[i].message);
    tap_is_str(line, i < MOST ? want[i] : NULL, "  its warning");
  }
  tap_ok(i == MOST || !want[i], "  and no more");
}

int main(void)
{
  struct mc_tzdb *zones = NULL;
  struct mc_schedule schedule;
  struct mc_warning two[2];
  struct mc_rule rule;
  struct mc_err err;

  if(!tap_ok(!mc_tzdb_new(&zones, NULL, &err), "the zone database opens"))
    return tap_done();
  for(size_t i = 0; i < COUNT(rule_rows); i++)
    check(zones, rule_rows[i].text, "UTC", 0, "2026-06-01T00:00:00Z", "2027-06-01T00:00:00Z",
          rule_rows[i].messages, rule_rows[i].why);
  for(size_t i = 0; i < COUNT(zone_rows); i++)
    check(zones, zone_rows[i].text, zone_rows[i].zone, zone_rows[i].flags, "2026-06-01T00:00:00Z",
          "2027-06-01T00:00:00Z", zone_rows[i].messages, zone_rows[i].why);
  check(zones, "5 * 30 12 *", "Pacific/Apia", 0, "2011-11-01T00:00:00Z", "2011-12-31T00:00:00Z",
        (const char *const[MOST]){
            "2011-12-30T10:00:00Z dst_skipped: 2011-12-30 00:05 does not exist in Pacific/Apia: "
            "this and 23 more runs are skipped"},
        "a whole day left out counts for hourly rules too");
  mc_rule_parse(&rule, "5 1 29-31 * *", 13, &err);
  mc_schedule_init(&schedule, &rule, NULL, 0);
  tap_is_int((int64_t)mc_schedule_warnings(&schedule, 0, 1, two, 2), 2, "at most `max` are given");
  tap_is_int((int64_t)mc_schedule_warnings(&schedule, 0, 1, NULL, 0), 0, "even none");
  mc_tzdb_free(zones);
  return tap_done();
}
