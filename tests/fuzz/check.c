#include <string.h>

#include "fuzz.h"
#include "time/civil.h"
#include "time/describe.h"
#include "time/schedule.h"
#include "time/warnings.h"

void fuzz_searches(const struct mc_rule *rule, const struct mc_zone *zone, int64_t t_ms)
{
  struct mc_schedule s;
  struct mc_schedule_iter it;
  int64_t next_ms, prev_ms, other_ms, anchor_ms = t_ms / 2;

  mc_schedule_init(&s, rule, zone, 0);
  if(mc_schedule_prev(&s, t_ms, anchor_ms, &prev_ms))
    MC_ASSERT(prev_ms < t_ms && prev_ms >= 0);
  if(!mc_schedule_next(&s, t_ms, anchor_ms, &next_ms))
    return;
  MC_ASSERT(next_ms > t_ms && next_ms < MC_INSTANT_END);
  MC_ASSERT(mc_schedule_matches(&s, next_ms, anchor_ms));
  MC_ASSERT(mc_schedule_count(&s, t_ms, next_ms, anchor_ms) == 1);
  mc_schedule_iter_init(&it, &s, t_ms, anchor_ms);
  MC_ASSERT(mc_schedule_iter_next(&it, &other_ms) && other_ms == next_ms);
  if(mc_schedule_prev(&s, next_ms, anchor_ms, &prev_ms)) {
    MC_ASSERT(prev_ms <= t_ms);
    MC_ASSERT(mc_schedule_next(&s, prev_ms, anchor_ms, &other_ms) && other_ms == next_ms);
  }
  if(mc_schedule_next(&s, next_ms, anchor_ms, &other_ms)) {
    MC_ASSERT(other_ms > next_ms);
    MC_ASSERT(mc_schedule_iter_next(&it, &prev_ms) && prev_ms == other_ms);
    MC_ASSERT(mc_schedule_prev(&s, other_ms, anchor_ms, &prev_ms) && prev_ms == next_ms);
  }
}

/* Print, parse, print again: nothing changes. */
static void check_print(const struct fuzz_language *language, const struct mc_rule *rule)
{
  struct mc_rule again;
  struct mc_buf first, second;

  memset(&again, 0, sizeof(again));
  mc_buf_init(&first, 4096);
  mc_buf_init(&second, 4096);
  MC_ASSERT(!language->print(rule, &first, NULL));
  MC_ASSERT(!language->parse(&again, first.data, first.len, NULL));
  MC_ASSERT(!memcmp(&again, rule, sizeof(again)));
  MC_ASSERT(!language->print(&again, &second, NULL));
  MC_ASSERT(first.len == second.len && !memcmp(first.data, second.data, first.len));
  mc_buf_clear(&first);
  mc_buf_clear(&second);
}

static void check_words(const struct mc_rule *rule, const struct mc_zone *zone)
{
  struct mc_warning warnings[8];
  struct mc_schedule s;
  struct mc_buf text;

  mc_buf_init(&text, 4096);
  MC_ASSERT(!mc_rule_describe(rule, &text, NULL) && text.len && !strchr(text.data, '\n'));
  mc_buf_clear(&text);
  mc_schedule_init(&s, rule, zone, 0);
  MC_ASSERT(mc_schedule_warnings(&s, 0, INT64_C(4000000000000), warnings, 8) <= 8);
}

void fuzz_text(const struct fuzz_language *language, const uint8_t *data, size_t size)
{
  static const int64_t instants_ms[] = {0,
                                        INT64_C(951782399999),
                                        INT64_C(1793509200000),
                                        INT64_C(1805007600001),
                                        INT64_C(4107542340000),
                                        MC_INSTANT_END - 1};
  static struct mc_tzdb *zones;
  const struct mc_zone *new_york;
  struct mc_rule rule;
  struct mc_err err = {0};

  memset(&rule, 0, sizeof(rule));
  if(language->parse(&rule, (const char *)data, size, &err)) {
    MC_ASSERT(err.code == MC_INVALID_ARGUMENT && err.msg[0] && !strchr(err.msg, '\n'));
    MC_ASSERT(err.pos >= 0 && err.pos <= (int64_t)size);
    return;
  }
  if(!zones)
    MC_ASSERT(!mc_tzdb_new(&zones, NULL, NULL));
  MC_ASSERT(!mc_tzdb_get(zones, &new_york, "America/New_York", 16, &err));
  check_print(language, &rule);
  check_words(&rule, new_york);
  for(size_t i = 0; i < sizeof(instants_ms) / sizeof(instants_ms[0]); i++) {
    fuzz_searches(&rule, NULL, instants_ms[i]);
    fuzz_searches(&rule, new_york, instants_ms[i]);
  }
}
