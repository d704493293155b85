#include "bind/bind.h"

#include <string.h>

#include "base/fs.h"

static const char *check_path(lua_State *L, int idx)
{
  size_t len;
  const char *path = luaL_checklstring(L, idx, &len);

  luaL_argcheck(L, strlen(path) == len && len, idx, "a path is not empty and has no zero byte");
  return path;
}

/* [-0, +1|2, v] fs.mkdirs(path) -> true | nil, err */
static int fs_mkdirs(lua_State *L)
{
  struct mc_err err;

  if(mc_fs_mkdirs(check_path(L, 1), &err))
    return mcL_fail(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1|2, v] fs.write(path, data [, mode = 0600]) -> true | nil, err */
static int fs_write(lua_State *L)
{
  const char *path = check_path(L, 1), *data;
  lua_Integer mode = luaL_optinteger(L, 3, 0600);
  struct mc_err err;
  size_t len;

  data = luaL_checklstring(L, 2, &len);
  luaL_argcheck(L, mode >= 0 && mode <= 0777, 3, "a mode is in 0-0777");
  if(mc_fs_write(path, data, len, (int)mode, &err))
    return mcL_fail(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1|2, v] fs.identity(path) -> string, equal for the same file or folder | nil, err */
static int fs_identity(lua_State *L)
{
  char identity[MC_FS_IDENTITY];
  struct mc_err err;

  if(mc_fs_identity(identity, check_path(L, 1), &err))
    return mcL_fail(L, &err);
  lua_pushstring(L, identity);
  return 1;
}

/* [-0, +1, v] fs.holder(path) -> id of a process that holds a lock on the file | nil */
static int fs_holder(lua_State *L)
{
  long pid = mc_fs_holder(check_path(L, 1));

  if(pid)
    lua_pushinteger(L, pid);
  else
    lua_pushnil(L);
  return 1;
}

/* [-0, +1, -] fs.raise_open_files() -> how many files this process may have open */
static int fs_raise_open_files(lua_State *L)
{
  lua_pushinteger(L, mc_fs_raise_open_files());
  return 1;
}

/* [-0, +1, m] */
int mcL_open_fs(lua_State *L)
{
  static const luaL_Reg functions[] = {{"mkdirs", fs_mkdirs},
                                       {"write", fs_write},
                                       {"identity", fs_identity},
                                       {"holder", fs_holder},
                                       {"raise_open_files", fs_raise_open_files},
                                       {NULL, NULL}};

  luaL_newlib(L, functions);
  return 1;
}
