#include "bind/bind.h"

#include <string.h>

#include "net/ratelimit.h"
#include "net/retry.h"

#define MCL_RATELIMIT "mooncron.ratelimit"

/* ---- retry ---- */

/* [-0, +0, v] the canonical code of a word; raises when it is none */
static int check_code(lua_State *L, const char *word)
{
  int code;

  for(code = MC_CANCELLED; code >= MC_UNAUTHENTICATED; code--) {
    if(word && !strcmp(mc_code_name(code), word))
      return code;
  }
  return luaL_error(L, "'%s' is not the word of a canonical code", word ? word : "");
}

/* [-0, +0, v] the list of words at `idx` as bits */
static uint32_t check_codes(lua_State *L, int idx)
{
  uint32_t bits = 0;
  lua_Integer i, n;

  luaL_checktype(L, idx, LUA_TTABLE);
  n = (lua_Integer)lua_rawlen(L, idx);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, idx, i);
    bits |= MC_RETRY_BIT(check_code(L, lua_tostring(L, -1)));
    lua_pop(L, 1);
  }
  return bits;
}

/* [-0, +1, v] net.retry_wait(policy, codes, code, failure, random) -> ms | nil: give up */
static int retry_wait(lua_State *L)
{
#define AT(field) offsetof(struct mc_retry_policy, field)
  static const struct mcL_option policy_rows[] = {
      {"initial_ms", MCL_INT, AT(initial_ms), 0, INT32_MAX},
      {"max_ms", MCL_INT, AT(max_ms), 0, INT32_MAX},
      {"total_ms", MCL_INT, AT(total_ms), 0, INT64_C(1) << 40},
      {"multiplier_pct", MCL_INT, AT(multiplier_pct), 100, 100000},
      {"jitter_pct", MCL_INT, AT(jitter_pct), 0, 100},
      {"busy_mutations", MCL_BOOL, AT(busy_mutations), 0, 0},
      {0}};
#undef AT
#define AT(field) offsetof(struct mc_retry_failure, field)
  static const struct mcL_option failure_rows[] = {
      {"message", MCL_TEXT, AT(message), 0, 0},
      {"attempts", MCL_INT, AT(attempts), 1, INT32_MAX},
      {"elapsed_ms", MCL_INT, AT(elapsed_ms), 0, INT64_C(1) << 40},
      {"retry_after_ms", MCL_INT, AT(retry_after_ms), -1, INT64_MAX},
      {0}};
#undef AT
  struct mc_retry_policy policy = {.multiplier_pct = 100};
  struct mc_retry_failure failure = {.attempts = 1, .retry_after_ms = -1};
  lua_Number random = luaL_checknumber(L, 5);
  int64_t wait_ms;

  mcL_read_options(L, 1, policy_rows, &policy);
  policy.codes = check_codes(L, 2);
  failure.code = check_code(L, luaL_checkstring(L, 3));
  mcL_read_options(L, 4, failure_rows, &failure);
  luaL_argcheck(L, random >= 0 && random < 1, 5, "must be in [0, 1)");
  wait_ms = mc_retry_wait(&policy, &failure, random);
  if(wait_ms < 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, wait_ms);
  return 1;
}

/* [-0, +1|2, v] net.retry_after(text, wall_ms) -> ms | nil, err */
static int retry_after(lua_State *L)
{
  const char *text = luaL_checkstring(L, 1);
  lua_Integer now_ms = luaL_checkinteger(L, 2);
  struct mc_err err;
  int64_t ms;

  if(mc_retry_after(&ms, text, now_ms, &err))
    return mcL_fail(L, &err);
  lua_pushinteger(L, ms);
  return 1;
}

/* ---- rate limit: memory of its own only, so there is nothing to close ---- */

/* [-0, +1, v] net.ratelimit(per_minute, burst, now_ms) -> ratelimit */
static int ratelimit_new(lua_State *L)
{
  lua_Integer per_minute = luaL_checkinteger(L, 1), burst = luaL_checkinteger(L, 2);
  lua_Integer now_ms = luaL_checkinteger(L, 3);
  struct mc_ratelimit *limit;

  luaL_argcheck(L, per_minute > 0 && per_minute <= INT32_MAX, 1, "must be positive");
  luaL_argcheck(L, burst > 0 && burst <= INT32_MAX, 2, "must be positive");
  limit = lua_newuserdatauv(L, sizeof(*limit), 0);
  mc_ratelimit_init(limit, per_minute, burst, now_ms);
  luaL_setmetatable(L, MCL_RATELIMIT);
  return 1;
}

/* [-0, +1, v] ratelimit:take(now_ms) -> ms to wait */
static int ratelimit_take(lua_State *L)
{
  struct mc_ratelimit *limit = luaL_checkudata(L, 1, MCL_RATELIMIT);

  lua_pushinteger(L, mc_ratelimit_take(limit, luaL_checkinteger(L, 2)));
  return 1;
}

/* [-0, +0, v] ratelimit:refused(now_ms, retry_after_ms) */
static int ratelimit_refused(lua_State *L)
{
  struct mc_ratelimit *limit = luaL_checkudata(L, 1, MCL_RATELIMIT);

  mc_ratelimit_refused(limit, luaL_checkinteger(L, 2), luaL_optinteger(L, 3, 0));
  return 0;
}

/* [-0, +1, v] ratelimit:rate(now_ms) -> per minute, at present */
static int ratelimit_rate(lua_State *L)
{
  struct mc_ratelimit *limit = luaL_checkudata(L, 1, MCL_RATELIMIT);

  lua_pushnumber(L, mc_ratelimit_rate(limit, luaL_checkinteger(L, 2)));
  return 1;
}

/* [-0, +0, m] */
void mcL_add_policy(lua_State *L)
{
  static const luaL_Reg methods[] = {{"take", ratelimit_take},
                                     {"refused", ratelimit_refused},
                                     {"rate", ratelimit_rate},
                                     {NULL, NULL}};
  static const luaL_Reg meta[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"retry_wait", retry_wait},
                                       {"retry_after", retry_after},
                                       {"ratelimit", ratelimit_new},
                                       {NULL, NULL}};

  mcL_new_class(L, MCL_RATELIMIT, methods, meta);
  luaL_setfuncs(L, functions, 0);
}
