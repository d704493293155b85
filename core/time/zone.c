#include "time/zone.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "time/civil.h"

/* Eras made from a file's rule: two a year over 400 years and a margin at each end. */
#define CYCLE_YEARS 400
#define MARGIN_YEARS 2
#define GENERATED_MAX (2 * (CYCLE_YEARS + 2 * MARGIN_YEARS))
#define CYCLE_MIN ((int64_t)MC_DAYS_PER_400_YEARS * MC_MIN_PER_DAY)
#define FIRST_RULE_YEAR 1900 /* where a rule starts in a file without transitions */
#define LAST_RULE_YEAR 9999
#define OFFSET_MIN_MAX (27 * 60) /* no offset is as large */

static const struct mc_era utc_era[1] = {{INT64_MIN, 0, 0, 0}};
static const int64_t utc_from[1] = {INT64_MIN};
static const int32_t utc_offset[1] = {0};
static const uint16_t utc_bucket[1] = {0};
static const struct mc_zone utc_zone = {
    .name = "UTC",
    .abbrs = "UTC",
    .n_eras = 1,
    .eras = utc_era,
    .from_min = utc_from,
    .offset_min = utc_offset,
    .buckets = utc_bucket,
    .n_buckets = 1,
    .cycle_from_min = INT64_MAX,
};

const struct mc_zone *mc_zone_utc(void)
{
  return &utc_zone;
}

/* How far back a minute is moved to come before the repetition; 0 for nearly all. */
static int64_t cycle_shift(const struct mc_zone *zone, int64_t minute)
{
  if(minute < zone->cycle_from_min)
    return 0;
  return ((minute - zone->cycle_from_min) / CYCLE_MIN + 1) * CYCLE_MIN;
}

static size_t era_of_minute(const struct mc_zone *zone, int64_t minute)
{
  size_t bucket = minute < 0 ? 0 : (size_t)(minute >> MC_ZONE_BUCKET_BITS);
  size_t i;

  if(zone->n_eras == 1)
    return 0;
  if(bucket >= zone->n_buckets)
    bucket = zone->n_buckets - 1;
  i = minute < 0 ? 0 : zone->buckets[bucket];
  while(i + 1 < zone->n_eras && zone->from_min[i + 1] <= minute)
    i++;
  return i;
}

struct mc_span mc_zone_span(const struct mc_zone *zone, int64_t minute)
{
  int64_t shift = cycle_shift(zone, minute);
  size_t i = era_of_minute(zone, minute - shift);
  struct mc_span span = {zone->from_min[i], INT64_MAX, zone->offset_min[i]};

  if(i + 1 < zone->n_eras) {
    span.from_min += i ? shift : 0;
    span.to_min = zone->from_min[i + 1] + shift;
  }
  return span;
}

int64_t mc_zone_first_minute(const struct mc_zone *zone, int64_t local_min)
{
  struct mc_span span = mc_zone_span(zone, local_min - OFFSET_MIN_MAX);

  /* The first span that ends after the wanted minute holds it, or starts after the gap that
     swallowed it. */
  while(local_min - span.offset_min >= span.to_min)
    span = mc_zone_span(zone, span.to_min);
  return local_min - span.offset_min < span.from_min ? span.from_min : local_min - span.offset_min;
}

/* The era at a second, and in *shift_s what its times have to be moved by. */
static size_t era_of_second(const struct mc_zone *zone, int64_t s, int64_t *shift_s)
{
  int64_t minute = mc_floor_div(s, 60);
  int64_t shift = cycle_shift(zone, minute);
  size_t i = era_of_minute(zone, minute - shift);

  *shift_s = shift * 60;
  while(i + 1 < zone->n_eras && zone->eras[i + 1].from_s <= s - *shift_s)
    i++;
  return i;
}

struct mc_zone_info mc_zone_info(const struct mc_zone *zone, int64_t ms)
{
  int64_t shift;
  const struct mc_era *era = &zone->eras[era_of_second(zone, mc_floor_div(ms, 1000), &shift)];
  struct mc_zone_info info = {era->offset_s, era->is_dst != 0, zone->abbrs + era->abbr};

