/* App Engine schedules: what is accepted and as what, what is refused, where and with which words.
   */

#include "base/buf.h"
#include "time/english.h"
#include "tap.h"

#define ALL 0xFFFFFFFEu
#define MONTHS 0x1FFEu
#define QUARTERS 0x492u /* jan, apr, jul, oct */
#define BIT(n) (1u << (n))

static int parse(struct mc_rule *rule, const char *text, struct mc_err *err)
{
  return mc_english_parse(rule, text, strlen(text), err);
}

static const struct {
  const char *text;
  struct mc_interval want;
  const char *print, *why;
} intervals[] = {
    {"every 20 mins", {20, -1, -1, 0, 0}, "every 20 minutes", "mins are minutes"},
    {"every 2 minutes", {2, -1, -1, 0, 0}, "every 2 minutes", "minutes"},
    {"every 1 minutes", {1, -1, -1, 0, 0}, "every 1 minutes", "units are plural even after 1"},
    {"every 100 hours", {6000, -1, -1, 0, 1}, "every 100 hours", "longer than a day is fine"},
    {"every 99999 hours", {5999940, -1, -1, 0, 1}, "every 99999 hours", "the longest interval"},
    {"every 00005 minutes", {5, -1, -1, 0, 0}, "every 5 minutes", "five digits are a number"},
    {"every 60 minutes", {60, -1, -1, 0, 0}, "every 60 minutes", "minutes stay minutes"},
    {"every 20 mins synchronized", {20, 0, 1439, 1, 0}, "every 20 minutes synchronized", "synced"},
    {"every 24 hours synchronized",
     {1440, 0, 1439, 1, 1},
     "every 24 hours synchronized",
     "a whole day divides a day"},
    {"every 2 hours from 12:34 to 01:23",
     {120, 754, 83, 0, 1},
     "every 2 hours from 12:34 to 01:23",
     "a range may wrap past midnight"},
    {"every 5 minutes from 10:00 to 14:00",
     {5, 600, 840, 0, 0},
     "every 5 minutes from 10:00 to 14:00",
     "a range"},
    {"every 7 hours from 0:00 to 23:59",
     {420, 0, 1439, 0, 1},
     "every 7 hours from 00:00 to 23:59",
     "a range need not divide a day, and is not 'synchronized'"},
    {"every 5 minutes from 9:00 to 9:00",
     {5, 540, 540, 0, 0},
     "every 5 minutes from 09:00 to 09:00",
     "a range of one minute"},
    {"every20mins", {20, -1, -1, 0, 0}, "every 20 minutes", "blanks are not needed"},
    {"every5minsfrom10:00to14:00",
     {5, 600, 840, 0, 0},
     "every 5 minutes from 10:00 to 14:00",
     "blanks are not needed anywhere"},
    {" \t every\r\n5  minutes\n", {5, -1, -1, 0, 0}, "every 5 minutes", "any blanks, at the ends"},
};

