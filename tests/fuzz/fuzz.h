#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "time/rule.h"
#include "time/zone.h"

/* What libFuzzer calls; replay.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_language {
  int (*parse)(struct mc_rule *out, const char *text, size_t len, struct mc_err *err);
  int (*print)(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err);
};

/* All that must hold for any bytes taken as a schedule: a refusal has a place and a message of one
   line; what is accepted prints as something that parses to the same rule, is described, and is
   evaluated without contradiction. */
void fuzz_text(const struct fuzz_language *language, const uint8_t *data, size_t size);

/* Searches from `t_ms` agree with each other. */
void fuzz_searches(const struct mc_rule *rule, const struct mc_zone *zone, int64_t t_ms);

#endif
