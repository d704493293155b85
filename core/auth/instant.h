#ifndef MC_AUTH_INSTANT_H
#define MC_AUTH_INSTANT_H

#include <stdint.h>

/* Seconds since the epoch of `2026-10-05T01:45:00[.123](Z|+01:00)` (the fraction is dropped). 1
   when it is one, else 0. */
int mc_instant_rfc3339(int64_t *out_s, const char *text);
/* The same of an HTTP date in its one sent form, `Mon, 05 Oct 2026 01:45:00 GMT` [RFC 9110]. */
int mc_instant_http(int64_t *out_s, const char *text);

#define MC_INSTANT_BASIC 17 /* bytes of "20261005T014500Z" with the NUL */
/* The basic form that AWS signs. `s` within the years 1970-9999. */
void mc_instant_basic(char out[MC_INSTANT_BASIC], int64_t s);

#endif
