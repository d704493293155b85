#ifndef MC_TIME_CIVIL_H
#define MC_TIME_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Calendar arithmetic, proleptic Gregorian. Days are counted from 1970-01-01. Good for the years
   0-9999 and a little around them. */

#define MC_MS_PER_MIN 60000
#define MC_MIN_PER_DAY 1440
#define MC_S_PER_DAY 86400
#define MC_DAYS_PER_400_YEARS 146097

/* Schedules and texts know the instants from 1970-01-01T00:00:00Z until before
   10000-01-01T00:00:00Z. */
#define MC_MINUTE_END INT64_C(4223371680) /* the minutes are 0 .. MC_MINUTE_END - 1 */
#define MC_INSTANT_END (MC_MINUTE_END * MC_MS_PER_MIN)

/* Days from 0000-03-01, where the reckoning of civil.c starts, to 1970-01-01. */
#define MC_DAYS_TO_EPOCH 719468

struct mc_date {
  int32_t year;
  int32_t month; /* 1-12 */
  int32_t day; /* 1-31 */
};

/* The year starts on 1 March here, so the day that comes and goes is the last one. The method is
   that of Neri and Schneider, "Euclidean affine functions and their application to calendar
   algorithms" (2022). The reckoning is moved by whole 400 years, so that all within reach is
   positive. */
#define MC_ERAS_BEFORE 25

static inline struct mc_date mc_date_from_days(int64_t days)
{
  uint32_t n = (uint32_t)(days + MC_DAYS_TO_EPOCH + MC_ERAS_BEFORE * MC_DAYS_PER_400_YEARS);
  uint32_t n1 = 4 * n + 3;
  uint32_t century = n1 / MC_DAYS_PER_400_YEARS;
  uint32_t n2 = 4 * (n1 % MC_DAYS_PER_400_YEARS / 4) + 3;
  uint64_t p2 = UINT64_C(2939745) * n2;
  uint32_t day_of_year = (uint32_t)p2 / 2939745 / 4;
  uint32_t n3 = 2141 * day_of_year + 197913;
  uint32_t after_december = day_of_year >= 306;
  struct mc_date date = {
      .year =
          (int32_t)(100 * century + (uint32_t)(p2 >> 32) + after_december) - MC_ERAS_BEFORE * 400,
      .month = (int32_t)((n3 >> 16) - 12 * after_december),
      .day = (int32_t)((n3 & 0xffff) / 2141 + 1),
  };

  return date;
}

static inline int64_t mc_days_from_date(int32_t year, int32_t month, int32_t day)
{
  uint32_t before_march = month <= 2;
  uint32_t y = (uint32_t)(year + MC_ERAS_BEFORE * 400) - before_march;
  uint32_t m = (uint32_t)month + 12 * before_march;
  uint32_t century = y / 100;
  uint32_t days = 1461 * y / 4 - century + century / 4 + (979 * m - 2919) / 32 + (uint32_t)day - 1;

  return (int64_t)days - MC_DAYS_TO_EPOCH - (int64_t)MC_ERAS_BEFORE * MC_DAYS_PER_400_YEARS;
}

int mc_days_in_month(int32_t year, int32_t month);
bool mc_is_leap_year(int32_t year);
/* 0 is Sunday. */
int mc_weekday(int64_t days);

static inline int64_t mc_floor_div(int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}

/* The longest text is "-9999-12-31T23:59:59.999999999+23:59" and a NUL. */
#define MC_INSTANT_TEXT 40

/* RFC 3339 with `digits` (0-3) of the second's fraction, cut, not rounded. The first ends in Z; the
   other shows the local clock at `offset_s` and ends in +hh:mm (seconds of an offset are cut from
   the suffix). Returns the length. Instants outside the years 0000-9999 are pinned to the nearest
   end. */
size_t mc_instant_print(char out[MC_INSTANT_TEXT], int64_t ms, int digits);
size_t mc_instant_print_at(char out[MC_INSTANT_TEXT], int64_t ms, int32_t offset_s, int digits);

/* RFC 3339: date, T or blank, time, optional fraction (up to 9 digits, cut to ms), then Z or a
   numeric offset, letters in any case. Second 60 is taken as the start of the next minute. Years
   0000-9999. MC_INVALID_ARGUMENT with the position. */
int mc_instant_parse(int64_t *out_ms, const char *text, size_t len, struct mc_err *err);

#endif
