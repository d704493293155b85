#include "host/embed.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

static const struct mc_embedded *find(const char *name)
{
  const struct mc_embedded *file;

  for(file = mc_embedded; file->name; file++) {
    if(!strcmp(file->name, name))
      return file;
  }
  return NULL;
}

static bool is_source(const struct mc_embedded *file)
{
  return file->code_len > 0;
}

/* [-0, +1, v] */
int mc_embed_asset(lua_State *L)
{
  const struct mc_embedded *file = find(luaL_checkstring(L, 1));

  if(file && !is_source(file))
    lua_pushlstring(L, file->text, file->len);
  else
    lua_pushnil(L);
  return 1;
}

/* [-0, +1, v] */
int mc_embed_source(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  const struct mc_embedded *file;

  for(file = mc_embedded; file->name; file++) {
    if(is_source(file) && !strcmp(file->chunk + 1, path)) { /* past the "@" */
      lua_pushlstring(L, file->text, file->len);
      return 1;
    }
  }
  lua_pushnil(L);
  return 1;
}

/* [-0, +1, -] a source's chunk, or a message. Code of a Lua that is not quite the one at hand is
   refused for its header: then the text is compiled. */
static int load_source(lua_State *L, const struct mc_embedded *file)
{
  if(luaL_loadbufferx(L, file->code, file->code_len, file->chunk, "b") == LUA_OK)
    return LUA_OK;
  lua_pop(L, 1);
  return luaL_loadbufferx(L, file->text, file->len, file->chunk, "t");
}

/* [-1, +1|2, -] the searcher: module name -> loader, chunk name | message */
static int find_embedded(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  const struct mc_embedded *file = find(name);

  if(!file || !is_source(file)) {
    lua_pushfstring(L, "no embedded module '%s'", name);
    return 1;
  }
  if(load_source(L, file))
    return lua_error(L);
  lua_pushstring(L, file->chunk);
  return 2;
}

/* [-0, +0, m] table.insert(package.searchers, at, find_embedded) */
static void insert_searcher(lua_State *L, lua_Integer at)
{
  lua_Integer i;

  lua_getfield(L, -1, "searchers"); /* stack: package, searchers */
  for(i = (lua_Integer)lua_rawlen(L, -1); i >= at; i--) {
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushcfunction(L, find_embedded);
  lua_rawseti(L, -2, at);
  lua_pop(L, 1);
}

/* [-0, +0, m] */
void mc_embed_install(lua_State *L)
{
  const char *folder = getenv("MOONCRON_LUA_PATH");

  lua_getglobal(L, "package");
  if(folder) { /* the file searcher stays second and finds this folder first */
    lua_getfield(L, -1, "path");
    lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", folder, folder, lua_tostring(L, -1));
    lua_setfield(L, -3, "path");
    lua_pop(L, 1);
  }
  insert_searcher(L, folder ? 3 : 2);
  lua_pop(L, 1);
}
