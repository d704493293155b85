#ifndef MC_NET_RETRY_H
#define MC_NET_RETRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Whether and when a failed call is made again. Pure: time and randomness come in, a wait goes out.
   The sequence is that of Google's clients (gax): the n-th wait is initial * multiplier^(n-1), at
   most max, and a random part of it is left out [npm @google-cloud/scheduler,
   cloud_scheduler_client_config.json: 100 ms, 1.3, 60 s, 600 s in all]. */

struct mc_retry_policy {
  int64_t initial_ms, max_ms;
  int64_t total_ms; /* no wait begins that would end later than so long after the first call */
  int64_t multiplier_pct; /* 130: each wait is 1.3 times the one before */
  int64_t jitter_pct; /* up to so much of a wait is left out; 100: anything from 0 to the whole */
  uint32_t codes; /* what is worth another try: MC_RETRY_BIT of each code */
  int busy_mutations; /* also what mc_retry_is_busy_mutation says */
};

#define MC_RETRY_BIT(code) (UINT32_C(1) << -(code))

struct mc_retry_failure {
  int64_t code; /* enum mc_code */
  const char *message;
  int64_t attempts; /* made so far, from 1 */
  int64_t elapsed_ms; /* since the first one began */
  int64_t retry_after_ms; /* what the server asked for; negative: nothing */
};

/* Wait before the next attempt in ms, or -1: give up. `random` is in [0, 1). A server's Retry-After
   is a lower bound. */
int64_t mc_retry_wait(const struct mc_retry_policy *policy, const struct mc_retry_failure *failure,
                      double random);

/* 409 ABORTED "sync mutate calls cannot be queued": another change of the same job was still under
   way, and this one was not made [terraform-provider-google]. */
int mc_retry_is_busy_mutation(int64_t code, const char *message);

/* The value of a Retry-After header: seconds or an HTTP-date (RFC 9110, 10.2.3), in *out_ms from
   now_ms (wall clock); a date that has passed is 0. MC_INVALID_ARGUMENT for anything else. */
int mc_retry_after(int64_t *out_ms, const char *text, int64_t now_ms, struct mc_err *err);

#endif
