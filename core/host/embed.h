#ifndef MC_HOST_EMBED_H
#define MC_HOST_EMBED_H

#include <stddef.h>

#include <lua.h>

/* What the interpreter carries: the Lua sources, and the pages that they serve; made from
   lua/mooncron by embed.lua at build time. */
struct mc_embedded {
  const char *name; /* "mooncron.task", "mooncron/console/index.html"; NULL ends the list */
  const char *chunk; /* "@mooncron/task.lua", so that messages name the file */
  const char *text;
  size_t len;
  const char *code; /* a Lua source, compiled by the Lua of the build */
  size_t code_len; /* 0: a page */
};
extern const struct mc_embedded mc_embedded[];

/* [-0, +0, m] let `require` find them: one searcher, behind package.preload and before the file
   system. The folder in MOONCRON_LUA_PATH, if set, comes first: for work on mooncron itself. */
void mc_embed_install(lua_State *L);

/* [-0, +1, v] asset(path) -> text of a carried file that is no Lua source | nil */
int mc_embed_asset(lua_State *L);

/* [-0, +1, v] source("mooncron/task.lua") -> text of the Lua source with this chunk name | nil */
int mc_embed_source(lua_State *L);

#endif
