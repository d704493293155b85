#include "tap.h"

#include "time/cron.h"
#include "time/schedule.h"

static const struct {
  const char *text, *canonical, *why;
} accepted[] = {
    {"* * * * *", "* * * * *", "stars stay"},
    {"0-59 0-23 * 1-12 *", "* * * * *", "a full range of the clock is a star"},
    {"*/5 * * * *", "*/5 * * * *", "a step stays a step"},
    {"0,15,30,45 * * * *", "*/15 * * * *", "a list that is a step is shown as one"},
    {"0 0-23/2 * * *", "0 */2 * * *", "a step of the full range"},
    {"0 9-17/2 * * *", "0 9,11,13,15,17 * * *", "a step of a part is a list"},
    {"0 9-17 * * mon-FRI", "0 9-17 * * 1-5", "names in any case and in ranges"},
    {"0 0 1 jan,DEC *", "0 0 1 1,12 *", "names in lists"},
    {"0 0 * * 7", "0 0 * * 0", "7 is Sunday"},
    {"0 0 * * 5-7", "0 0 * * 0,5,6", "7 at the end of a range"},
    {"0 0 * * 0-7", "0 0 * * 0-6", "all days, written as restricted"},
    {"0 0 * * */2", "0 0 * * */2", "a step over the week"},
    {"0 0 1-31 * 1", "0 0 1-31 * 1", "1-31 is restricted: a union, not a star"},
    {"*,5 * *,5 * *", "* * 1-31 * *", "a star inside a list counts as restricted"},
    {"\t 5  4\t3 2 * ", "5 4 3 2 *", "blanks and tabs"},
    {"05 04 03 02 01", "5 4 3 2 1", "leading zeros"},
    {"1,1,3-5,4 * * * *", "1,3-5 * * * *", "duplicates and overlaps"},
    {"5-5 * * * *", "5 * * * *", "a range of one"},
    {"*/90 * * * *", "0 * * * *", "a step larger than the range"},
    {"0 0 29 2 *", "0 0 29 2 *", "leap years have it"},
    {"0 0 31 2 1", "0 0 31 2 1", "fires by the union"},
    {"0 0 30,31 2,3 *", "0 0 30,31 2,3 *", "some month has the day"},
};

static const struct {
  const char *text;
  int64_t pos;
  const char *message; /* a part of it */
} refused[] = {
    {"", 0, "the schedule is empty"},
    {"  ", 2, "the schedule is empty"},
    {"61 * * * *", 0, "minute 61 is not in 0-59"},
    {"* 24 * * *", 2, "hour 24 is not in 0-23"},
    {"* * 0 * *", 4, "day of month 0 is not in 1-31"},
    {"* * 32 * *", 4, "day of month 32 is not in 1-31"},
    {"* * * 13 *", 6, "month 13 is not in 1-12"},
    {"* * * * 8", 8, "day of week 8 is not in 0-7"},
    {"99999999999999999999 * * * *", 0, "minute 9999999999999999 is not in 0-59"},
    {"005 * * * *", 0, "minute 005 has too many digits"},
    {"* * * *", 7, "the field 'day of week' is missing"},
    {"0 * * * * *", 10, "more than five fields"},
    {"@daily", 0, "'0 0 * * *'"},
    {"30-10 * * * *", 0, "descends, write 30-59,0-10"},
    {"* * * * fri-mon", 8, "descends, write 5-6,0-1"},
    {"5/15 * * * *", 1, "as in '5-59/n'"},
    {"*/0 * * * *", 2, "step 0"},
    {"*/ * * * *", 2, "a step is a number"},
    {"1,,2 * * * *", 2, "an item of the list is empty"},
    {"1, * * * *", 2, "a value is missing"},
    {",1 * * * *", 0, "an item of the list is empty"},
    {"-1 * * * *", 0, "'-' is not allowed"},
    {"+1 * * * *", 0, "'+' is not allowed"},
    {"1- * * * *", 2, "a value is missing"},
    {"0 0 L * *", 4, "'L' (last)"},
    {"0 0 15W * *", 6, "'W' (nearest weekday)"},
    {"0 0 ? * *", 4, "write '*'"},
    {"0 0 * * 1#2", 9, "nth weekday"},
    {"0 0 * FOO *", 6, "month 'FOO' is not known, use 1-12 or JAN-DEC"},
    {"0 0 * * MONDAY", 8, "day of week 'MONDAY' is not known, use 0-7 or SUN-SAT"},
    {"abc * * * *", 0, "minute 'abc' is not a number"},
    {"1.5 * * * *", 1, "'.' is not allowed"},
    {"1\x80 * * * *", 1, "byte 0x80 is not allowed"},
    {"0 0 31 2 *", 4, "never fires"},
    {"0 0 30,31 feb *", 4, "never fires"},
    {"0 0 31 4,6,9,11 *", 4, "never fires"},
};

static void test_accepted(void)
{
  size_t i;

  for(i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
    struct mc_rule rule, again;
    struct mc_buf buf;
    struct mc_err err;
    bool same = false;

    mc_buf_init(&buf, 1000);
    if(mc_cron_parse(&rule, accepted[i].text, strlen(accepted[i].text), &err)) {
      tap_ok(0, "'%s': %s", accepted[i].text, err.msg);
      continue;
    }
    mc_cron_print(&rule, &buf, NULL);
    tap_is_str(buf.data, accepted[i].canonical, accepted[i].why);
    if(!mc_cron_parse(&again, buf.data, buf.len, &err))
      same = !memcmp(&rule, &again, sizeof(rule));
    tap_ok(same, "'%s' parses to the same rule", buf.data);
    mc_buf_clear(&buf);
  }
}

static void test_refused(void)
{
  size_t i;

  for(i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
    struct mc_rule rule = {.kind = 77};
    struct mc_err err = {0};
    int rc = mc_cron_parse(&rule, refused[i].text, strlen(refused[i].text), &err);

    if(!tap_ok(rc == MC_INVALID_ARGUMENT && rule.kind == 77 && err.pos == refused[i].pos &&
                   strstr(err.msg, refused[i].message),
               "refused: '%s'", refused[i].text))
      printf("#   rc %d at %d: %s\n", rc, (int)err.pos, err.msg);
  }
}

static void test_language(void)
{
  static const struct {
    const char *text;
    int language;
  } rows[] = {
      {"0 9 * * MON", MC_LANG_CRON},
      {"every 5 minutes", MC_LANG_ENGLISH},
      {"1 of jan 09:00", MC_LANG_ENGLISH},
      {"1, 15 of month 09:00", MC_LANG_ENGLISH},
      {"1st mon of month 09:00", MC_LANG_ENGLISH},
  };
  struct mc_rule rule;
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    tap_ok(!mc_rule_parse(&rule, rows[i].text, strlen(rows[i].text), NULL) &&
               rule.language == rows[i].language,
           "the language of '%s'", rows[i].text);
}

int main(void)
{
  test_accepted();
  test_refused();
  test_language();
  return tap_done();
}
