#include "bind/time.h"

#include <stdlib.h>
#include <string.h>

#include "time/civil.h"
#include "time/cron.h"
#include "time/describe.h"
#include "time/merge.h"
#include "time/schedule.h"
#include "time/warnings.h"

#define MCL_SCHEDULE "mooncron.schedule"
#define MCL_ITER "mooncron.schedule_iter"
#define MCL_MERGE "mooncron.merge"

#define TEXT_OUT_MAX 4096
#define BETWEEN_MAX 1000000
#define WARNINGS_MAX 1000

struct schedule_ud {
  struct mc_schedule schedule;
  const struct tzdb_ud *home;
};
struct iter_ud {
  struct mc_schedule_iter iter;
  const struct tzdb_ud *home;
};
struct merge_ud {
  struct mc_merge *merge; /* NULL once closed */
  const struct tzdb_ud *home;
};

/* ---- schedules ---- */

static const struct mc_schedule *check_schedule(lua_State *L, int idx)
{
  struct schedule_ud *u = luaL_checkudata(L, idx, MCL_SCHEDULE);

  luaL_argcheck(L, u->home->db, idx, "the schedule is closed");
  return &u->schedule;
}

/* The anchor at `idx`, else `fallback`. */
static int64_t opt_anchor(lua_State *L, int idx, int64_t fallback)
{
  return luaL_optinteger(L, idx, fallback);
}

/* Looking back from t says nothing about an interval whose start is not known. */
static int64_t need_anchor(lua_State *L, const struct mc_schedule *s, int idx)
{
  luaL_argcheck(L, !lua_isnoneornil(L, idx) || !mc_schedule_is_anchored(s), idx,
                "this interval runs from an anchor, pass it");
  return luaL_optinteger(L, idx, 0);
}

/* [-0, +1|2, v] time.schedule(text[, zone[, options]]) -> schedule | nil, err. The zone is a name
   or a handle; none is UTC. Options: once (boolean), Vixie cron's rule at changes of the clock. */
static int time_schedule(lua_State *L)
{
  static const struct mcL_option rows[] = {{"once", MCL_BOOL, 0, 0, 0}, {NULL, MCL_INT, 0, 0, 0}};
  size_t len, zone_len = 0;
  const char *text = luaL_checklstring(L, 1, &len);
  bool is_handle = luaL_testudata(L, 2, MCL_ZONE) != NULL;
  const char *name = is_handle ? NULL : luaL_optlstring(L, 2, "", &zone_len);
  struct schedule_ud *u;
  struct mc_rule rule;
  struct mc_err err;
  int once = 0;

  mcL_read_options(L, 3, rows, &once);
  if(mc_rule_parse(&rule, text, len, &err))
    return mcL_fail_in(L, &err, "schedule");
  if(is_handle)
    lua_pushvalue(L, 2);
  else if(mcL_push_zone(L, name, zone_len, &err))
    return mcL_fail_in(L, &err, "time_zone");
  u = lua_newuserdatauv(L, sizeof(*u), 1);
  mc_schedule_init(&u->schedule, &rule, mcL_check_zone(L, -2), once ? MC_SCHEDULE_ONCE : 0);
  u->home = ((const struct zone_ud *)lua_touserdata(L, -2))->home;
  luaL_setmetatable(L, MCL_SCHEDULE);
  lua_pushvalue(L, -2);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

/* [-0, +1|2, v] time.check_schedule(text[, zone]) -> true | nil, err: whether there is such a
   schedule. The zone is a name; none is UTC. */
static int time_check_schedule(lua_State *L)
{
  struct tzdb_ud *db = lua_touserdata(L, lua_upvalueindex(1));
  size_t len, zone_len = 0;
  const char *text = luaL_checklstring(L, 1, &len);
  const char *name = luaL_optlstring(L, 2, "", &zone_len);
  const struct mc_zone *zone;
  struct mc_rule rule;
  struct mc_err err;

  if(mc_rule_parse(&rule, text, len, &err))
    return mcL_fail_in(L, &err, "schedule");
  if(mc_tzdb_get(db->db, &zone, name, zone_len, &err))
    return mcL_fail_in(L, &err, "time_zone");
  lua_pushboolean(L, 1);
  return 1;
}

static int push_instant(lua_State *L, bool found, int64_t ms)
{
  if(found)
    lua_pushinteger(L, ms);
  else
    lua_pushnil(L);
  return 1;
}

/* [-0, +1, v] schedule:next(t[, anchor]) -> ms | nil. Strictly after t; without an anchor an
   interval runs from t. */
static int schedule_next(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);
  int64_t t = luaL_checkinteger(L, 2), ms = 0;
  bool found = mc_schedule_next(s, t, opt_anchor(L, 3, t), &ms);

  return push_instant(L, found, ms);
}

