/* Units of core/net/retry and core/net/ratelimit: pure, so tables. */

#include "net/ratelimit.h"
#include "net/retry.h"
#include "tap.h"

/* [npm @google-cloud/scheduler] */
static const struct mc_retry_policy official = {.initial_ms = 100,
                                                .max_ms = 60000,
                                                .total_ms = 600000,
                                                .multiplier_pct = 130,
                                                .jitter_pct = 100,
                                                .codes = MC_RETRY_BIT(MC_DEADLINE_EXCEEDED) |
                                                         MC_RETRY_BIT(MC_UNAVAILABLE)};

static void test_waits(void)
{
  static const struct {
    int code;
    int64_t attempts, elapsed_ms, retry_after_ms;
    double random;
    int64_t want;
    const char *why;
  } rows[] = {
      {MC_UNAVAILABLE, 1, 0, -1, 0, 100, "the first wait"},
      {MC_UNAVAILABLE, 2, 0, -1, 0, 130, "the second"},
      {MC_UNAVAILABLE, 3, 0, -1, 0, 169, "the third"},
      {MC_UNAVAILABLE, 1, 0, -1, 0.5, 50, "half of it by chance"},
      {MC_UNAVAILABLE, 1, 0, -1, 0.999999, 0, "almost none by chance"},
      {MC_UNAVAILABLE, 26, 0, -1, 0, 60000, "no more than the cap"},
      {MC_UNAVAILABLE, 1000000, 0, -1, 0, 60000, "the growth does not overflow"},
      {MC_DEADLINE_EXCEEDED, 1, 0, -1, 0, 100, "the other code"},
      {MC_ABORTED, 1, 0, -1, 0, -1, "a code that is not in the list"},
      {MC_OK, 1, 0, -1, 0, -1, "no failure"},
      {5, 1, 0, -1, 0, -1, "no code"},
      {-99, 1, 0, -1, 0, -1, "no code either"},
      {MC_UNAVAILABLE, 1, 599900, -1, 0, 100, "ends exactly at the deadline"},
      {MC_UNAVAILABLE, 1, 599901, -1, 0, -1, "would end after it"},
      {MC_UNAVAILABLE, 1, 0, 5000, 0.5, 5000, "the server asks for more"},
      {MC_UNAVAILABLE, 1, 0, 20, 0, 100, "the server asks for less"},
      {MC_UNAVAILABLE, 1, 0, 600001, 0, -1, "the server asks for more than there is"},
      {MC_UNAVAILABLE, 1, 0, INT64_MAX, 0, -1, "for much more"},
  };
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_retry_failure failure = {rows[i].code, "x", rows[i].attempts, rows[i].elapsed_ms,
                                       rows[i].retry_after_ms};

    tap_is_int(mc_retry_wait(&official, &failure, rows[i].random), rows[i].want, rows[i].why);
  }
}

static void test_busy_mutations(void)
{
  struct mc_retry_policy policy = {
      .initial_ms = 10, .max_ms = 10, .total_ms = 1000, .multiplier_pct = 100, .busy_mutations = 1};
  struct mc_retry_failure failure = {MC_ABORTED, "sync mutate calls cannot be queued", 1, 0, -1};

  tap_is_int(mc_retry_wait(&policy, &failure, 0), 10, "a busy job is worth another try");
  failure.message = "job is locked";
  tap_is_int(mc_retry_wait(&policy, &failure, 0), -1, "another ABORTED is not");
  failure.message = NULL;
  tap_is_int(mc_retry_wait(&policy, &failure, 0), -1, "nor one without words");
  policy.busy_mutations = 0;
  failure.message = "sync mutate calls cannot be queued";
  tap_is_int(mc_retry_wait(&policy, &failure, 0), -1, "nor a busy one when nobody asked");
}

