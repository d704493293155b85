/* Any bytes as a TZif file: refused, or a zone whose answers fit together. */

#include <string.h>

#include "fuzz.h"
#include "time/civil.h"
#include "time/cron.h"

#define MOST_TRANSITIONS 300

static void check_lookups(const struct mc_zone *zone, int64_t ms)
{
  int64_t minute = mc_floor_div(ms, MC_MS_PER_MIN), local_ms, instants[2];
  struct mc_span span = mc_zone_span(zone, minute);
  struct mc_zone_info info = mc_zone_info(zone, ms);
  int count;

  MC_ASSERT(span.from_min <= minute && minute < span.to_min);
  MC_ASSERT(info.abbr && memchr(info.abbr, '\0', MC_TZIF_ABBR_MAX));
  local_ms = ms + (int64_t)info.offset_s * 1000;
  count = mc_zone_instants(zone, local_ms, instants);
  MC_ASSERT(count >= 1 && count <= 2);
  /* offsets that swing within hours, in no real zone, show a local time more than twice: the first
     two are given */
  MC_ASSERT(instants[0] == ms || (count == 2 && instants[1] <= ms));
  for(int i = 0; i < count; i++)
    MC_ASSERT(instants[i] + (int64_t)mc_zone_info(zone, instants[i]).offset_s * 1000 == local_ms);
}

static void check_zone(const struct mc_zone *zone)
{
  struct mc_rule nightly, leap;
  int64_t at_ms = 0;

  MC_ASSERT(!mc_cron_parse(&nightly, "30 2 * * *", 10, NULL));
  MC_ASSERT(!mc_cron_parse(&leap, "0,59 0 29 2 *", 13, NULL));
  for(int i = 0; i < MOST_TRANSITIONS; i++) {
    int64_t next_ms;

    check_lookups(zone, at_ms);
    check_lookups(zone, at_ms + 1);
    fuzz_searches(&nightly, zone, at_ms);
    fuzz_searches(&leap, zone, at_ms);
    if(!mc_zone_next_transition(zone, at_ms, &next_ms))
      break;
    MC_ASSERT(next_ms > at_ms && next_ms < MC_INSTANT_END);
    at_ms = next_ms;
  }
  check_lookups(zone, MC_INSTANT_END - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct mc_zone *zone = NULL;
  struct mc_err err = {0};

  if(mc_zone_new(&zone, "Fuzz/Zone", data, size, &err)) {
    MC_ASSERT(err.code == MC_DATA_LOSS && err.msg[0]);
    return 0;
  }
  check_zone(zone);
  mc_zone_free(zone);
  return 0;
}
