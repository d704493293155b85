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

static int fits(int y, int mo, int d, int h, int mi, int s)
{
  return y >= 1970 && mo >= 1 && mo <= 12 && d >= 1 && d <= 31 && h >= 0 && h <= 23 && mi >= 0 &&
         mi <= 59 && s >= 0 && s <= 60;
}

static int64_t seconds_of(int y, int mo, int d, int h, int mi, int s)
{
  return days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
}

/* Seconds that a zone suffix is ahead of UTC; 0 when it is no suffix. */
static int read_offset(int *out_s, const char *text)
{
  int h, m, n = 0;

  if(!strcmp(text, "Z") || !strcmp(text, "z")) {
    *out_s = 0;
    return 1;
  }
  if((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &h, &m, &n) != 2 || n != 5 ||
     text[6])
    return 0;
  *out_s = (h * 3600 + m * 60) * (*text == '-' ? -1 : 1);
  return 1;
}

int mc_instant_rfc3339(int64_t *out_s, const char *text)
{
  int y, mo, d, h, mi, s, n = 0, ahead_s;

  if(sscanf(text, "%4d-%2d-%2d%*1[Tt]%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &n) != 6 || n != 19)
    return 0;
  text += n;
  if(*text == '.')
    text += 1 + strspn(text + 1, "0123456789");
  if(!fits(y, mo, d, h, mi, s) || !read_offset(&ahead_s, text))
    return 0;
  *out_s = seconds_of(y, mo, d, h, mi, s) - ahead_s;
  return 1;
}

int mc_instant_http(int64_t *out_s, const char *text)
{
  static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month[4];
  const char *at;
  int y, d, h, mi, s, n = 0;

  if(sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &d, month, &y, &h, &mi, &s, &n) != 6 || !n)
    return 0;
  at = strstr(MONTHS, month);
  if(strlen(month) != 3 || !at || (at - MONTHS) % 3 || !fits(y, 1, d, h, mi, s))
    return 0;
  *out_s = seconds_of(y, (int)(at - MONTHS) / 3 + 1, d, h, mi, s);
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
