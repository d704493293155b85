#include "tap.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "time/civil.h"
#include "time/merge.h"

#define JOBS 300
#define FROM_MS INT64_C(1790832014000)
#define TO_MS (FROM_MS + INT64_C(30) * 86400000)

static struct mc_schedule schedules[JOBS];

static void make_schedules(void)
{
  static const char *const texts[] = {"*/7 * * * *",
                                      "0 9 * * 1-5",
                                      "every 25 minutes",
                                      "0 0 1 * *",
                                      "0 0 29 2 *",
                                      "30 1 * * *",
                                      "every 3 hours from 10:00 to 20:00"};
  size_t i;

  for(i = 0; i < JOBS; i++) {
    const char *text = texts[i % (sizeof(texts) / sizeof(texts[0]))];
    struct mc_rule rule;

    MC_ASSERT(!mc_rule_parse(&rule, text, strlen(text), NULL));
    mc_schedule_init(&schedules[i], &rule, NULL, 0);
  }
}

static void test_order(void)
{
  struct mc_merge *merge = NULL;
  int64_t at, last = FROM_MS, total = 0, disorder = 0, wrong = 0;
  int64_t seen[JOBS] = {0};
  size_t index, last_index = 0, i;

  MC_ASSERT(!mc_merge_new(&merge, FROM_MS, TO_MS, NULL));
  for(i = 0; i < JOBS; i++)
    MC_ASSERT(!mc_merge_add(merge, &schedules[i], FROM_MS - (int64_t)i * 1000, NULL));
  while(mc_merge_next(merge, &at, &index)) {
    disorder += at < last || at > TO_MS || (at == last && total && index <= last_index);
    wrong += !mc_schedule_matches(&schedules[index], at, FROM_MS - (int64_t)index * 1000);
    seen[index]++;
    total++;
    last = at;
    last_index = index;
  }
  tap_ok(!mc_merge_next(merge, &at, &index), "the end stays the end");
  mc_merge_free(merge);
  tap_ok(total > 100000, "there is much to merge (%d)", (int)total);
  tap_is_int(disorder, 0, "in time order, those of one instant by index");
  tap_is_int(wrong, 0, "each belongs to the schedule it is said to");
  for(i = 0; i < JOBS; i++)
    wrong +=
        seen[i] != mc_schedule_count(&schedules[i], FROM_MS, TO_MS, FROM_MS - (int64_t)i * 1000);
  tap_is_int(wrong, 0, "none is lost");
}

static void test_edges(void)
{
  struct mc_merge *merge = NULL;
  struct mc_err err;
  int64_t at;
  size_t index;
  int n;

  MC_ASSERT(!mc_merge_new(&merge, FROM_MS, TO_MS, NULL));
  tap_ok(!mc_merge_next(merge, &at, &index), "nothing merged is nothing");
  mc_merge_free(merge);
  mc_merge_free(NULL);
  for(n = 0; n < 3; n++) {
    int rc;

    merge = NULL;
    mc_alloc_fail_after(n);
    rc = mc_merge_new(&merge, FROM_MS, TO_MS, &err);
    if(!rc)
      rc = mc_merge_add(merge, &schedules[0], 0, &err);
    tap_is_int(rc, MC_RESOURCE_EXHAUSTED, "memory out is an error, nothing leaks");
    mc_alloc_fail_after(-1);
    mc_merge_free(merge);
  }
}

int main(void)
{
  make_schedules();
  test_order();
  test_edges();
  return tap_done();
}
