#include "bind/time.h"

#include "time/civil.h"

#define TRANSITIONS_MAX 20000

/* [-0, +0, -] */
static int tzdb_gc(lua_State *L)
{
  struct tzdb_ud *u = luaL_checkudata(L, 1, MCL_TZDB);
  struct mc_tzdb *db = u->db;

  u->db = NULL;
  mc_tzdb_free(db);
  return 0;
}

/* [-0, +0, v] */
const struct mc_zone *mcL_check_zone(lua_State *L, int idx)
{
  struct zone_ud *u = luaL_checkudata(L, idx, MCL_ZONE);

  luaL_argcheck(L, u->zone && u->home->db, idx, "the zone is closed");
  return u->zone;
}

/* [-0, +1, m] the zone of a name; on failure nothing is pushed. Upvalue 1 is the database. */
int mcL_push_zone(lua_State *L, const char *name, size_t len, struct mc_err *err)
{
  struct tzdb_ud *db = lua_touserdata(L, lua_upvalueindex(1));
  struct zone_ud *u = lua_newuserdatauv(L, sizeof(*u), 1);
  int rc;

  u->zone = NULL;
  u->home = db;
  luaL_setmetatable(L, MCL_ZONE);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_setiuservalue(L, -2, 1);
  rc = mc_tzdb_get(db->db, &u->zone, name, len, err);
  if(rc)
    lua_pop(L, 1);
  return rc;
}

/* [-0, +2, m] nil and the error, which names the field at fault */
int mcL_fail_in(lua_State *L, const struct mc_err *err, const char *path)
{
  mcL_fail(L, err);
  lua_pushstring(L, path);
  lua_setfield(L, -2, "path");
  return 2;
}

/* [-0, +1|2, v] time.zone(name) -> zone | nil, err */
int mcL_time_zone(lua_State *L)
{
  size_t len;
  const char *name = luaL_checklstring(L, 1, &len);
  struct mc_err err;

  return mcL_push_zone(L, name, len, &err) ? mcL_fail_in(L, &err, "time_zone") : 1;
}

/* [-0, +1, v] zone:name() -> string */
static int zone_name(lua_State *L)
{
  lua_pushstring(L, mcL_check_zone(L, 1)->name);
  return 1;
}

/* [-0, +1, v] */
static int zone_tostring(lua_State *L)
{
  lua_pushfstring(L, "mooncron.zone (%s)", mcL_check_zone(L, 1)->name);
  return 1;
}

/* [-0, +3, v] zone:offset(ms) -> seconds, abbreviation, is_dst */
static int zone_offset(lua_State *L)
{
  const struct mc_zone *zone = mcL_check_zone(L, 1);
  struct mc_zone_info info = mc_zone_info(zone, luaL_checkinteger(L, 2));

  lua_pushinteger(L, info.offset_s);
  lua_pushstring(L, info.abbr);
  lua_pushboolean(L, info.is_dst);
  return 3;
}

/* [-0, +0|1|2, v] zone:instants(local_ms) -> the instants at which the local clock shows this, if
   any */
static int zone_instants(lua_State *L)
{
  const struct mc_zone *zone = mcL_check_zone(L, 1);
  int64_t at[2];
  int i, n = mc_zone_instants(zone, luaL_checkinteger(L, 2), at);

  for(i = 0; i < n; i++)
    lua_pushinteger(L, at[i]);
  return n;
}

/* [-0, +1, v] zone:transitions(from, to) -> { { at = ms, before = seconds, after = seconds }, ... }
   in (from, to] */
static int zone_transitions(lua_State *L)
{
  const struct mc_zone *zone = mcL_check_zone(L, 1);
  int64_t at = luaL_checkinteger(L, 2);
  int64_t to = luaL_checkinteger(L, 3);
  lua_Integer n = 0;

  lua_newtable(L);
  while(n < TRANSITIONS_MAX && mc_zone_next_transition(zone, at, &at) && at <= to) {
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, at);
    lua_setfield(L, -2, "at");
    lua_pushinteger(L, mc_zone_info(zone, at - 1).offset_s);
    lua_setfield(L, -2, "before");
    lua_pushinteger(L, mc_zone_info(zone, at).offset_s);
    lua_setfield(L, -2, "after");
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* [-0, +0, v] */
int mcL_check_digits(lua_State *L, int idx)
{
  lua_Integer digits = luaL_optinteger(L, idx, 0);

  luaL_argcheck(L, digits >= 0 && digits <= 3, idx, "digits is 0 to 3");
  return (int)digits;
}

/* [-0, +1, v] zone:format(ms[, digits]) -> RFC 3339 with the zone's offset */
static int zone_format(lua_State *L)
{
  const struct mc_zone *zone = mcL_check_zone(L, 1);
  int64_t ms = luaL_checkinteger(L, 2);
  int digits = mcL_check_digits(L, 3);
  char text[MC_INSTANT_TEXT];
  size_t len = mc_instant_print_at(text, ms, mc_zone_info(zone, ms).offset_s, digits);

  lua_pushlstring(L, text, len);
  return 1;
}

/* [-0, +0, m] */
void mcL_new_zone_classes(lua_State *L)
{
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg tzdb_meta[] = {{"__gc", tzdb_gc}, {NULL, NULL}};
  static const luaL_Reg zone_meta[] = {{"__tostring", zone_tostring}, {NULL, NULL}};
  static const luaL_Reg zone_methods[] = {
      {"name", zone_name},         {"offset", zone_offset},           {"format", zone_format},
      {"instants", zone_instants}, {"transitions", zone_transitions}, {NULL, NULL},
  };

  mcL_new_class(L, MCL_TZDB, none, tzdb_meta);
  mcL_new_class(L, MCL_ZONE, zone_methods, zone_meta);
}