  return info;
}

bool mc_zone_next_transition(const struct mc_zone *zone, int64_t ms, int64_t *out_ms)
{
  int64_t shift, at_s;
  size_t i = era_of_second(zone, mc_floor_div(ms, 1000), &shift);

  if(i + 1 >= zone->n_eras)
    return false;
  at_s = zone->eras[i + 1].from_s + shift;
  if(at_s >= MC_INSTANT_END / 1000)
    return false;
  *out_ms = at_s * 1000;
  return true;
}

int mc_zone_instants(const struct mc_zone *zone, int64_t local_ms, int64_t out_ms[2])
{
  int64_t local_s = mc_floor_div(local_ms, 1000);
  int64_t at_s = local_s - OFFSET_MIN_MAX * 60;
  int64_t to_s;
  int n = 0;

  do {
    int64_t shift;
    size_t i = era_of_second(zone, at_s, &shift);
    int64_t utc_s = local_s - zone->eras[i].offset_s;
    bool is_last = i + 1 >= zone->n_eras;

    to_s = is_last ? INT64_MAX : zone->eras[i + 1].from_s + shift;
    if(utc_s < to_s && (!i || utc_s >= zone->eras[i].from_s + (is_last ? 0 : shift)))
      out_ms[n++] = local_ms - (int64_t)zone->eras[i].offset_s * 1000;
    at_s = to_s;
  } while(n < 2 && to_s <= local_s + OFFSET_MIN_MAX * 60);
  return n;
}

/* Eras under construction. `abbrs` grows by what the rule adds. */
struct draft {
  struct mc_era *eras;
  size_t n;
  char *abbrs;
  size_t abbrs_len;
};

/* The index of an abbreviation, added when it is new; the empty text when there is no room. */
static uint8_t intern(struct draft *d, const char *abbr)
{
  size_t len = strlen(abbr) + 1, at;

  for(at = 0; at < d->abbrs_len; at += strlen(d->abbrs + at) + 1) {
    if(!strcmp(d->abbrs + at, abbr))
      return (uint8_t)at;
  }
  if(d->abbrs_len + len > MC_TZIF_ABBR_MAX)
    return (uint8_t)(d->abbrs_len - 1);
  memcpy(d->abbrs + d->abbrs_len, abbr, len);
  d->abbrs_len += len;
  return (uint8_t)at;
}

/* Append, in order; one that starts where the last one does takes its place, one that changes
   nothing is dropped. */
static void append_era(struct draft *d, const struct mc_era *era)
{
  struct mc_era *last = &d->eras[d->n - 1];

  if(era->from_s < last->from_s)
    return;
  if(era->from_s == last->from_s && d->n > 1)
    last = &d->eras[--d->n - 1];
  if(era->offset_s == last->offset_s && era->is_dst == last->is_dst && era->abbr == last->abbr)
    return;
  d->eras[d->n++] = *era;
}

/* The eras of a rule with daylight saving, after those of the file. Returns the minute from which
   all repeats. */
static int64_t append_rule(struct draft *d, const struct mc_posix_tz *tz)
{
  struct mc_era std = {0, tz->std.offset_s, 0, intern(d, tz->std.abbr)};
  struct mc_era dst = {0, tz->dst.offset_s, 1, intern(d, tz->dst.abbr)};
  int64_t last_s = d->eras[d->n - 1].from_s;
  int32_t first = FIRST_RULE_YEAR, year;

  if(last_s > MC_INSTANT_END / 1000)
    first = LAST_RULE_YEAR;
  else if(last_s > mc_days_from_date(FIRST_RULE_YEAR, 1, 1) * MC_S_PER_DAY)
    first = mc_date_from_days(mc_floor_div(last_s, MC_S_PER_DAY)).year;
  for(year = first; year < first + CYCLE_YEARS + 2 * MARGIN_YEARS; year++) {
    bool is_north;

    dst.from_s = mc_posix_tz_start(tz, year);
    std.from_s = mc_posix_tz_end(tz, year);
    is_north = dst.from_s < std.from_s;
    append_era(d, is_north ? &dst : &std);
    append_era(d, is_north ? &std : &dst);
  }
  return mc_days_from_date(first + MARGIN_YEARS + CYCLE_YEARS, 1, 1) * MC_MIN_PER_DAY;
}

