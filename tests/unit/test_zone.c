#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "time/civil.h"
#include "time/zone.h"

static int64_t ms(const char *text)
{
  int64_t at = -1;

  MC_ASSERT(!mc_instant_parse(&at, text, strlen(text), NULL));
  return at;
}

/* ---- names ---- */

static const struct {
  const char *name;
  size_t len;
  int rc;
  const char *why;
} names[] = {
    {"Europe/Paris", 12, MC_OK, "a plain name"},
    {"US/Eastern", 10, MC_OK, "a link"},
    {"EST", 3, MC_OK, "an old abbreviation"},
    {"", 0, MC_OK, "empty is UTC"},
    {"uTc", 3, MC_OK, "utc in any case"},
    {"America/Argentina/Buenos_Aires", 30, MC_OK, "three parts"},
    {"Etc/GMT+5", 9, MC_OK, "a plus"},
    {"Europe/Atlantis", 15, MC_INVALID_ARGUMENT, "no such zone"},
    {"Europe", 6, MC_INVALID_ARGUMENT, "a folder"},
    {"/etc/localtime", 14, MC_INVALID_ARGUMENT, "an absolute path"},
    {"../zoneinfo/UTC", 15, MC_INVALID_ARGUMENT, "out of the folder"},
    {"Europe/../UTC", 13, MC_INVALID_ARGUMENT, "dots"},
    {"Europe//Paris", 13, MC_INVALID_ARGUMENT, "an empty part"},
    {"Europe/Paris/", 13, MC_INVALID_ARGUMENT, "a slash at the end"},
    {"UTC\0x", 5, MC_INVALID_ARGUMENT, "a zero byte"},
    {"Europe/P\xc3\xa4ris", 14, MC_INVALID_ARGUMENT, "bytes that no name has"},
    {"right/UTC", 9, MC_INVALID_ARGUMENT, "leap seconds"},
    {"posix/UTC", 9, MC_INVALID_ARGUMENT, "a second tree"},
    {"posixrules", 10, MC_INVALID_ARGUMENT, "no zone"},
    {"localtime", 9, MC_INVALID_ARGUMENT, "the machine's own zone"},
    {"zone1970.tab", 12, MC_INVALID_ARGUMENT, "a table"},
    {"tzdata.zi", 9, MC_INVALID_ARGUMENT, "a source"},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 72,
     MC_INVALID_ARGUMENT, "too long"},
};

static void test_names(struct mc_tzdb *db)
{
  const struct mc_zone *zone, *again;
  struct mc_tzdb *none;
  struct mc_err err;
  size_t i;

  for(i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    err.msg[0] = '\0';
    tap_ok(mc_tzdb_get(db, &zone, names[i].name, names[i].len, &err) == names[i].rc, "%s: '%s' %s",
           names[i].why, names[i].name, err.msg);
  }
  mc_tzdb_get(db, &zone, "Europe/Paris", 12, NULL);
  mc_tzdb_get(db, &again, "Europe/Paris", 12, NULL);
  tap_ok(zone == again, "each zone is read once");
  MC_ASSERT(!mc_tzdb_new(&none, "/nonexistent/zoneinfo", NULL));
  tap_is_int(mc_tzdb_get(none, &zone, "Europe/Paris", 12, &err), MC_FAILED_PRECONDITION,
             "no tzdata");
  tap_ok(strstr(err.msg, "install the package tzdata") != NULL, "says what to install");
  tap_is_int(mc_tzdb_get(none, &zone, "UTC", 3, NULL), MC_OK, "UTC needs no file");
  mc_tzdb_free(none);
  mc_tzdb_free(NULL);
}

/* ---- local and UTC ---- */

static const struct {
  const char *zone, *local;
  int n;
  const char *first, *second;
  const char *why;
} locals[] = {
    {"UTC", "2026-01-01T00:00:00Z", 1, "2026-01-01T00:00:00Z", NULL, "UTC is itself"},
    {"America/New_York", "2027-03-14T02:30:00Z", 0, NULL, NULL, "in a gap"},
    {"America/New_York", "2027-03-14T03:00:00Z", 1, "2027-03-14T07:00:00Z", NULL, "after it"},
    {"America/New_York", "2027-03-14T01:59:59Z", 1, "2027-03-14T06:59:59Z", NULL, "before it"},
    {"America/New_York", "2026-11-01T01:00:00Z", 2, "2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z",
     "in an overlap"},
    {"America/New_York", "2026-11-01T02:00:00Z", 1, "2026-11-01T07:00:00Z", NULL, "after it"},
    {"Pacific/Apia", "2011-12-30T12:00:00Z", 0, NULL, NULL, "a day that never was"},
    {"Australia/Lord_Howe", "2026-04-05T01:45:00Z", 2, "2026-04-04T14:45:00Z",
     "2026-04-04T15:15:00Z", "half an hour"},
    {"Europe/Paris", "2500-07-01T12:00:00Z", 1, "2500-07-01T10:00:00Z", NULL, "far ahead"},
    {"Europe/Paris", "1850-01-01T00:00:00Z", 1, "1849-12-31T23:50:39Z", NULL, "local mean time"},
};

