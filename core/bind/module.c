#include "bind/bind.h"

/* Mark visible what a stock interpreter looks for; all else of the core stays inside. */
__attribute__((visibility("default"))) int luaopen_mooncron_core(lua_State *L);

/* [-0, +0, v] errors of the core are objects of mooncron.err: its metatable, under a name the core
   knows. Loading is the one moment at which C may call Lua. */
static void adopt_err_class(lua_State *L)
{
  lua_getglobal(L, "require");
  lua_pushliteral(L, "mooncron.err");
  lua_call(L, 1, 1);
  if(!lua_istable(L, -1) || lua_getfield(L, -1, "metatable") != LUA_TTABLE)
    luaL_error(L, "mooncron.err has no metatable: the Lua files and the C module do not match");
  lua_setfield(L, LUA_REGISTRYINDEX, "mooncron.err");
  lua_pop(L, 1);
}

/* [-0, +1, v] */
int luaopen_mooncron_core(lua_State *L)
{
  static const struct {
    const char *name;
    lua_CFunction open;
  } layers[] = {
      {"fs", mcL_open_fs},     {"time", mcL_open_time},       {"loop", mcL_open_loop},
      {"net", mcL_open_net},   {"auth", mcL_open_auth},       {"store", mcL_open_store},
      {"data", mcL_open_data}, {"message", mcL_open_message}, {"plain", mcL_open_plain},
  };
  size_t i;

  luaL_checkversion(L);
  adopt_err_class(L);
  lua_newtable(L);
  for(i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
    lua_pushcfunction(L, layers[i].open);
    lua_call(L, 0, 1);
    lua_setfield(L, -2, layers[i].name);
  }
  lua_pushliteral(L, MC_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
