#ifndef MC_TIME_RULE_H
#define MC_TIME_RULE_H

#include <stdint.h>

/* What both schedule languages are parsed into. Plain data without pointers, so a rule is copied by
   assignment, lives in one cache line and is evaluated by the same code whichever language it came
   from. */

/* Days of a month that fire, of a calendar rule. */
enum mc_day_rule {
  MC_DAYS_ALL, /* every day: both day fields are `*`, or "every day" */
  MC_DAYS_MONTH, /* the day of the month alone counts: `days` */
  MC_DAYS_WEEK, /* the day of the week alone counts: `weekdays`, cut to `ordinal_days` */
  MC_DAYS_EITHER /* unix-cron with both fields restricted: a union */
};

/* Fires at each minute whose local clock matches all fields. Bit n of a mask stands for the value
   n. */
struct mc_calendar {
  uint64_t minutes; /* bits 0-59 */
  uint32_t hours; /* bits 0-23 */
  uint32_t days; /* bits 1-31 */
  uint32_t ordinal_days; /* bits 1-31: the "2nd" of a weekday is in 8-14; all ones in cron */
  uint16_t months; /* bits 1-12 */
  uint8_t weekdays; /* bits 0-6, 0 is Sunday */
  uint8_t day_rule; /* enum mc_day_rule */
};

/* Fires every `period_min` minutes: from an anchor that the caller passes (creation or last run),
   or, when ranged, at from, from + period, ... within [from, to] of each local day; `to` before
   `from` wraps past midnight. [groc] */
struct mc_interval {
  int32_t period_min; /* at least 1 */
  int16_t from_min; /* minutes of the local day, 0-1439; -1 when not ranged */
  int16_t to_min; /* inclusive, 0-1439; -1 when not ranged */
  uint8_t synchronized; /* written "synchronized": from 00:00 to 23:59 */
  uint8_t hours; /* written in hours, for the canonical print */
};

enum mc_rule_kind { MC_RULE_CALENDAR, MC_RULE_INTERVAL };
enum mc_language { MC_LANG_CRON, MC_LANG_ENGLISH };

struct mc_rule {
  uint8_t kind; /* enum mc_rule_kind */
  uint8_t language; /* enum mc_language, for the canonical print and the description */
  union {
    struct mc_calendar calendar;
    struct mc_interval interval;
  } as;
};

#endif