/* One block: the zone, its eras, their minutes, their offsets, the buckets. */
static struct mc_zone *zone_alloc(const struct draft *d, size_t n_buckets)
{
  struct mc_zone *zone;
  size_t n = d->n;
  int64_t *from_min;
  int32_t *offset_min;
  uint16_t *buckets;
  struct mc_era *eras;
  size_t i, b;

  zone =
      mc_calloc(1, sizeof(*zone) + n * (sizeof(*eras) + sizeof(*from_min) + sizeof(*offset_min)) +
                       n_buckets * sizeof(*buckets));
  if(!zone)
    return NULL;
  eras = (struct mc_era *)(void *)(zone + 1);
  from_min = (int64_t *)(void *)(eras + n);
  offset_min = (int32_t *)(void *)(from_min + n);
  buckets = (uint16_t *)(void *)(offset_min + n);
  for(i = 0; i < n; i++) {
    eras[i] = d->eras[i];
    from_min[i] = i ? -mc_floor_div(-eras[i].from_s, 60) : INT64_MIN;
    offset_min[i] = (int32_t)mc_floor_div(eras[i].offset_s, 60);
  }
  for(i = 0, b = 0; b < n_buckets; b++) {
    while(i + 1 < n && from_min[i + 1] <= (int64_t)b << MC_ZONE_BUCKET_BITS)
      i++;
    buckets[b] = (uint16_t)i;
  }
  zone->n_eras = n;
  zone->eras = eras;
  zone->from_min = from_min;
  zone->offset_min = offset_min;
  zone->buckets = buckets;
  zone->n_buckets = n_buckets;
  return zone;
}

/* As many buckets as the eras reach, within reason. */
static size_t buckets_for(const struct draft *d)
{
  int64_t last_s = d->eras[d->n - 1].from_s;

  if(last_s < 0)
    return 1;
  if(last_s > MC_INSTANT_END / 1000)
    last_s = MC_INSTANT_END / 1000;
  return (size_t)(last_s / 60 >> MC_ZONE_BUCKET_BITS) + 2;
}

int mc_zone_new(struct mc_zone **out, const char *name, const void *bytes, size_t len,
                struct mc_err *err)
{
  struct mc_tzif tzif;
  struct mc_zone *zone = NULL;
  struct draft d;
  int64_t cycle_from = INT64_MAX;
  size_t i;
  int rc = mc_tzif_parse(&tzif, bytes, len, err);

  if(rc)
    return rc;
  d.abbrs = tzif.abbrs;
  d.abbrs_len = tzif.abbrs_len;
  d.eras = mc_calloc(tzif.n_eras + GENERATED_MAX + 1, sizeof(*d.eras));
  if(d.eras) {
    d.eras[0] = tzif.eras[0];
    d.n = 1;
    for(i = 1; i < tzif.n_eras; i++)
      append_era(&d, &tzif.eras[i]);
    if(tzif.n_eras == 1 && tzif.footer.std.abbr[0]) {
      /* no transitions: the rule is all there is */
      d.eras[0].offset_s = tzif.footer.std.offset_s;
      d.eras[0].abbr = intern(&d, tzif.footer.std.abbr);
    }
    if(tzif.footer.dst.abbr[0])
      cycle_from = append_rule(&d, &tzif.footer);
    zone = zone_alloc(&d, buckets_for(&d));
  }
  mc_free(d.eras);
  mc_tzif_clear(&tzif);
  if(!zone)
    return mc_fail_nomem(err);
  memcpy(zone->abbrs, tzif.abbrs, sizeof(zone->abbrs));
  snprintf(zone->name, sizeof(zone->name), "%s", name);
  zone->cycle_from_min = cycle_from;
  *out = zone;
  return MC_OK;
}

void mc_zone_free(struct mc_zone *zone)
{
  mc_free(zone);
}
