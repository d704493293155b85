#ifndef MC_TIME_ENGLISH_H
#define MC_TIME_ENGLISH_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "time/rule.h"

/* App Engine schedules, the second language of Cloud Scheduler [groc]:

     every 5 minutes                     every 2 hours synchronized
     every 30 mins from 10:00 to 14:00   every mon,wed 09:00
     1st,third fri of quarter 9:00       1,15 of jan,july 00:00 */

/* Parse `len` bytes (no NUL needed) into *out. On failure MC_INVALID_ARGUMENT: *out is untouched,
   err->pos is the byte at which the offending word starts (len when the text ends early) and the
   message names that word and the fix. A schedule that can never fire (`30 of feb 09:00`) is
   refused. */
int mc_english_parse(struct mc_rule *out, const char *text, size_t len, struct mc_err *err);

/* Append the canonical text of a rule of this language: lower case, three-letter names in calendar
   order, HH:MM, lists without duplicates. Parsing it gives an equal rule. MC_INVALID_ARGUMENT for a
   rule of the other language. */
int mc_english_print(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err);

#endif