static void test_locals(struct mc_tzdb *db)
{
  size_t i;

  for(i = 0; i < sizeof(locals) / sizeof(locals[0]); i++) {
    const struct mc_zone *zone;
    int64_t at[2];
    int n;

    MC_ASSERT(!mc_tzdb_get(db, &zone, locals[i].zone, strlen(locals[i].zone), NULL));
    n = mc_zone_instants(zone, ms(locals[i].local), at);
    tap_ok(n == locals[i].n && (n < 1 || at[0] == ms(locals[i].first)) &&
               (n < 2 || at[1] == ms(locals[i].second)),
           "%s in %s: %s", locals[i].local, locals[i].zone, locals[i].why);
  }
}

static void test_spans(struct mc_tzdb *db)
{
  const struct mc_zone *zone;
  int64_t minute = 0, spans = 0, bad = 0, at;
  struct mc_span span;

  MC_ASSERT(!mc_tzdb_get(db, &zone, "America/New_York", 16, NULL));
  do {
    span = mc_zone_span(zone, minute);
    bad += minute < span.from_min || minute >= span.to_min;
    bad += mc_zone_span(zone, span.to_min - 1).offset_min != span.offset_min;
    bad += spans && span.from_min != minute;
    minute = span.to_min;
    spans++;
  } while(minute < MC_MINUTE_END);
  tap_is_int(bad, 0, "the spans join without a hole, from 1970 to 9999");
  tap_ok(spans > 2 * 8000, "two a year (%d)", (int)spans);
  MC_ASSERT(!mc_tzdb_get(db, &zone, "Asia/Tokyo", 10, NULL));
  tap_ok(!mc_zone_next_transition(zone, ms("2026-01-01T00:00:00Z"), &at), "Tokyo never changes");
  tap_ok(!mc_zone_next_transition(mc_zone_utc(), 0, &at), "nor does UTC");
}

/* ---- files ---- */

/* A version 2 file with one type, "AAA" at UTC, and the rule given. */
static size_t make_file(unsigned char out[512], const char *rule)
{
  static const unsigned char header[44] =
      "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
      "\0\0\0\0\0\0\0\0\1\0\0\0\4";
  static const unsigned char data[10] = "\0\0\0\0\0\0AAA";
  size_t len = 0;
  int block;

  for(block = 0; block < 2; block++) {
    memcpy(out + len, header, sizeof(header));
    out[len + 39] = 1;
    out[len + 43] = 4;
    len += sizeof(header);
    memcpy(out + len, data, sizeof(data));
    len += sizeof(data);
  }
  return len + (size_t)snprintf((char *)out + len, 512 - len, "\n%s\n", rule);
}

