#include "bind/bind.h"

/* [-0, +1, m] */
int mcL_open_loop(lua_State *L)
{
  lua_newtable(L);
  return 1;
}
