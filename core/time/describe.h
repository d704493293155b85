#ifndef MC_TIME_DESCRIBE_H
#define MC_TIME_DESCRIBE_H

#include "base/buf.h"
#include "base/err.h"
#include "time/rule.h"

/* Append what a rule of either language means, in plain English: `at 09:00 on Monday to Friday`.
   One line, no trailing dot; it says all of the rule, so two rules that fire differently never read
   the same. The zone is not part of it. */
int mc_rule_describe(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err);

#endif
