#ifndef MC_TIME_ZONE_H
#define MC_TIME_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "time/tzif.h"

/* A time zone: immutable once made, so any number of schedules share it. */

#define MC_ZONE_NAME_MAX 64
#define MC_ZONE_BUCKET_BITS 16 /* a bucket is 65,536 minutes, 45.5 days */

struct mc_zone {
  char name[MC_ZONE_NAME_MAX]; /* as the caller wrote it; links are not resolved */
  char abbrs[MC_TZIF_ABBR_MAX];
  size_t n_eras;
  const struct mc_era *eras;
  /* The same eras for the schedules, in whole UTC minutes: minute m belongs to the last era with
     from_min <= m, and its local clock shows minute m + offset_min (an offset's odd seconds are
     rounded down, as the clock's minute is). */
  const int64_t *from_min;
  const int32_t *offset_min;
  const uint16_t *buckets; /* the era at the start of each bucket since 1970 */
  size_t n_buckets;
  /* The eras that a rule generates repeat every 400 years from here on; INT64_MAX when none do. */
  int64_t cycle_from_min;
};

/* A stretch of UTC minutes, [from_min, to_min), with one offset. */
struct mc_span {
  int64_t from_min; /* INT64_MIN: ever before */
  int64_t to_min; /* INT64_MAX: ever after */
  int64_t offset_min;
};

/* The span that holds a UTC minute; constant time. A transition that changes no offset may end it
   too. */
struct mc_span mc_zone_span(const struct mc_zone *zone, int64_t minute);

/* The first UTC minute at which the local clock shows `local_min` (minutes since 1970-01-01 00:00
   on that clock): the earlier one when there are two, the first after the gap when there is none.
   */
int64_t mc_zone_first_minute(const struct mc_zone *zone, int64_t local_min);

struct mc_zone_info {
  int32_t offset_s;
  bool is_dst;
  const char *abbr; /* lives as long as the zone */
};
struct mc_zone_info mc_zone_info(const struct mc_zone *zone, int64_t ms);

/* The next instant after `ms` at which anything of mc_zone_info changes; false when there is none
   before the year 10000. */
bool mc_zone_next_transition(const struct mc_zone *zone, int64_t ms, int64_t *out_ms);

/* The instants at which the local clock shows `local_ms`: 0 (a gap), 1, or 2 (an overlap),
   ascending. */
int mc_zone_instants(const struct mc_zone *zone, int64_t local_ms, int64_t out_ms[2]);

/* UTC, built in: no file, never freed. */
const struct mc_zone *mc_zone_utc(void);

/* Make a zone of TZif bytes. MC_DATA_LOSS for a file that is none. */
int mc_zone_new(struct mc_zone **out, const char *name, const void *bytes, size_t len,
                struct mc_err *err);
void mc_zone_free(struct mc_zone *zone);

/* The zones of one tzdata folder, each read once. Not for use by several threads at a time. */
struct mc_tzdb;

#define MC_TZDB_FOLDER "/usr/share/zoneinfo"

/* `folder` NULL means MC_TZDB_FOLDER. Nothing is read yet. */
int mc_tzdb_new(struct mc_tzdb **out, const char *folder, struct mc_err *err);
/* Frees its zones too. NULL is fine. */
void mc_tzdb_free(struct mc_tzdb *db);

/* The zone of an IANA name, borrowed from the database. Links work; the empty name and "utc" in any
   case are UTC. [recorded] MC_INVALID_ARGUMENT for a name that is none (also "posix/..",
   "right/..", anything that could leave the folder), MC_FAILED_PRECONDITION when there is no
   tzdata, MC_DATA_LOSS for a broken file. */
int mc_tzdb_get(struct mc_tzdb *db, const struct mc_zone **out, const char *name, size_t len,
                struct mc_err *err);

#endif
