#ifndef MC_TIME_TZIF_H
#define MC_TIME_TZIF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "time/posix_tz.h"

/* Reads a TZif file (RFC 9636, versions 1 to 4) that may come from anyone: every count and index is
   checked before use. */

#define MC_TZIF_BYTES_MAX (256 * 1024)
#define MC_TZIF_TRANSITIONS_MAX 4096
#define MC_TZIF_ABBR_MAX 256 /* bytes of all abbreviations together, with their NULs */

/* What holds from `from_s` until the next era. */
struct mc_era {
  int64_t from_s; /* seconds since the epoch; INT64_MIN for the first */
  int32_t offset_s; /* east of UTC is positive */
  uint8_t is_dst;
  uint8_t abbr; /* index into the abbreviations */
};

struct mc_tzif {
  struct mc_era *eras; /* ascending, at least one; owned */
  size_t n_eras;
  char abbrs[MC_TZIF_ABBR_MAX]; /* NUL-terminated texts; the last byte is NUL */
  size_t abbrs_len;
  struct mc_posix_tz
      footer; /* what follows the last transition; std.abbr is "" when the file says nothing */
};

/* Parse `len` bytes into *out, which the caller clears. MC_DATA_LOSS with the position of the
   fault. Leap seconds ("right/") are refused: instants here are POSIX time. */
int mc_tzif_parse(struct mc_tzif *out, const void *bytes, size_t len, struct mc_err *err);
void mc_tzif_clear(struct mc_tzif *tzif);

#endif
