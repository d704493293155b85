#include "bind/text.h"

#include <stdint.h>

#include "base/base64.h"
#include "base/text.h"

#define MAX_COMPARED 200
#define SCRATCH_AT lua_upvalueindex(1)

/* [-0, +1, v] data.is_utf8(text) -> boolean */
static int data_is_utf8(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  lua_pushboolean(L, mc_is_utf8(text, len));
  return 1;
}

/* [-0, +1, v] data.base64(data [, for_url]) -> string */
static int data_base64(lua_State *L)
{
  size_t len;
  const char *data = luaL_checklstring(L, 1, &len);
  int for_url = lua_toboolean(L, 2);
  luaL_Buffer buf;
  char *out = luaL_buffinitsize(L, &buf, MC_BASE64_TEXT(len));

  luaL_pushresultsize(&buf, mc_base64_encode(out, data, len, for_url));
  return 1;
}

/* [-0, +1, v] data.from_base64(text) -> string | nil */
static int data_from_base64(lua_State *L)
{
  size_t len, out_len;
  const char *text = luaL_checklstring(L, 1, &len);
  luaL_Buffer buf;
  char *out = luaL_buffinitsize(L, &buf, MC_BASE64_BYTES(len));

  if(mc_base64_decode((unsigned char *)out, &out_len, text, len))
    lua_pushnil(L);
  else
    luaL_pushresultsize(&buf, out_len);
  return 1;
}

static lua_Integer size_of(lua_State *L, int idx, int depth)
{
  lua_Integer total = 0;
  int type;

  if(depth > MCL_MAX_DEPTH)
    luaL_error(L, "a value %s", MCL_TOO_DEEP);
  luaL_checkstack(L, 4, "a value to be measured");
  for(lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
    type = lua_type(L, -1);
    if(type == LUA_TSTRING)
      total += (lua_Integer)lua_rawlen(L, -1) + (lua_Integer)lua_rawlen(L, -2);
    else if(type == LUA_TTABLE)
      total += size_of(L, lua_gettop(L), depth + 1);
  }
  return total;
}

/* [-0, +1, v] data.size_of(table) -> bytes of all texts in it, at whatever depth, and of their
   keys */
static int data_size_of(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_pushinteger(L, size_of(L, 1, 0));
  return 1;
}

/* [-0, +1, v] data.copy(table [, more]) -> table: the table itself, what it holds is shared; with
   room for so many members more */
static int data_copy(lua_State *L)
{
  int count = (int)luaL_optinteger(L, 2, 0);

  luaL_argcheck(L, count >= 0 && count < 1000, 2, "not a number of members");
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  for(lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
    count++;
  lua_createtable(L, 0, count);
  for(lua_pushnil(L); lua_next(L, 1);) {
    lua_pushvalue(L, -2); /* stack: table, copy, key, value, key, value */
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
    lua_pop(L, 1);
  }
  return 1;
}

static int are_equal(lua_State *L, int a, int b, int depth)
{
  lua_Integer left = 0;
  int same = 1;

  if(lua_rawequal(L, a, b))
    return 1;
  if(!lua_istable(L, a) || !lua_istable(L, b))
    return 0;
  if(depth > MAX_COMPARED)
    luaL_error(L, "tables in tables, too deep to compare");
  luaL_checkstack(L, 6, "values to be compared");
  for(lua_pushnil(L); same && lua_next(L, a); lua_pop(L, 1), left++) {
    lua_pushvalue(L, -2);
    lua_rawget(L, b); /* stack: key, item of a, item of b */
    same = are_equal(L, lua_gettop(L) - 1, lua_gettop(L), depth + 1);
    lua_pop(L, 1);
  }
  if(!same) {
    lua_pop(L, 1);
    return 0;
  }
  for(lua_pushnil(L); lua_next(L, b); lua_pop(L, 1))
    left--;
  return !left;
}

/* [-0, +1, v] data.equal(a, b) -> boolean: tables by what they hold */
static int data_equal(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_settop(L, 2);
  lua_pushboolean(L, are_equal(L, 1, 2, 0));
  return 1;
}

/* Whether more tables stand in one another than there may. */
static int is_too_deep(lua_State *L, int idx, int depth)
{
  int found = depth > MCL_MAX_DEPTH;

  luaL_checkstack(L, 4, "a value to be written");
  if(found || lua_type(L, idx) != LUA_TTABLE)
    return found;
  for(lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
    if(lua_istable(L, -1) && is_too_deep(L, lua_gettop(L), depth + 1)) {
      lua_pop(L, 2);
      return 1;
    }
  }
  return 0;
}

/* [-0, +1|2, v] data.json(value, order | nil, is_pretty) -> string | nil, what JSON does not have.
   Compact text tells of the depth first, pretty text of what comes first, and has room for one
   table more. */
static int data_json(lua_State *L)
{
  struct mcL_writer w = {L, NULL, lua_toboolean(L, 3), MCL_MAX_DEPTH};
  const char *why;
  int order;

  luaL_checkany(L, 1);
  order = lua_isnoneornil(L, 2) ? 0 : 2;
  if(order)
    luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  w.out = mcL_scratch(L, SCRATCH_AT);
  if(!w.is_pretty)
    w.max_depth--;
  why = mcL_put_value(&w, 1, order, 0);
  if(why) {
    lua_settop(L, 1);
    lua_pushnil(L);
    lua_pushstring(L, !w.is_pretty && is_too_deep(L, 1, 1) ? MCL_TOO_DEEP : why);
    return 2;
  }
  if(w.is_pretty)
    mcL_put(&w, "\n", 1);
  mcL_push_scratch(L, w.out);
  return 1;
}

/* [-0, +1, m] */
int mcL_open_data(lua_State *L)
{
  static const luaL_Reg functions[] = {{"is_utf8", data_is_utf8},
                                       {"base64", data_base64},
                                       {"from_base64", data_from_base64},
                                       {"size_of", data_size_of},
                                       {"copy", data_copy},
                                       {"equal", data_equal},
                                       {NULL, NULL}};
  static const luaL_Reg writers[] = {{"json", data_json}, {NULL, NULL}};

  luaL_newlib(L, functions);
  mcL_new_scratch(L);
  luaL_setfuncs(L, writers, 1);
  luaL_newmetatable(L, MCL_LIST);
  lua_setfield(L, -2, "list");
  return 1;
}
