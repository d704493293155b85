/* Plain English for rules of both languages. */

#include "base/buf.h"
#include "time/cron.h"
#include "time/describe.h"
#include "time/english.h"
#include "tap.h"

static const struct {
  const char *text, *want;
} cron_rows[] = {
    /* frequencies */
    {"* * * * *", "every minute"},
    {"*/15 * * * *", "every 15 minutes"},
    {"*/30 * * * *", "every 30 minutes"},
    {"0,20,40 * * * *", "every 20 minutes"},
    {"*/7 * * * *", "every 7th minute from 0 to 56 past every hour"},
    {"3-59/15 * * * *", "every 15th minute from 3 to 48 past every hour"},
    {"0 * * * *", "every hour on the hour"},
    {"5 * * * *", "at minute 5 past every hour"},
    {"5,20 * * * *", "at minute 5 and 20 past every hour"},
    {"1,2,4 * * * *", "at minute 1, 2 and 4 past every hour"},
    {"10-20 * * * *", "every minute from 10 to 20 past every hour"},
    /* stretches of hours */
    {"*/15 9-17 * * *", "every 15 minutes from 09:00 to 17:45"},
    {"* 9 * * *", "every minute from 09:00 to 09:59"},
    {"*/15 9 * * *", "every 15 minutes from 09:00 to 09:45"},
    {"*/30 9 * * *", "at 09:00 and 09:30 every day"},
    {"* 9,17 * * *", "every minute past hour 9 and 17"},
    {"*/10 */2 * * *", "every 10 minutes past every 2nd hour from 0 to 22"},
    {"0 9-17 * * *", "at minute 0 past every hour from 9 to 17"},
    {"0 */2 * * *", "at minute 0 past every 2nd hour from 0 to 22"},
    {"0 */11 * * *", "at 00:00, 11:00 and 22:00 every day"},
    /* times of day */
    {"0 9 * * *", "at 09:00 every day"},
    {"0 9,17 * * *", "at 09:00 and 17:00 every day"},
    {"0,30 9,17 * * *", "at 09:00, 09:30, 17:00 and 17:30 every day"},
    {"0 0,6,12,18 * * *", "at 00:00, 06:00, 12:00 and 18:00 every day"},
    /* days */
    {"0 9 * * 1-5", "at 09:00 on Monday to Friday"},
    {"0 9 * * 5-7", "at 09:00 on Friday to Sunday"},
    {"0 9 * * 0,1,6", "at 09:00 on Saturday to Monday"},
    {"0 9 * * MON", "at 09:00 on Monday"},
    {"0 9 * * 1,3,5", "at 09:00 on Monday, Wednesday and Friday"},
    {"0 9 * * 0-6", "at 09:00 on any day of the week"},
    {"*/15 * * * 1,2", "every 15 minutes on Monday and Tuesday"},
    {"0 9 1 * *", "at 09:00 on day 1 of the month"},
    {"0 9 1,15 * *", "at 09:00 on day 1 and 15 of the month"},
    {"0 9 1-7 * *", "at 09:00 on day 1 to 7 of the month"},
    {"0 9 */2 * *", "at 09:00 on every 2nd day from 1 to 31 of the month"},
    {"0 9 2-22/10 * *", "at 09:00 on every 10th day from 2 to 22 of the month"},
    {"0 9 1-31 * *", "at 09:00 on any day of the month"},
    /* months */
    {"0 9 * 1 *", "at 09:00 every day in January"},
    {"0 9 * 3-5 *", "at 09:00 every day from March to May"},
    {"0 9 1 1,7 *", "at 09:00 on day 1 of the month in January and July"},
    {"*/15 * * 12 *", "every 15 minutes in December"},
    /* the union */
    {"5 */2 1,15 1,3 1",
     "at minute 5 past every 2nd hour from 0 to 22 on day 1 and 15 of the month, or on any Monday, "
     "in January and March"},
    {"0 9 13 * 5", "at 09:00 on day 13 of the month, or on any Friday"},
    {"0 9 13 * 1-5", "at 09:00 on day 13 of the month, or on any day from Monday to Friday"},
    {"0 9 13 * 1,2", "at 09:00 on day 13 of the month, or on any Monday or Tuesday"},
};

static const struct {
  const char *text, *want;
} english_rows[] = {
    {"every 5 minutes", "every 5 minutes, counted from the job's creation"},
    {"every 1 minutes", "every minute, counted from the job's creation"},
    {"every 1 hours", "every hour, counted from the job's creation"},
    {"every 120 mins", "every 120 minutes, counted from the job's creation"},
    {"every 2 hours synchronized", "every 2 hours, starting at midnight each day"},
    {"every 30 mins from 10:00 to 14:00", "every 30 minutes from 10:00 to 14:00 each day"},
    {"every 2 hours from 12:34 to 01:23", "every 2 hours from 12:34 each day to 01:23 of the next"},
    {"every day 09:00", "at 09:00 every day"},
    {"every day of jan 09:00", "at 09:00 every day in January"},
    {"every mon,wed 09:00", "at 09:00 on Monday and Wednesday"},
    {"every mon,tue,wed,thu,fri 09:00", "at 09:00 on Monday to Friday"},
    {"1st,third mon of sep,oct 17:00",
     "at 17:00 on the 1st and 3rd Monday of the month in September and October"},
    {"5th sat,sun of month 17:00", "at 17:00 on the 5th Saturday and Sunday of the month"},
    {"1st friday of quarter 9:00",
     "at 09:00 on the 1st Friday of the month in January, April, July and October"},
    {"1,15 of month 00:00", "at 00:00 on day 1 and 15 of the month"},
    {"1st,2nd day of month 08:00", "at 08:00 on day 1 and 2 of the month"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void check(const struct mc_rule *rule, const char *text, const char *want)
{
  struct mc_buf buf;
  struct mc_err err = {0};

  mc_buf_init(&buf, 512);
  if(tap_is_int(mc_rule_describe(rule, &buf, &err), MC_OK, text))
    tap_is_str(buf.data, want, text);
  mc_buf_clear(&buf);
}

int main(void)
{
  struct mc_rule rule;
  struct mc_buf full;
  struct mc_err err = {0};

  for(size_t i = 0; i < COUNT(cron_rows); i++) {
    const char *text = cron_rows[i].text;

    if(tap_ok(!mc_cron_parse(&rule, text, strlen(text), &err), "%s parses", text))
      check(&rule, text, cron_rows[i].want);
  }
  for(size_t i = 0; i < COUNT(english_rows); i++) {
    const char *text = english_rows[i].text;

    if(tap_ok(!mc_english_parse(&rule, text, strlen(text), &err), "%s parses", text))
      check(&rule, text, english_rows[i].want);
  }
  mc_buf_init(&full, 10);
  mc_buf_puts(&full, "a ", &err);
  tap_is_int(mc_rule_describe(&rule, &full, &err), MC_RESOURCE_EXHAUSTED,
             "a full buffer is an error");
  tap_is_str(full.data, "a ", "and keeps what it held");
  mc_buf_clear(&full);
  return tap_done();
}
