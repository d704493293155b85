#ifndef MC_TIME_POSIX_TZ_H
#define MC_TIME_POSIX_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The rule at the end of a TZif file: "EST5EDT,M3.2.0,M11.1.0", with hours -167..167 (RFC 9636,
   3.3.2). */

#define MC_POSIX_ABBR 16

struct mc_posix_kind {
  char abbr[MC_POSIX_ABBR];
  int32_t offset_s; /* east of UTC is positive: the other sign than in the text */
};

struct mc_posix_change {
  enum { MC_POSIX_JULIAN, MC_POSIX_DAY, MC_POSIX_WEEKDAY } form; /* J60, 59 or M3.2.0 */
  int16_t day; /* 1-365 (29 February never counted), 0-365, or the weekday 0-6 */
  int8_t month, week; /* of M: 1-12, 1-5 (5 is the last) */
  int32_t time_s; /* on the clock before the change */
};

struct mc_posix_tz {
  struct mc_posix_kind std, dst; /* dst.abbr is "" when there is none */
  struct mc_posix_change start, end; /* of daylight saving */
};

/* MC_DATA_LOSS when the text is no such rule. */
int mc_posix_tz_parse(struct mc_posix_tz *out, const char *text, size_t len, struct mc_err *err);

/* The instants, in seconds since the epoch, at which daylight saving starts and ends by the rule of
   this year. */
int64_t mc_posix_tz_start(const struct mc_posix_tz *tz, int32_t year);
int64_t mc_posix_tz_end(const struct mc_posix_tz *tz, int32_t year);

#endif
