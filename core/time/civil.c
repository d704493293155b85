#include "time/civil.h"

#include <stdio.h>

bool mc_is_leap_year(int32_t year)
{
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int mc_days_in_month(int32_t year, int32_t month)
{
  if(month == 2)
    return mc_is_leap_year(year) ? 29 : 28;
  return 30 | (month ^ (month >> 3));
}

int mc_weekday(int64_t days)
{
  int64_t w = (days + 4) % 7;

  return (int)(w < 0 ? w + 7 : w);
}

static int64_t pin_to_text_range(int64_t ms)
{
  const int64_t first = INT64_C(-62167219200000); /* 0000-01-01 */

  if(ms < first)
    return first;
  return ms >= MC_INSTANT_END ? MC_INSTANT_END - 1 : ms;
}

/* Date, time and fraction of a clock that shows `ms`. */
static size_t print_clock(char *out, int64_t ms, int digits)
{
  int64_t day = mc_floor_div(ms, INT64_C(86400000));
  struct mc_date date = mc_date_from_days(day);
  int left = (int)(ms - day * INT64_C(86400000));
  int second = left / 1000;
  int fraction = left % 1000;
  int len = snprintf(out, MC_INSTANT_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)date.year,
                     (int)date.month, (int)date.day, second / 3600, second / 60 % 60, second % 60);

  if(digits == 1)
    len += snprintf(out + len, 8, ".%01d", fraction / 100);
  else if(digits == 2)
    len += snprintf(out + len, 8, ".%02d", fraction / 10);
  else if(digits >= 3)
    len += snprintf(out + len, 8, ".%03d", fraction);
  return (size_t)len;
}

size_t mc_instant_print(char out[MC_INSTANT_TEXT], int64_t ms, int digits)
{
  size_t len = print_clock(out, pin_to_text_range(ms), digits);

  out[len++] = 'Z';
  out[len] = '\0';
  return len;
}

size_t mc_instant_print_at(char out[MC_INSTANT_TEXT], int64_t ms, int32_t offset_s, int digits)
{
  int64_t local = pin_to_text_range(pin_to_text_range(ms) + (int64_t)offset_s * 1000);
  size_t len = print_clock(out, local, digits);
  int minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;

  len += (size_t)snprintf(out + len, 8, "%c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60 % 100,
                          minutes % 60);
  return len;
}

/* A cursor over the text; the first fault sticks. */
struct reader {
  const char *text;
  size_t len, at;
  struct mc_err *err;
  int rc;
};

static int fault(struct reader *r, size_t at, const char *what)
{
  if(!r->rc)
    r->rc = mc_fail_at(r->err, MC_INVALID_ARGUMENT, (int64_t)at,
                       "%s, write an instant as 2026-11-25T09:00:00Z", what);
  return 0;
}

static bool is_digit(const struct reader *r)
{
  return r->at < r->len && r->text[r->at] >= '0' && r->text[r->at] <= '9';
}

/* `width` digits with a value in [low, high]. */
static int number(struct reader *r, int width, int low, int high, const char *name)
{
  size_t start = r->at;
  int i, n = 0;

  for(i = 0; i < width && !r->rc; i++) {
    if(!is_digit(r))
      return fault(r, r->at, "a digit is missing");
    n = n * 10 + (r->text[r->at++] - '0');
  }
  if(!r->rc && (n < low || n > high))
    r->rc = mc_fail_at(r->err, MC_INVALID_ARGUMENT, (int64_t)start, "%s %d is not in %d-%d", name,
                       n, low, high);
  return n;
}

static char letter(const struct reader *r)
{
  char c = r->at < r->len ? r->text[r->at] : '\0';

  return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void sign(struct reader *r, const char *any_of, const char *what)
{
  char c = letter(r);

  for(; *any_of; any_of++) {
    if(c == *any_of) {
      r->at++;
      return;
    }
  }
  fault(r, r->at, what);
}

static int fraction_ms(struct reader *r)
{
  int ms = 0, scale = 100, n = 0;

  if(letter(r) != '.')
    return 0;
  r->at++;
  for(; is_digit(r); n++, r->at++, scale /= 10)
    ms += scale * (r->text[r->at] - '0');
  if(n < 1 || n > 9)
    fault(r, r->at, "a fraction has 1 to 9 digits");
  return ms;
}

static int offset_s(struct reader *r)
{
  char c = letter(r);
  int hour, minute;

  sign(r, "Z+-", "the offset (Z or +hh:mm) is missing");
  if(r->rc || c == 'Z')
    return 0;
  hour = number(r, 2, 0, 23, "offset hour");
  sign(r, ":", "':' is missing");
  minute = number(r, 2, 0, 59, "offset minute");
  return (c == '-' ? -60 : 60) * (hour * 60 + minute);
}

int mc_instant_parse(int64_t *out_ms, const char *text, size_t len, struct mc_err *err)
{
  struct reader r = {text, len, 0, err, MC_OK};
  int year, month, day, hour, minute, second, ms;
  int64_t seconds;

  year = number(&r, 4, 0, 9999, "year");
  sign(&r, "-", "'-' is missing");
  month = number(&r, 2, 1, 12, "month");
  sign(&r, "-", "'-' is missing");
  day = number(&r, 2, 1, r.rc ? 31 : mc_days_in_month(year, month), "day");
  sign(&r, "T ", "'T' is missing");
  hour = number(&r, 2, 0, 23, "hour");
  sign(&r, ":", "':' is missing");
  minute = number(&r, 2, 0, 59, "minute");
  sign(&r, ":", "':' is missing");
  second = number(&r, 2, 0, 60, "second");
  ms = fraction_ms(&r);
  seconds = -(int64_t)offset_s(&r);
  if(!r.rc && r.at < len)
    fault(&r, r.at, "unexpected text follows");
  if(r.rc)
    return r.rc;
  seconds +=
      mc_days_from_date(year, month, day) * MC_S_PER_DAY + hour * 3600 + minute * 60 + second;
  *out_ms = seconds * 1000 + (second == 60 ? 0 : ms);
  return MC_OK;
}