/* [-0, +1, v] schedule:prev(t[, anchor]) -> ms | nil. Strictly before t. */
static int schedule_prev(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);
  int64_t t = luaL_checkinteger(L, 2), ms = 0;
  bool found = mc_schedule_prev(s, t, need_anchor(L, s, 3), &ms);

  return push_instant(L, found, ms);
}

/* [-0, +1, v] schedule:matches(t[, anchor]) -> boolean */
static int schedule_matches(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);
  int64_t t = luaL_checkinteger(L, 2);

  lua_pushboolean(L, mc_schedule_matches(s, t, need_anchor(L, s, 3)));
  return 1;
}

/* [-0, +1, v] schedule:count(from, to[, anchor]) -> integer: occurrences in (from, to] */
static int schedule_count(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);
  int64_t from = luaL_checkinteger(L, 2);
  int64_t to = luaL_checkinteger(L, 3);

  lua_pushinteger(L, mc_schedule_count(s, from, to, opt_anchor(L, 4, from)));
  return 1;
}

/* [-0, +1, v] schedule:between(from, to, limit[, anchor]) -> { ms, ... } in (from, to] */
static int schedule_between(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);
  int64_t from = luaL_checkinteger(L, 2);
  int64_t to = luaL_checkinteger(L, 3);
  lua_Integer limit = luaL_checkinteger(L, 4), n = 0;
  struct mc_schedule_iter it;
  int64_t ms;

  luaL_argcheck(L, limit >= 1 && limit <= BETWEEN_MAX, 4, "limit is 1 to 1000000");
  mc_schedule_iter_init(&it, s, from, opt_anchor(L, 5, from));
  lua_newtable(L);
  while(n < limit && mc_schedule_iter_next(&it, &ms) && ms <= to) {
    lua_pushinteger(L, ms);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* [-0, +1, -] upvalue 1 is the iterator's state */
static int iter_step(lua_State *L)
{
  struct iter_ud *u = lua_touserdata(L, lua_upvalueindex(1));
  int64_t ms = 0;
  bool found = u->home->db && mc_schedule_iter_next(&u->iter, &ms);

  return push_instant(L, found, ms);
}

/* [-0, +1, v] schedule:iter(from[, anchor]) -> function that returns the next ms, nil at the end */
static int schedule_iter(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);
  int64_t from = luaL_checkinteger(L, 2);
  int64_t anchor = opt_anchor(L, 3, from);
  struct iter_ud *u = lua_newuserdatauv(L, sizeof(*u), 1);

  luaL_setmetatable(L, MCL_ITER);
  mc_schedule_iter_init(&u->iter, s, from, anchor);
  u->home = ((const struct schedule_ud *)lua_touserdata(L, 1))->home;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  lua_pushcclosure(L, iter_step, 1);
  return 1;
}

typedef int (*rule_writer)(const struct mc_rule *, struct mc_buf *, struct mc_err *);

/* [-0, +1|2, m] what `write` makes of the rule. The text passes through a buffer of Lua, so nothing
   can leak. */
static int push_written(lua_State *L, const struct mc_schedule *s, rule_writer write)
{
  luaL_Buffer copy;
  char *space = luaL_buffinitsize(L, &copy, TEXT_OUT_MAX);
  struct mc_buf buf;
  struct mc_err err;
  size_t len = 0;
  int rc;

  mc_buf_init(&buf, TEXT_OUT_MAX);
  rc = write(&s->rule, &buf, &err);
  if(!rc) {
    len = buf.len;
    memcpy(space, buf.data, len);
  }
  mc_buf_clear(&buf);
  luaL_pushresultsize(&copy, len);
  return rc ? mcL_fail(L, &err) : 1;
}

/* [-0, +1|2, v] schedule:canonical() -> string | nil, err */
static int schedule_canonical(lua_State *L)
{
  return push_written(L, check_schedule(L, 1), mc_rule_print);
}

/* [-0, +1|2, v] schedule:describe() -> string | nil, err */
static int schedule_describe(lua_State *L)
{
  return push_written(L, check_schedule(L, 1), mc_rule_describe);
}

