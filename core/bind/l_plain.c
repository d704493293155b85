#include "bind/bind.h"

#include <stdint.h>

#include "base/plain.h"

/* [-0, +1, v] plain.parent_length(name [, parent]) -> integer | nil: it is no job's name, or not
   one under the parent */
static int plain_parent_length(lua_State *L)
{
  size_t len, parent_len = 0;
  const char *text = luaL_checklstring(L, 1, &len);
  const char *parent = luaL_optlstring(L, 2, NULL, &parent_len);

  len = mc_plain_parent(text, len, parent, parent_len);
  if(len)
    lua_pushinteger(L, (lua_Integer)len);
  else
    lua_pushnil(L);
  return 1;
}

/* [-0, +1, v] plain.is_uri(text) -> boolean */
static int plain_is_uri(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  lua_pushboolean(L, mc_is_plain_uri(text, len));
  return 1;
}

/* [-0, +1, v] plain.is_mailbox(text) -> boolean */
static int plain_is_mailbox(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  lua_pushboolean(L, mc_is_plain_mailbox(text, len));
  return 1;
}

/* Whether the header whose name and value are on top is plain. `met` has a bit for what was there:
   names that are alike in length and first letter may be the same. */
static int is_header(lua_State *L, uint64_t *met, size_t *total)
{
  size_t len, value_len;
  const char *name, *value;
  uint64_t bit;

  if(lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
    return 0;
  name = lua_tolstring(L, -2, &len);
  value = lua_tolstring(L, -1, &value_len);
  bit = UINT64_C(1) << ((len + 7 * ((unsigned char)name[0] | 0x20)) & 63);
  if(*met & bit || !mc_is_plain_token(name, len) || !mc_is_plain_value(value, value_len))
    return 0;
  *met |= bit;
  *total += len + value_len;
  return 1;
}

/* [-0, +1, v] plain.are_headers(headers, max) -> boolean: less than `max` bytes, none of them
   twice */
static int plain_are_headers(lua_State *L)
{
  lua_Integer max = luaL_checkinteger(L, 2);
  size_t total = 0;
  uint64_t met = 0;
  int fine = 1;

  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  for(lua_pushnil(L); fine && lua_next(L, 1); lua_pop(L, 1))
    fine = is_header(L, &met, &total);
  lua_pushboolean(L, fine && (lua_Integer)total < max);
  return 1;
}

/* [-0, +1, m] */
int mcL_open_plain(lua_State *L)
{
  static const luaL_Reg functions[] = {{"parent_length", plain_parent_length},
                                       {"is_uri", plain_is_uri},
                                       {"is_mailbox", plain_is_mailbox},
                                       {"are_headers", plain_are_headers},
                                       {NULL, NULL}};

  luaL_newlib(L, functions);
  return 1;
}
