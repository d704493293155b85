#ifndef MC_BIND_L_AUTH_H
#define MC_BIND_L_AUTH_H

#include <lua.h>

/* What the two files of core.auth share. */

/* [-0, +0, v] the string at `idx`, which must hold no zero byte */
const char *mcL_check_text(lua_State *L, int idx);

/* [-0, +0, m] add the functions about credentials to the table on top */
void mcL_add_credentials(lua_State *L);

#endif