static const struct {
  const char *rule;
  int rc;
  const char *at;
  int offset_s;
  const char *why;
} rules[] = {
    {"", MC_OK, "2026-07-01T00:00:00Z", 0, "no rule: the last type holds"},
    {"EST5", MC_OK, "2026-07-01T00:00:00Z", -18000, "no daylight saving"},
    {"EST5EDT,M3.2.0,M11.1.0", MC_OK, "2026-07-01T00:00:00Z", -14400, "an hour by default"},
    {"EST5EDT,M3.2.0,M11.1.0", MC_OK, "2026-12-01T00:00:00Z", -18000, "winter"},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", MC_OK, "2026-03-29T00:59:59Z", -10800,
     "a negative hour: 22:00 the day before"},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", MC_OK, "2026-03-29T01:00:00Z", -7200, "and from it on"},
    {"IST-2IDT,M3.4.4/26,M10.5.0", MC_OK, "2026-03-27T00:00:00Z", 10800,
     "an hour past the day: 26 on Thursday is 02:00 on Friday"},
    {"AAA0BBB-1,0/0,J365/167", MC_OK, "2026-06-01T00:00:00Z", 3600, "the largest hour"},
    {"EST5EDT,0/0,J365/25", MC_OK, "2026-12-31T23:59:59Z", -14400, "daylight saving all year"},
    {"EST5EDT,0/0,J365/25", MC_OK, "2027-01-01T05:00:00Z", -14400, "over the new year too"},
    {"AAA0BBB,J60/0,J300/0", MC_OK, "2028-02-29T12:00:00Z", 0, "J60 is 1 March in leap years"},
    {"AAA0BBB,J60/0,J300/0", MC_OK, "2028-03-01T12:00:00Z", 3600, "from that day on"},
    {"AAA0BBB,59/0,300/0", MC_OK, "2028-02-29T12:00:00Z", 3600, "59 is 29 February"},
    {"AAA0BBB,M10.1.0,M4.1.0/3", MC_OK, "2027-01-01T00:00:00Z", 3600, "the southern summer"},
    {"EST5EDT", MC_DATA_LOSS, NULL, 0, "daylight saving without its days"},
    {"EST5EDT,M13.1.0,M4.1.0", MC_DATA_LOSS, NULL, 0, "month 13"},
    {"EST5EDT,M3.6.0,M4.1.0", MC_DATA_LOSS, NULL, 0, "week 6"},
    {"EST5EDT,M3.1.7,M4.1.0", MC_DATA_LOSS, NULL, 0, "weekday 7"},
    {"EST5EDT,J0,J1", MC_DATA_LOSS, NULL, 0, "J starts at 1"},
    {"EST5EDT,1/168,2", MC_DATA_LOSS, NULL, 0, "hour 168"},
    {"EST25", MC_DATA_LOSS, NULL, 0, "an offset of 25 hours"},
    {"ES5", MC_DATA_LOSS, NULL, 0, "two letters"},
    {"<ES5", MC_DATA_LOSS, NULL, 0, "an open quote"},
    {"EST5 ", MC_DATA_LOSS, NULL, 0, "something after it"},
};

static void test_rules(void)
{
  unsigned char file[512];
  size_t i;

  for(i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
    size_t len = make_file(file, rules[i].rule);
    struct mc_zone *zone = NULL;
    struct mc_err err;
    int rc = mc_zone_new(&zone, "X", file, len, &err);

    tap_ok(rc == rules[i].rc &&
               (rc || mc_zone_info(zone, ms(rules[i].at)).offset_s == rules[i].offset_s),
           "%s: %s", rules[i].rule, rules[i].why);
    mc_zone_free(zone);
  }
}

/* Every cut and every changed byte of a real file: refused or read, never out of bounds. */
static void test_damage(void)
{
  static unsigned char file[8192], copy[8192];
  FILE *f = fopen(MC_TZDB_FOLDER "/America/New_York", "rb");
  size_t len = f ? fread(file, 1, sizeof(file), f) : 0;
  size_t i, refused = 0, cut = 0;
  struct mc_zone *zone;

  if(f)
    fclose(f);
  for(i = 0; i < len; i++) {
    unsigned char *exact = malloc(i + 1);

    memcpy(exact, file, i);
    if(mc_zone_new(&zone, "X", exact, i, NULL))
      cut++;
    else
      mc_zone_free(zone);
    free(exact);
    memcpy(copy, file, len);
    copy[i] ^= 0x80 | (unsigned char)i;
    if(mc_zone_new(&zone, "X", copy, len, NULL)) {
      refused++;
    } else {
      int64_t at = INT64_MIN, k;

      for(k = 0; k < 20 && mc_zone_next_transition(zone, at, &at); k++)
        mc_zone_first_minute(zone, at / 60000);
      mc_zone_info(zone, INT64_MAX);
      mc_zone_free(zone);
    }
  }
  tap_ok(len > 1000 && cut == len, "a file that is cut anywhere is refused");
  tap_ok(refused > 50, "many changes are noticed (%zu)", refused);
}

static void test_memory(void)
{
  unsigned char file[512];
  size_t len = make_file(file, "EST5EDT,M3.2.0,M11.1.0");
  struct mc_zone *zone = NULL;
  int n;

  for(n = 0; n < 3; n++) {
    mc_alloc_fail_after(n);
    tap_is_int(mc_zone_new(&zone, "X", file, len, NULL), MC_RESOURCE_EXHAUSTED,
               "memory out is an error");
    mc_alloc_fail_after(-1);
  }
}

int main(void)
{
  struct mc_tzdb *db;

  MC_ASSERT(!mc_tzdb_new(&db, NULL, NULL));
  test_names(db);
  test_locals(db);
  test_spans(db);
  mc_tzdb_free(db);
  test_rules();
  test_damage();
  test_memory();
  return tap_done();
}