static const struct {
  const char *text;
  enum mc_day_rule day_rule;
  uint32_t days, ordinal_days;
  uint16_t months;
  uint8_t weekdays;
  int at; /* minutes of the day */
  const char *print, *why;
} calendars[] = {
    {"every day 09:00", MC_DAYS_ALL, ALL, ALL, MONTHS, 0x7F, 540, "every day 09:00", "every day"},
    {"every day of jan 0:00", MC_DAYS_ALL, ALL, ALL, BIT(1), 0x7F, 0, "every day of jan 00:00",
     "every day of some months"},
    {"everyday 23:59", MC_DAYS_ALL, ALL, ALL, MONTHS, 0x7F, 1439, "every day 23:59", "no blank"},
    {"every mon 9:00", MC_DAYS_WEEK, ALL, ALL, MONTHS, BIT(1), 540, "every mon 09:00", "one digit"},
    {"every sunday,sat,sun of month 09:00", MC_DAYS_WEEK, ALL, ALL, MONTHS, BIT(0) | BIT(6), 540,
     "every sun,sat 09:00", "names in both forms, duplicates, 'of month' says nothing"},
    {"everymon,tue09:00", MC_DAYS_WEEK, ALL, ALL, MONTHS, BIT(1) | BIT(2), 540,
     "every mon,tue 09:00", "a time right after a name"},
    {"every thu of month 10:10", MC_DAYS_WEEK, ALL, ALL, MONTHS, BIT(4), 610, "every thu 10:10",
     "thu then of"},
    {"1st,2nd,third,4th,fifth monday,tue,wednesday,thu,friday,saturday,sun of jan,feb,mar 10:19",
     MC_DAYS_WEEK, ALL, ALL, BIT(1) | BIT(2) | BIT(3), 0x7F, 619,
     "every sun,mon,tue,wed,thu,fri,sat of jan,feb,mar 10:19", "five ordinals are every"},
    {"fourth,fifth monday,tuesday of month 14:15", MC_DAYS_WEEK, ALL, 0xFFC00000u, MONTHS,
     BIT(1) | BIT(2), 855, "4th,5th mon,tue 14:15", "ordinals from 22 on"},
    {"1st mon 10:00", MC_DAYS_WEEK, ALL, 0xFE, MONTHS, BIT(1), 600, "1st mon 10:00",
     "months may be left out in the weekly form"},
    {"1st sunday of quarter 23:25", MC_DAYS_WEEK, ALL, 0xFE, QUARTERS, BIT(0), 1405,
     "1st sun of jan,apr,jul,oct 23:25", "a quarter alone is its first month"},
    {"1st sunday of second,third month of quarter 23:25", MC_DAYS_WEEK, ALL, 0xFE,
     (uint16_t)(MONTHS & ~QUARTERS), BIT(0), 1405,
     "1st sun of feb,mar,may,jun,aug,sep,nov,dec 23:25", "months of a quarter"},
    {"2nd,third mon,wed,thu of march 17:00", MC_DAYS_WEEK, ALL, 0x3FFF00u, BIT(3),
     BIT(1) | BIT(3) | BIT(4), 1020, "2nd,3rd mon,wed,thu of mar 17:00", "long month"},
    {"1st friday of quarter 9:00", MC_DAYS_WEEK, ALL, 0xFE, QUARTERS, BIT(5), 540,
     "1st fri of jan,apr,jul,oct 09:00", "recorded on the service"},
    {"1st,2nd day of jan 10:00", MC_DAYS_MONTH, 0x6, ALL, BIT(1), 0x7F, 600, "1,2 of jan 10:00",
     "ordinals of 'day' are days of the month"},
    {"5th day 10:00", MC_DAYS_MONTH, 0x20, ALL, MONTHS, 0x7F, 600, "5 of month 10:00",
     "and may leave the months out"},
    {"3,15,30 of month 09:00", MC_DAYS_MONTH, BIT(3) | BIT(15) | BIT(30), ALL, MONTHS, 0x7F, 540,
     "3,15,30 of month 09:00", "days of the month"},
    {"03,15,30 of jan 09:00", MC_DAYS_MONTH, BIT(3) | BIT(15) | BIT(30), ALL, BIT(1), 0x7F, 540,
     "3,15,30 of jan 09:00", "a leading zero"},
    {"1 of jan,april,july,oct 00:00", MC_DAYS_MONTH, BIT(1), ALL, QUARTERS, 0x7F, 0,
     "1 of jan,apr,jul,oct 00:00", "short and long months"},
    {"31 , 1 of first month of quarter 5:05", MC_DAYS_MONTH, 0x80000002u, ALL, QUARTERS, 0x7F, 305,
     "1,31 of jan,apr,jul,oct 05:05", "blanks around a comma; order does not count"},
    {"30,31 of feb,mar 12:00", MC_DAYS_MONTH, 0xC0000000u, ALL, BIT(2) | BIT(3), 0x7F, 720,
     "30,31 of feb,mar 12:00", "the smallest day fits some month"},
    {"29 of feb 12:00", MC_DAYS_MONTH, 0x20000000u, ALL, BIT(2), 0x7F, 720, "29 of feb 12:00",
     "29 February comes"},
};

