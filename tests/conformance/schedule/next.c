/* For the differential tests: reads lines of "expression|zone|from in seconds|count", answers each
   with the next occurrences as "seconds@offset" between blanks, or with "error: ...". */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "time/schedule.h"

static int answer(struct mc_tzdb *zones, char *line, struct mc_err *err)
{
  char *fields[4] = {0}, *save = NULL;
  const struct mc_zone *zone;
  struct mc_schedule schedule;
  struct mc_rule rule;
  int64_t at;
  int rc;

  for(int i = 0; i < 4; i++)
    fields[i] = strtok_r(i ? NULL : line, "|\n", &save);
  if(!fields[3])
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "a line has four fields");
  rc = mc_rule_parse(&rule, fields[0], strlen(fields[0]), err);
  if(!rc)
    rc = mc_tzdb_get(zones, &zone, fields[1], strlen(fields[1]), err);
  if(rc)
    return rc;
  mc_schedule_init(&schedule, &rule, zone, 0);
  at = strtoll(fields[2], NULL, 10) * 1000;
  for(int n = atoi(fields[3]); n > 0 && mc_schedule_next(&schedule, at, 0, &at); n--)
    printf("%" PRId64 "@%" PRId32 " ", at / 1000, mc_zone_info(zone, at).offset_s);
  putchar('\n');
  return MC_OK;
}

int main(void)
{
  struct mc_tzdb *zones = NULL;
  struct mc_err err;
  char line[512];

  if(mc_tzdb_new(&zones, NULL, &err))
    return 1;
  while(fgets(line, sizeof(line), stdin)) {
    if(answer(zones, line, &err))
      printf("error: %s\n", err.msg);
  }
  mc_tzdb_free(zones);
  return 0;
}
