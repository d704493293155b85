#ifndef MC_TIME_CRON_H
#define MC_TIME_CRON_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "time/rule.h"

/* Unix-cron as Cloud Scheduler takes it: minute, hour, day of month, month, day of week; `* , - /`
   and names. [doc] */

/* Parse `len` bytes (no NUL needed) into *out. On failure MC_INVALID_ARGUMENT: *out is untouched
   and err->pos is the offending byte (len when the text ends early). A schedule that can never fire
   (`0 0 31 2 *`) is refused. */
int mc_cron_parse(struct mc_rule *out, const char *text, size_t len, struct mc_err *err);

/* Append the canonical text: numbers, the shortest of `*`, steps, ranges and lists. Parsing it
   gives an equal rule. MC_INVALID_ARGUMENT for a rule that five fields cannot say. */
int mc_cron_print(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err);

#endif