static void test_retry_after(void)
{
  /* 784111777 is Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110. */
  static const int64_t now_ms = INT64_C(784111777000) - 90000;
  static const struct {
    const char *text;
    int rc;
    int64_t want_ms;
    const char *why;
  } rows[] = {
      {"0", MC_OK, 0, "no seconds"},
      {"120", MC_OK, 120000, "seconds"},
      {"99999999999999999999", MC_OK, INT64_C(3162240000000), "more seconds than a century"},
      {"Sun, 06 Nov 1994 08:49:37 GMT", MC_OK, 90000, "a date of today's form"},
      {"Sunday, 06-Nov-94 08:49:37 GMT", MC_OK, 90000, "of RFC 850"},
      {"Sun Nov  6 08:49:37 1994", MC_OK, 90000, "of asctime"},
      {"Sun, 06 Nov 1994 08:00:00 GMT", MC_OK, 0, "a date that has passed"},
      {"", MC_INVALID_ARGUMENT, -7, "nothing"},
      {"-1", MC_INVALID_ARGUMENT, -7, "a negative number"},
      {"1.5", MC_INVALID_ARGUMENT, -7, "a fraction"},
      {"12 s", MC_INVALID_ARGUMENT, -7, "a unit"},
      {"soon", MC_INVALID_ARGUMENT, -7, "a word"},
  };
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    int64_t got = -7;

    tap_is_int(mc_retry_after(&got, rows[i].text, now_ms, NULL), rows[i].rc, rows[i].why);
    tap_is_int(got, rows[i].want_ms, "in ms");
  }
}

static void test_bucket(void)
{
  struct mc_ratelimit limit;
  int64_t total = 0;
  int i;

  mc_ratelimit_init(&limit, 600, 3, 1000); /* one in 100 ms */
  tap_is_int(mc_ratelimit_take(&limit, 1000), 0, "the bucket is full");
  mc_ratelimit_take(&limit, 1000);
  tap_is_int(mc_ratelimit_take(&limit, 1000), 0, "for three");
  tap_is_int(mc_ratelimit_take(&limit, 1000), 100, "the fourth waits");
  tap_is_int(mc_ratelimit_take(&limit, 1000), 200, "the fifth behind it");
  tap_is_int(mc_ratelimit_take(&limit, 1100), 200, "time counts for all");
  tap_is_int(mc_ratelimit_take(&limit, 900), 300, "time does not go back");
  tap_is_int(mc_ratelimit_take(&limit, 1000000), 0, "after a long while");
  for(i = 0; i < 2; i++)
    mc_ratelimit_take(&limit, 1000000);
  tap_is_int(mc_ratelimit_take(&limit, 1000000), 100, "no more than the burst was saved up");
  mc_ratelimit_init(&limit, 500, 1, 0);
  for(i = 0; i < 501; i++)
    total = mc_ratelimit_take(&limit, 0);
  tap_is_int(total, 60000, "500 after the first take a minute");
}

static void test_refusals(void)
{
  struct mc_ratelimit limit;
  int i;

  mc_ratelimit_init(&limit, 600, 3, 0);
  mc_ratelimit_refused(&limit, 0, 0);
  mc_ratelimit_refused(&limit, 500, 0);
  tap_ok(mc_ratelimit_rate(&limit, 500) < 310, "refusals together halve the rate once");
  tap_is_int(mc_ratelimit_take(&limit, 500) > 0, 0, "what has dripped in since may be used");
  mc_ratelimit_refused(&limit, 1500, 0);
  tap_ok(mc_ratelimit_rate(&limit, 1500) < 170, "a later one halves it again");
  tap_is_int((int64_t)mc_ratelimit_rate(&limit, 31500), 457,
             "half a minute brings half of it back");
  tap_is_int((int64_t)mc_ratelimit_rate(&limit, 61500), 600, "a minute all, and no more");
  for(i = 0; i < 20; i++)
    mc_ratelimit_refused(&limit, 61500 + i * 1000, 0);
  tap_ok(mc_ratelimit_rate(&limit, 80500) >= 12, "it never stops altogether");
  mc_ratelimit_init(&limit, 600, 3, 0);
  mc_ratelimit_refused(&limit, 0, 5000);
  tap_ok(mc_ratelimit_take(&limit, 0) >= 5000, "the pause that the server asked for is kept");
}

int main(void)
{
  test_waits();
  test_busy_mutations();
  test_retry_after();
  test_bucket();
  test_refusals();
  return tap_done();
}
