#include "auth/instant.h"

#include <stdio.h>
#include <string.h>

/* Days since the epoch of a civil date; months 1-12 (Howard Hinnant's days_from_civil). */
static int64_t days_of(int64_t y, int m, int d)
{
  int64_t era, yoe, doy;

  y -= m <= 2;
  era = y / 400;
  yoe = y - era * 400;
  doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* Match text against a pattern: a digit stands for a digit of that group, '?' for any byte, all
   else for itself. The groups are 0 year, 1 month, 2 day, 3 hour, 4 minute, 5 second. What
   follows the match, or NULL. */
static const char *match(int out[6], const char *text, const char *pattern)
{
  for(; *pattern; pattern++, text++) {
    if(*pattern >= '0' && *pattern <= '5') {
      if(*text < '0' || *text > '9')
        return NULL;
      out[*pattern - '0'] = out[*pattern - '0'] * 10 + (*text - '0');
    } else if(!*text || (*pattern != '?' && *pattern != *text)) {
      return NULL;
    }
  }
  return text;
}

static int fits(const int t[6])
{
  return t[0] >= 1970 && t[1] >= 1 && t[1] <= 12 && t[2] >= 1 && t[2] <= 31 && t[3] <= 23 &&
         t[4] <= 59 && t[5] <= 60;
}

static int64_t seconds_of(const int t[6])
{
  return days_of(t[0], t[1], t[2]) * 86400 + t[3] * 3600 + t[4] * 60 + t[5];
}

/* Seconds that a zone suffix is ahead of UTC; 0 when it is no suffix. */
static int read_offset(int *out_s, const char *text)
{
  int t[6] = {0};
  const char *rest;

  if(!strcmp(text, "Z") || !strcmp(text, "z")) {
    *out_s = 0;
    return 1;
  }
  if(*text != '+' && *text != '-')
    return 0;
  rest = match(t, text + 1, "33:44");
  if(!rest || *rest)
    return 0;
  *out_s = (t[3] * 3600 + t[4] * 60) * (*text == '-' ? -1 : 1);
  return 1;
}

int mc_instant_rfc3339(int64_t *out_s, const char *text)
{
  int t[6] = {0}, ahead_s;
  const char *rest = match(t, text, "0000-11-22T33:44:55");

  if(!rest)
    return 0;
  if(*rest == '.')
    rest += 1 + strspn(rest + 1, "0123456789");
  if(!fits(t) || !read_offset(&ahead_s, rest))
    return 0;
  *out_s = seconds_of(t) - ahead_s;
  return 1;
}

int mc_instant_http(int64_t *out_s, const char *text)
{
  static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int t[6] = {0}, i;

  if(!match(t, text, "???, 22 ??? 0000 33:44:55 GMT"))
    return 0;
  for(i = 0; i < 12; i++) {
    if(!strncmp(text + strlen("Mon, 05 "), MONTHS[i], 3))
      t[1] = i + 1;
  }
  if(!fits(t))
    return 0;
  *out_s = seconds_of(t);
  return 1;
}

void mc_instant_basic(char out[MC_INSTANT_BASIC], int64_t s)
{
  int64_t z = s / 86400 + 719468, era = z / 146097, doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  int d = (int)(doy - (153 * mp + 2) / 5 + 1), m = (int)(mp < 10 ? mp + 3 : mp - 9);
  int y = (int)(yoe + era * 400 + (m <= 2)), rest = (int)(s % 86400);

  snprintf(out, MC_INSTANT_BASIC, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)y % 10000,
           (unsigned)m % 100, (unsigned)d % 100, (unsigned)rest / 3600 % 100,
           (unsigned)rest / 60 % 60, (unsigned)rest % 60);
}