/* [-0, +1, v] schedule:kind() -> "calendar" | "interval" */
static int schedule_kind(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);

  lua_pushstring(L, s->rule.kind == MC_RULE_INTERVAL ? "interval" : "calendar");
  return 1;
}

/* [-0, +1, v] schedule:language() -> "cron" | "english" */
static int schedule_language(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);

  lua_pushstring(L, s->rule.language == MC_LANG_ENGLISH ? "english" : "cron");
  return 1;
}

/* [-0, +1, v] schedule:is_anchored() -> boolean: an interval that runs from the anchor passed */
static int schedule_is_anchored(lua_State *L)
{
  lua_pushboolean(L, mc_schedule_is_anchored(check_schedule(L, 1)));
  return 1;
}

/* [-0, +1, v] schedule:zone() -> zone */
static int schedule_zone(lua_State *L)
{
  check_schedule(L, 1);
  lua_getiuservalue(L, 1, 1);
  return 1;
}

/* [-0, +1, v] schedule:warnings(from, to) -> { { kind =, at = ms?, message = }, ... } */
static int schedule_warnings(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);
  int64_t from = luaL_checkinteger(L, 2);
  int64_t to = luaL_checkinteger(L, 3);
  struct mc_warning *list = lua_newuserdatauv(L, WARNINGS_MAX * sizeof(*list), 0);
  size_t i, n = mc_schedule_warnings(s, from, to, list, WARNINGS_MAX);

  lua_createtable(L, (int)n, 0);
  for(i = 0; i < n; i++) {
    lua_createtable(L, 0, 3);
    lua_pushstring(L, mc_warning_name(list[i].kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, list[i].message);
    lua_setfield(L, -2, "message");
    if(list[i].at_ms >= 0) {
      lua_pushinteger(L, list[i].at_ms);
      lua_setfield(L, -2, "at");
    }
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* [-0, +1, v] the canonical text and the zone */
static int schedule_tostring(lua_State *L)
{
  const struct mc_schedule *s = check_schedule(L, 1);

  if(push_written(L, s, mc_rule_print) != 1)
    lua_pop(L, 1); /* the error; the nil prints too */
  lua_pushfstring(L, "mooncron.schedule (%s, %s)", luaL_tolstring(L, -1, NULL), s->zone->name);
  return 1;
}

/* ---- many schedules ---- */

static struct merge_ud *check_merge(lua_State *L, int idx)
{
  return luaL_checkudata(L, idx, MCL_MERGE);
}

/* [-0, +0, v] __close and __gc */
static int merge_close(lua_State *L)
{
  struct merge_ud *u = check_merge(L, 1);
  struct mc_merge *merge = u->merge;

  u->merge = NULL;
  mc_merge_free(merge);
  return 0;
}

/* [-0, +1, v] */
static int merge_tostring(lua_State *L)
{
  lua_pushstring(L, check_merge(L, 1)->merge ? "mooncron.merge" : "mooncron.merge (closed)");
  return 1;
}

/* [-0, +1|2, -] upvalue 1 is the merge */
static int merge_step(lua_State *L)
{
  struct merge_ud *u = lua_touserdata(L, lua_upvalueindex(1));
  int64_t ms;
  size_t index;

  if(!u->merge || !u->home->db || !mc_merge_next(u->merge, &ms, &index)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, ms);
  lua_pushinteger(L, (lua_Integer)index + 1);
  return 2;
}

/* [-0, +0, v] one row of the list, at the top of the stack: its schedule is kept in the table at
   `kept` */
static int add_row(lua_State *L, struct merge_ud *u, lua_Integer i, int kept, int64_t from,
                   struct mc_err *err)
{
  const struct mc_schedule *s;
  int64_t anchor = from;
  int exact = 1;

  if(!lua_istable(L, -1) || lua_getfield(L, -1, "schedule") != LUA_TUSERDATA)
    return luaL_error(L, "row %I of the list has no schedule", (LUAI_UACINT)i);
  s = check_schedule(L, lua_gettop(L));
  lua_rawseti(L, kept, i);
  if(lua_getfield(L, -1, "anchor") != LUA_TNIL)
    anchor = lua_tointegerx(L, -1, &exact);
  if(!exact)
    return luaL_error(L, "the anchor of row %I is not an integer", (LUAI_UACINT)i);
  lua_pop(L, 1);
  return mc_merge_add(u->merge, s, anchor, err);
}

/* [-0, +4|2, v] time.merge(list, from, to) -> iterator, nil, nil, closing value | nil, err. The
   list holds rows { schedule =, anchor = ms? }; the iterator gives ms and the row's index, for
   (from, to], in time order. */
static int time_merge(lua_State *L)
{
  int64_t from = luaL_checkinteger(L, 2);
  int64_t to = luaL_checkinteger(L, 3);
  struct merge_ud *u;
  struct mc_err err;
  lua_Integer i, n;
  int rc;

  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 3);
  n = luaL_len(L, 1);
  u = lua_newuserdatauv(L, sizeof(*u), 1); /* 4 */
  u->merge = NULL;
  u->home = lua_touserdata(L, lua_upvalueindex(1));
  luaL_setmetatable(L, MCL_MERGE);
  lua_newtable(L); /* 5: the schedules, kept from the collector */
  lua_pushvalue(L, 5);
  lua_setiuservalue(L, 4, 1);
  rc = mc_merge_new(&u->merge, from, to, &err);
  for(i = 1; i <= n && !rc; i++) {
    lua_geti(L, 1, i);
    rc = add_row(L, u, i, 5, from, &err);
    lua_pop(L, 1);
  }
  if(rc)
    return mcL_fail(L, &err);
  lua_pushvalue(L, 4);
  lua_pushcclosure(L, merge_step, 1);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, 4);
  return 4;
}