static const struct {
  const char *text;
  int pos;
  const char *msg;
} refused[] = {
    {"", 0, "the schedule is empty, write one as 'every 5 minutes' or 'every day 09:00'"},
    {" \t", 0, "the schedule is empty, write one as 'every 5 minutes' or 'every day 09:00'"},
    {"Every 5 minutes", 0, "'Every': schedules are written in lower case"},
    {"every Mon 09:00", 6, "'Mon': schedules are written in lower case"},
    {"every 5 MINUTES", 8, "'MINUTES': schedules are written in lower case"},
    {"every hour", 6, "'hour': write 'every 1 hours', units are plural"},
    {"every 1 hour", 8, "'hour': write 'every 1 hours', units are plural"},
    {"every minute", 6, "'minute': write 'every 1 minutes', units are plural"},
    {"every 5 min", 8, "'min': write 'every 1 mins', units are plural"},
    {"every 30 seconds", 9, "'seconds': the shortest interval is one minute"},
    {"every 30 second", 9, "'second': the shortest interval is one minute"},
    {"every 0 minutes", 6, "'0': the shortest interval is one minute"},
    {"every 100000 hours", 6, "'100000': an interval is 1-99999 hours or minutes"},
    {"every 000001 hours", 6, "'000001': an interval is 1-99999 hours or minutes"},
    {"every 50 days", 9,
     "'days': an interval is in hours or minutes; for each day write 'every day 09:00'"},
    {"every 1 day", 8,
     "'day': an interval is in hours or minutes; for each day write 'every day 09:00'"},
    {"every 2 weeks", 8,
     "'weeks': an interval is in hours or minutes; for each week write 'every mon 09:00'"},
    {"every 2 feet", 8, "'feet': expected hours, mins or minutes"},
    {"every 5 09:00", 8, "'09:00': expected hours, mins or minutes"},
    {"every 5 1st", 8, "'1st': expected hours, mins or minutes"},
    {"every 5 HOURS", 8, "'HOURS': schedules are written in lower case"},
    {"every 5", 7, "the schedule ends early: expected hours, mins or minutes"},
    {"every", 5,
     "the schedule ends early: expected a number, 'day' or days of the week, as in 'every mon'"},
    {"every 24 hours 09:00", 15, "'09:00': expected 'from', 'synchronized' or the end"},
    {"every 7 hours synchronized", 14, "'synchronized': 7 hours do not divide a day"},
    {"every 48 hours synchronized", 15, "'synchronized': 48 hours do not divide a day"},
    {"every 50 mins synchronized", 14, "'synchronized': 50 minutes do not divide a day"},
    {"every 1 minutes from 09:00 to 12:00 synchronized", 36,
     "'synchronized': expected nothing more"},
    {"every 1 minutes synchronized from 09:00 to 12:00", 29, "'from': expected nothing more"},
    {"every 1 minutes from 09:00", 26, "the schedule ends early: expected 'to' and a time of day"},
    {"every 1 minutes to 12:00", 16, "'to': expected 'from', 'synchronized' or the end"},
    {"every 1 minutes 09:00 to 12:00", 16, "'09:00': expected 'from', 'synchronized' or the end"},
    {"every 1 minutes from 09:00 12:00", 27, "'12:00': expected 'to' and a time of day"},
    {"every 5 minutes from 10 to 14", 21, "'10': expected a time of day, as in 10:00"},
    {"every day 24:00", 10, "'24:00': a time of day is 0:00-23:59"},
    {"every day 09:60", 10, "'09:60': a time of day is 0:00-23:59"},
    {"every day 009:00", 10, "'009:00': a time of day is 0:00-23:59"},
    {"every day 9:5", 10, "'9:5': a time of day is 0:00-23:59"},
    {"every day 09:000", 10, "'09:000': a time of day is 0:00-23:59"},
    {"every day", 9,
     "the schedule ends early: expected a time of day, as in 09:00, or 'of' and months"},
    {"every day 09:00 please", 16, "'please': expected nothing more"},
    {"every day at 09:00", 10, "'at': leave it out, as in 'every day 09:00'"},
    {"every day 9:00 pm", 15, "'pm': write the time as on a 24-hour clock, as in 21:00"},
    {"every weekday 09:00", 6, "'weekday': write 'mon,tue,wed,thu,fri'"},
    {"every mon-fri 09:00", 9,
     "'-': ranges are not part of the language, list the days, as in 'mon,tue,wed'"},
    {"every mon day 09:00", 10, "'day': expected a time of day, as in 09:00, or 'of' and months"},
    {"every mon and tue 09:00", 10, "'and': write a comma, as in 'every mon,tue 09:00'"},
    {"every mon, 09:00", 11, "'09:00': expected a day of the week, as mon or monday"},
    {"every day,mon 09:00", 9, "',': expected a time of day, as in 09:00, or 'of' and months"},
    {"every tues 09:00", 6, "'tues': write 'tue'"},
    {"every thur 09:00", 6, "'thur': write 'thu'"},
    {"1st funday of every month 10:12", 4,
     "'funday': expected 'day' or days of the week, as in '1st mon'"},
    {"1st mon of every month 10:12", 11,
     "'every': expected 'month', 'quarter' or months, as in 'of jan,jul'"},
    {"last fri of month 10:00", 0,
     "'last': the language has no 'last'; the fifth weekday is '5th'"},
    {"6th mon of month 10:00", 0,
     "'6th': ordinals are 1st, 2nd, 3rd, 4th and 5th, days are numbers, as in '15 of month 09:00'"},
    {"1 mon of month 10:00", 2, "'mon': expected 'of' and months, as in '15 of month 09:00'"},
    {"1 of sept 10:00", 5, "'sept': write 'sep'"},
    {"1,2 09:00", 4, "'09:00': expected 'of' and months, as in '15 of month 09:00'"},
    {"0 of month 09:00", 0, "'0': expected a day of the month, 1-31"},
    {"1,32 of month 09:00", 2, "'32': expected a day of the month, 1-31"},
    {"30 of feb 09:00", 0, "'30 of feb': these months have no such day, it never happens"},
    {"30,31 of feb 09:00", 0, "'30,31 of feb': these months have no such day, it never happens"},
    {"31 of apr,jun 09:00", 0, "'31 of apr,jun': these months have no such day, it never happens"},
    {"1 of 4th month of quarter 09:00", 5, "'4th': expected 1st, 2nd or 3rd month of a quarter"},
    {"1 of 1st quarter 09:00", 9, "'quarter': expected 'month of quarter'"},
    {"1 of jan,month 09:00", 9, "'month': expected a month, as jan or january"},
    {"*/5 * * * *", 0,
     "'*': a unix-cron schedule has five fields, an App Engine schedule has no stars"},
    {"every \x01 minutes", 6,
     "'?': expected a number, 'day' or days of the week, as in 'every mon'"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Print `rule`, compare, and parse what was printed: the same rule again. */
static void check_print(const struct mc_rule *rule, const char *want, const char *text)
{
  struct mc_rule again;
  struct mc_buf buf;
  struct mc_err err;

  mc_buf_init(&buf, 512);
  tap_is_int(mc_english_print(rule, &buf, &err), MC_OK, text);
  tap_is_str(buf.data, want, text);
  if(buf.data && !mc_english_parse(&again, buf.data, buf.len, &err))
    tap_ok(!memcmp(&again, rule, sizeof(again)), "%s: parse, print, parse is a fixpoint", text);
  else
    tap_ok(0, "%s: the print does not parse: %s", text, err.msg);
  mc_buf_clear(&buf);
}

static void test_intervals(void)
{
  for(size_t i = 0; i < COUNT(intervals); i++) {
    struct mc_rule rule;
    struct mc_err err = {0};
    const struct mc_interval *want = &intervals[i].want, *got = &rule.as.interval;

    if(!tap_ok(!parse(&rule, intervals[i].text, &err), "%s: %s", intervals[i].text,
               intervals[i].why)) {
      printf("#   %s\n", err.msg);
      continue;
    }
    tap_ok(rule.kind == MC_RULE_INTERVAL && rule.language == MC_LANG_ENGLISH &&
               got->period_min == want->period_min && got->from_min == want->from_min &&
               got->to_min == want->to_min && got->synchronized == want->synchronized &&
               got->hours == want->hours,
           "%s: its fields", intervals[i].text);
    check_print(&rule, intervals[i].print, intervals[i].text);
  }
}

static void test_calendars(void)
{
  for(size_t i = 0; i < COUNT(calendars); i++) {
    struct mc_rule rule;
    struct mc_err err = {0};
    const struct mc_calendar *got = &rule.as.calendar;
    int at = calendars[i].at;

    if(!tap_ok(!parse(&rule, calendars[i].text, &err), "%s: %s", calendars[i].text,
               calendars[i].why)) {
      printf("#   %s\n", err.msg);
      continue;
    }
    tap_ok(rule.kind == MC_RULE_CALENDAR && rule.language == MC_LANG_ENGLISH, "%s: a calendar rule",
           calendars[i].text);
    tap_is_int(got->day_rule, calendars[i].day_rule, "  its day rule");
    tap_is_int(got->days, calendars[i].days, "  its days");
    tap_is_int(got->ordinal_days, calendars[i].ordinal_days, "  its ordinal days");
    tap_is_int(got->months, calendars[i].months, "  its months");
    tap_is_int(got->weekdays, calendars[i].weekdays, "  its weekdays");
    tap_ok(got->hours == BIT(at / 60) && got->minutes == (uint64_t)1 << (at % 60), "  its time");
    check_print(&rule, calendars[i].print, calendars[i].text);
  }
}

static void test_refused(void)
{
  struct mc_rule untouched;

  memset(&untouched, 0x5A, sizeof(untouched));
  for(size_t i = 0; i < COUNT(refused); i++) {
    struct mc_rule rule = untouched;
    struct mc_err err = {0};

    tap_ok(parse(&rule, refused[i].text, &err) == MC_INVALID_ARGUMENT, "'%s' is refused",
           refused[i].text);
    tap_is_str(err.msg, refused[i].msg, "  saying why");
    tap_is_int(err.pos, refused[i].pos, "  and where");
    tap_ok(!memcmp(&rule, &untouched, sizeof(rule)), "  and leaves the output alone");
  }
}

/* Every beginning of a valid text parses or is refused, within its bytes. */
static void test_prefixes(void)
{
  static const char text[] = "1st,third mon,friday of second,third month of quarter 10:19";

  for(size_t n = 0; n < sizeof(text) - 1; n++) {
    struct mc_rule rule;
    struct mc_err err = {0};

    tap_ok(mc_english_parse(&rule, text, n, &err) && err.pos >= 0 && err.pos <= (int64_t)n,
           "the first %zu bytes alone are refused inside them", n);
  }
  tap_is_int(mc_english_parse(&(struct mc_rule){0}, "every day 09:00x", 15, NULL), MC_OK,
             "the byte after the text is not read, err may be NULL");
  tap_is_int(mc_english_parse(&(struct mc_rule){0}, "every\0day 09:00", 15, NULL),
             MC_INVALID_ARGUMENT, "a NUL is no blank");
}

static void test_print_failures(void)
{
  struct mc_rule rule, cron = {.language = MC_LANG_CRON};
  struct mc_buf buf;
  struct mc_err err;

  parse(&rule, "1,2,3 of jan 09:00", &err);
  mc_buf_init(&buf, 12);
  mc_buf_puts(&buf, "x ", &err);
  tap_is_int(mc_english_print(&rule, &buf, &err), MC_RESOURCE_EXHAUSTED, "a full buffer");
  tap_is_str(buf.data, "x ", "keeps what it held");
  tap_is_int(mc_english_print(&cron, &buf, &err), MC_INVALID_ARGUMENT, "cron rules do not print");
  mc_buf_clear(&buf);
}

int main(void)
{
  test_intervals();
  test_calendars();
  test_refused();
  test_prefixes();
  test_print_failures();
  return tap_done();
}
