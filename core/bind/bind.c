#include "bind/bind.h"

#include <math.h>
#include <string.h>

/* [-0, +1, m] */
void mcL_push_err(lua_State *L, const struct mc_err *err)
{
  lua_createtable(L, 0, 4);
  lua_pushstring(L, mc_code_name(err->code));
  lua_setfield(L, -2, "code");
  lua_pushstring(L, err->msg);
  lua_setfield(L, -2, "message");
  if(err->pos >= 0) {
    lua_pushinteger(L, err->pos);
    lua_setfield(L, -2, "pos");
  }
  if(err->sys) {
    lua_pushinteger(L, err->sys);
    lua_setfield(L, -2, "sys");
  }
  luaL_setmetatable(L, "mooncron.err");
}

/* [-0, +2, m] */
int mcL_fail(lua_State *L, const struct mc_err *err)
{
  lua_pushnil(L);
  mcL_push_err(L, err);
  return 2;
}

/* [-0, +0, m] */
void mcL_new_class(lua_State *L, const char *name, const luaL_Reg *methods, const luaL_Reg *meta)
{
  if(luaL_newmetatable(L, name)) {
    luaL_setfuncs(L, meta, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
}

static const struct mcL_option *find_option(const struct mcL_option *rows, const char *name)
{
  for(; rows->name; rows++) {
    if(!strcmp(rows->name, name))
      return rows;
  }
  return NULL;
}

/* [-0, +0, v] the value on top into its place */
static void read_option(lua_State *L, const struct mcL_option *row, void *out)
{
  char *at = (char *)out + row->offset;
  struct mcL_bytes *bytes;
  const char *text;
  size_t len;
  lua_Number seconds;
  int64_t n;
  int exact;

  switch(row->type) {
  case MCL_INT:
    n = lua_tointegerx(L, -1, &exact);
    if(!exact || lua_type(L, -1) != LUA_TNUMBER)
      luaL_error(L, "option '%s' must be an integer, not %s", row->name, luaL_typename(L, -1));
    if(n < row->min || n > row->max)
      luaL_error(L, "option '%s' is %I, not in %I-%I", row->name, (LUAI_UACINT)n,
                 (LUAI_UACINT)row->min, (LUAI_UACINT)row->max);
    *(int64_t *)(void *)at = n;
    return;
  case MCL_SECONDS:
    seconds = lua_tonumberx(L, -1, &exact);
    if(!exact)
      luaL_error(L, "option '%s' must be a number, not %s", row->name, luaL_typename(L, -1));
    seconds = ceil(seconds * 1000);
    if(!(seconds >= (lua_Number)row->min && seconds <= (lua_Number)row->max))
      luaL_error(L, "option '%s' is %f ms, not in %I-%I", row->name, seconds, (LUAI_UACINT)row->min,
                 (LUAI_UACINT)row->max);
    *(int64_t *)(void *)at = (int64_t)seconds;
    return;
  case MCL_OTHER:
    return;
  case MCL_BOOL:
    if(!lua_isboolean(L, -1))
      luaL_error(L, "option '%s' must be true or false", row->name);
    *(int *)(void *)at = lua_toboolean(L, -1);
    return;
  case MCL_TEXT:
    if(lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "option '%s' must be a string, not %s", row->name, luaL_typename(L, -1));
    text = lua_tolstring(L, -1, &len);
    if(strlen(text) != len)
      luaL_error(L, "option '%s' contains a zero byte", row->name);
    *(const char **)(void *)at = text;
    return;
  case MCL_BYTES:
    if(lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "option '%s' must be a string, not %s", row->name, luaL_typename(L, -1));
    bytes = (struct mcL_bytes *)(void *)at;
    bytes->data = lua_tolstring(L, -1, &bytes->len);
    return;
  }
}

/* [-0, +0, v] raise in the function that called the caller of the running one */
static void no_such_field(lua_State *L, const char *what)
{
  luaL_where(L, 2);
  lua_pushfstring(L, "unknown field '%s' in %s", luaL_tolstring(L, -3, NULL), what);
  lua_remove(L, -2); /* stack: where, text */
  lua_concat(L, 2);
  lua_error(L);
}

/* [-0, +0, v] */
void mcL_read_fields(lua_State *L, int idx, const struct mcL_option *rows, void *out,
                     const char *what)
{
  const struct mcL_option *row;

  luaL_checktype(L, idx, LUA_TTABLE);
  idx = lua_absindex(L, idx);
  lua_pushnil(L);
  while(lua_next(L, idx)) {
    row = lua_type(L, -2) == LUA_TSTRING ? find_option(rows, lua_tostring(L, -2)) : NULL;
    if(!row)
      no_such_field(L, what);
    else
      read_option(L, row, out);
    lua_pop(L, 1);
  }
}

/* [-0, +0, v] */
void mcL_read_options(lua_State *L, int idx, const struct mcL_option *rows, void *out)
{
  const struct mcL_option *row;

  if(lua_isnoneornil(L, idx))
    return;
  luaL_checktype(L, idx, LUA_TTABLE);
  idx = lua_absindex(L, idx);
  lua_pushnil(L);
  while(lua_next(L, idx)) {
    if(lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "option names are strings, not %s", luaL_typename(L, -2));
    row = find_option(rows, lua_tostring(L, -2));
    if(!row)
      luaL_error(L, "unknown option '%s'", lua_tostring(L, -2));
    else
      read_option(L, row, out);
    lua_pop(L, 1);
  }
}
