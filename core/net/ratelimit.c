#include "net/ratelimit.h"

#include <math.h>

#define MINUTE_MS 60000.0
#define ONE_CUT_MS 1000
#define LEAST 0.02 /* of the full rate */

void mc_ratelimit_init(struct mc_ratelimit *limit, int64_t per_minute, int64_t burst,
                       int64_t now_ms)
{
  limit->full_rate = limit->rate = (double)per_minute / MINUTE_MS;
  limit->burst = limit->tokens = (double)burst;
  limit->now_ms = now_ms;
  limit->cut_ms = INT64_MIN;
}

static void pass_time(struct mc_ratelimit *limit, int64_t now_ms)
{
  double ms;

  if(now_ms <= limit->now_ms)
    return;
  ms = (double)(now_ms - limit->now_ms);
  limit->tokens = fmin(limit->burst, limit->tokens + ms * limit->rate);
  limit->rate = fmin(limit->full_rate, limit->rate + limit->full_rate * ms / MINUTE_MS);
  limit->now_ms = now_ms;
}

int64_t mc_ratelimit_take(struct mc_ratelimit *limit, int64_t now_ms)
{
  pass_time(limit, now_ms);
  limit->tokens -= 1;
  return limit->tokens >= 0 ? 0 : (int64_t)ceil(-limit->tokens / limit->rate);
}

void mc_ratelimit_refused(struct mc_ratelimit *limit, int64_t now_ms, int64_t retry_after_ms)
{
  double pause;

  pass_time(limit, now_ms);
  if(limit->cut_ms != INT64_MIN && limit->now_ms - limit->cut_ms < ONE_CUT_MS)
    return;
  limit->cut_ms = limit->now_ms;
  limit->rate = fmax(limit->full_rate * LEAST, limit->rate / 2);
  pause = (double)(retry_after_ms > 0 ? retry_after_ms : 0) * limit->rate;
  limit->tokens = fmin(limit->tokens, -pause);
}

double mc_ratelimit_rate(struct mc_ratelimit *limit, int64_t now_ms)
{
  pass_time(limit, now_ms);
  return limit->rate * MINUTE_MS;
}
