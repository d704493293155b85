#ifndef MC_NET_RATELIMIT_H
#define MC_NET_RATELIMIT_H

#include <stdint.h>

/* A token bucket for one quota. Pure: "now" (monotonic ms) comes in, a wait goes out. Who takes a
   token has reserved his place, so waits are first come first served. A refusal (429) halves the
   rate; it climbs back to its full value within a minute. */
struct mc_ratelimit {
  double full_rate, rate; /* tokens in a ms */
  double burst; /* most tokens that are saved up */
  double tokens; /* negative: reserved in advance */
  int64_t now_ms; /* of the last call; time does not go back */
  int64_t cut_ms; /* when the rate was cut last */
};

/* `per_minute` and `burst` are positive. The bucket starts full. */
void mc_ratelimit_init(struct mc_ratelimit *limit, int64_t per_minute, int64_t burst,
                       int64_t now_ms);
/* Take a token; returns how many ms to wait before acting on it. */
int64_t mc_ratelimit_take(struct mc_ratelimit *limit, int64_t now_ms);
/* The server refused, and asks for a pause of retry_after_ms (0: says nothing). Refusals that come
   within a second count once: they were sent at the same rate. */
void mc_ratelimit_refused(struct mc_ratelimit *limit, int64_t now_ms, int64_t retry_after_ms);
/* The present rate, per minute. */
double mc_ratelimit_rate(struct mc_ratelimit *limit, int64_t now_ms);

#endif