/* ---- instants ---- */

/* [-0, +1, v] time.format(ms[, digits]) -> RFC 3339 in UTC */
static int time_format(lua_State *L)
{
  int64_t ms = luaL_checkinteger(L, 1);
  char text[MC_INSTANT_TEXT];
  size_t len = mc_instant_print(text, ms, mcL_check_digits(L, 2));

  lua_pushlstring(L, text, len);
  return 1;
}

/* [-0, +1|2, v] time.parse_instant(text) -> ms | nil, err */
static int time_parse_instant(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  struct mc_err err;
  int64_t ms;

  if(mc_instant_parse(&ms, text, len, &err))
    return mcL_fail(L, &err);
  lua_pushinteger(L, ms);
  return 1;
}

/* [-0, +0, m] */
static void new_classes(lua_State *L)
{
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg schedule_meta[] = {{"__tostring", schedule_tostring}, {NULL, NULL}};
  static const luaL_Reg schedule_methods[] = {
      {"next", schedule_next},           {"prev", schedule_prev},
      {"matches", schedule_matches},     {"count", schedule_count},
      {"between", schedule_between},     {"iter", schedule_iter},
      {"canonical", schedule_canonical}, {"describe", schedule_describe},
      {"warnings", schedule_warnings},   {"kind", schedule_kind},
      {"language", schedule_language},   {"is_anchored", schedule_is_anchored},
      {"zone", schedule_zone},           {NULL, NULL},
  };
  static const luaL_Reg merge_meta[] = {
      {"__gc", merge_close},
      {"__close", merge_close},
      {"__tostring", merge_tostring},
      {NULL, NULL},
  };
  static const luaL_Reg merge_methods[] = {{"close", merge_close}, {NULL, NULL}};

  mcL_new_zone_classes(L);
  mcL_new_class(L, MCL_SCHEDULE, schedule_methods, schedule_meta);
  mcL_new_class(L, MCL_ITER, none, none);
  mcL_new_class(L, MCL_MERGE, merge_methods, merge_meta);
}

/* [-0, +1, v] the environment is read here, once: TZDIR names the folder of the zones */
int mcL_open_time(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"schedule", time_schedule},
      {"check_schedule", time_check_schedule},
      {"zone", mcL_time_zone},
      {"merge", time_merge},
      {"format", time_format},
      {"parse_instant", time_parse_instant},
      {NULL, NULL},
  };
  const char *folder = getenv("TZDIR");
  struct tzdb_ud *u;
  struct mc_err err;

  new_classes(L);
  luaL_newlibtable(L, functions);
  u = lua_newuserdatauv(L, sizeof(*u), 0);
  u->db = NULL;
  luaL_setmetatable(L, MCL_TZDB);
  if(mc_tzdb_new(&u->db, folder && folder[0] ? folder : NULL, &err))
    return luaL_error(L, "%s", err.msg);
  luaL_setfuncs(L, functions, 1);
  return 1;
}
