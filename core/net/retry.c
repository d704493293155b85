#include "net/retry.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include <curl/curl.h>

#define MAX_SECONDS (INT64_C(100) * 366 * 86400) /* a century is for ever */

int mc_retry_is_busy_mutation(int64_t code, const char *message)
{
  return code == MC_ABORTED && message && strstr(message, "sync mutate calls cannot be queued");
}

static int is_worth_it(const struct mc_retry_policy *policy, const struct mc_retry_failure *failure)
{
  if(failure->code < MC_UNAUTHENTICATED || failure->code >= MC_OK)
    return 0;
  if(policy->codes & MC_RETRY_BIT(failure->code))
    return 1;
  return policy->busy_mutations && mc_retry_is_busy_mutation(failure->code, failure->message);
}

int64_t mc_retry_wait(const struct mc_retry_policy *policy, const struct mc_retry_failure *failure,
                      double random)
{
  double growth = pow((double)policy->multiplier_pct / 100, (double)(failure->attempts - 1));
  double wait = fmin((double)policy->initial_ms * growth, (double)policy->max_ms);
  int64_t wait_ms;

  if(!is_worth_it(policy, failure))
    return -1;
  wait_ms = (int64_t)(wait * (1 - random * (double)policy->jitter_pct / 100));
  if(wait_ms < failure->retry_after_ms)
    wait_ms = failure->retry_after_ms;
  return wait_ms > policy->total_ms - failure->elapsed_ms ? -1 : wait_ms;
}

int mc_retry_after(int64_t *out_ms, const char *text, int64_t now_ms, struct mc_err *err)
{
  const char *at = text;
  int64_t seconds = 0;
  time_t date;

  for(; isdigit((unsigned char)*at); at++)
    seconds = seconds < MAX_SECONDS ? seconds * 10 + (*at - '0') : seconds;
  if(at > text && !*at) {
    *out_ms = (seconds < MAX_SECONDS ? seconds : MAX_SECONDS) * 1000;
    return MC_OK;
  }
  /* All three forms of an HTTP-date begin with the name of a day. */
  date = isalpha((unsigned char)*text) ? curl_getdate(text, NULL) : -1;
  if(date < 0)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "retry-after '%.60s' is neither seconds nor an http date", text);
  *out_ms = (int64_t)date * 1000 > now_ms ? (int64_t)date * 1000 - now_ms : 0;
  return MC_OK;
}
