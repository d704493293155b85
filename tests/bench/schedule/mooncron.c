/* Our own schedules: `next` chained as anyone calls it, and the iterator. */

#include "bench.h"
#include "time/cron.h"
#include "time/schedule.h"

struct job {
  struct mc_rule rules[BENCH_MAX_CASES];
  struct mc_schedule schedules[BENCH_MAX_CASES];
};

static int64_t parse_all(const struct bench *bench, void *arg)
{
  struct job *job = arg;
  int64_t sum = 0;

  for(size_t i = 0; i < bench->count; i++)
    sum += mc_cron_parse(&job->rules[i], bench->text[i], strlen(bench->text[i]), NULL);
  return sum;
}

static int64_t chain_all(const struct bench *bench, void *arg)
{
  const struct job *job = arg;
  int64_t sum = 0;

  for(size_t i = 0; i < bench->count; i++) {
    int64_t at = bench->start * 1000;

    for(int step = 0; step < bench->steps; step++)
      mc_schedule_next(&job->schedules[i], at, 0, &at);
    sum += at / 1000;
  }
  return sum;
}

static int64_t iterate_all(const struct bench *bench, void *arg)
{
  const struct job *job = arg;
  int64_t sum = 0;

  for(size_t i = 0; i < bench->count; i++) {
    struct mc_schedule_iter it;
    int64_t at = 0;

    mc_schedule_iter_init(&it, &job->schedules[i], bench->start * 1000, 0);
    for(int step = 0; step < bench->steps; step++)
      mc_schedule_iter_next(&it, &at);
    sum += at / 1000;
  }
  return sum;
}

int main(int argc, char **argv)
{
  static const char *const zone_names[] = {"UTC", "America/New_York"};
  static struct bench bench;
  static struct job job;
  struct mc_tzdb *zones = NULL;
  struct mc_err err;

  if(argc != 6 || bench_init(&bench, argv) || mc_tzdb_new(&zones, NULL, &err))
    return 2;
  for(int z = 0; z < 2; z++) {
    const struct mc_zone *zone;
    double parse_ns, next_ns;

    if(parse_all(&bench, &job) ||
       mc_tzdb_get(zones, &zone, zone_names[z], strlen(zone_names[z]), &err))
      return 1;
    for(size_t i = 0; i < bench.count; i++)
      mc_schedule_init(&job.schedules[i], &job.rules[i], zone, 0);
    parse_ns = bench_median(&bench, bench.count, parse_all, &job);
    next_ns = bench_median(&bench, bench.count * (size_t)bench.steps, chain_all, &job);
    bench_report("mooncron", zone_names[z], parse_ns, next_ns, chain_all(&bench, &job));
    next_ns = bench_median(&bench, bench.count * (size_t)bench.steps, iterate_all, &job);
    bench_report("mooncron iterator", zone_names[z], parse_ns, next_ns, iterate_all(&bench, &job));
  }
  mc_tzdb_free(zones);
  return 0;
}
