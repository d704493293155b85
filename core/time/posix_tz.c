#include "time/posix_tz.h"

#include <string.h>

#include "time/civil.h"

/* A cursor over the text; the first fault sticks. */
struct reader {
  const char *text;
  size_t len, at;
  bool bad;
};

static char peek(const struct reader *r)
{
  return r->at < r->len ? r->text[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
  if(peek(r) != c)
    return false;
  r->at++;
  return true;
}

static int32_t number(struct reader *r, int32_t low, int32_t high)
{
  int32_t n = 0;
  int digits = 0;

  for(; peek(r) >= '0' && peek(r) <= '9' && digits < 4; digits++)
    n = n * 10 + (r->text[r->at++] - '0');
  if(!digits || n < low || n > high)
    r->bad = true;
  return n;
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* EST, or <+0330> */
static void abbreviation(struct reader *r, char out[MC_POSIX_ABBR])
{
  bool quoted = take(r, '<');
  size_t start = r->at, len;

  while(is_letter(peek(r)) ||
        (quoted && ((peek(r) >= '0' && peek(r) <= '9') || peek(r) == '+' || peek(r) == '-')))
    r->at++;
  len = r->at - start;
  if(len < 3 || len >= MC_POSIX_ABBR || (quoted && !take(r, '>'))) {
    r->bad = true;
    return;
  }
  memcpy(out, r->text + start, len);
  out[len] = '\0';
}

/* [+-]h[:mm[:ss]] in seconds */
static int32_t clock_time(struct reader *r, int32_t max_hour)
{
  int32_t sign = 1, s;

  if(take(r, '-'))
    sign = -1;
  else
    take(r, '+');
  s = number(r, 0, max_hour) * 3600;
  if(take(r, ':'))
    s += number(r, 0, 59) * 60;
  if(take(r, ':'))
    s += number(r, 0, 59);
  return sign * s;
}

static void change(struct reader *r, struct mc_posix_change *out)
{
  if(take(r, 'M')) {
    out->form = MC_POSIX_WEEKDAY;
    out->month = (int8_t)number(r, 1, 12);
    r->bad |= !take(r, '.');
    out->week = (int8_t)number(r, 1, 5);
    r->bad |= !take(r, '.');
    out->day = (int16_t)number(r, 0, 6);
  } else if(take(r, 'J')) {
    out->form = MC_POSIX_JULIAN;
    out->day = (int16_t)number(r, 1, 365);
  } else {
    out->form = MC_POSIX_DAY;
    out->day = (int16_t)number(r, 0, 365);
  }
  out->time_s = take(r, '/') ? clock_time(r, 167) : 7200;
}

int mc_posix_tz_parse(struct mc_posix_tz *out, const char *text, size_t len, struct mc_err *err)
{
  struct reader r = {text, len, 0, false};
  struct mc_posix_tz tz;

  memset(&tz, 0, sizeof(tz));
  abbreviation(&r, tz.std.abbr);
  tz.std.offset_s = -clock_time(&r, 24);
  if(!r.bad && r.at < len) {
    abbreviation(&r, tz.dst.abbr);
    tz.dst.offset_s = peek(&r) == ',' ? tz.std.offset_s + 3600 : -clock_time(&r, 24);
    r.bad |= !take(&r, ',');
    change(&r, &tz.start);
    r.bad |= !take(&r, ',');
    change(&r, &tz.end);
  }
  if(r.bad || r.at < len)
    return mc_fail_at(err, MC_DATA_LOSS, (int64_t)r.at, "a zone's rule is damaged");
  *out = tz;
  return MC_OK;
}

static int64_t day_of_change(const struct mc_posix_change *c, int32_t year)
{
  int64_t first;
  int day;

  if(c->form == MC_POSIX_JULIAN)
    return mc_days_from_date(year, 1, 1) + c->day - 1 + (c->day >= 60 && mc_is_leap_year(year));
  if(c->form == MC_POSIX_DAY)
    return mc_days_from_date(year, 1, 1) + c->day;
  first = mc_days_from_date(year, c->month, 1);
  day = (c->day - mc_weekday(first) + 7) % 7 + 7 * (c->week - 1);
  if(day >= mc_days_in_month(year, c->month))
    day -= 7;
  return first + day;
}

int64_t mc_posix_tz_start(const struct mc_posix_tz *tz, int32_t year)
{
  return day_of_change(&tz->start, year) * MC_S_PER_DAY + tz->start.time_s - tz->std.offset_s;
}

int64_t mc_posix_tz_end(const struct mc_posix_tz *tz, int32_t year)
{
  return day_of_change(&tz->end, year) * MC_S_PER_DAY + tz->end.time_s - tz->dst.offset_s;
}
