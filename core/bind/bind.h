#ifndef MC_BIND_BIND_H
#define MC_BIND_BIND_H

/* What the l_*.c files share. Every exposed function: check arguments (may raise, owns nothing) >
   make the userdata in its closed state > set the metatable > acquire > push. Stack effects are
   written [-pops, +pushes, raises?]. */

#include <lauxlib.h>
#include <lua.h>

#include "base/err.h"

struct mc_event;
struct mc_loop;

/* [-0, +2, m] push nil and the error object (a table with the metatable of mooncron.err); returns
   2. */
int mcL_fail(lua_State *L, const struct mc_err *err);

/* [-0, +1, m] push the error object alone. */
void mcL_push_err(lua_State *L, const struct mc_err *err);

/* [-0, +0, m] make the metatable `name` with `methods` as its __index (a separate table) and `meta`
   set in it; does nothing when it is there already. */
void mcL_new_class(lua_State *L, const char *name, const luaL_Reg *methods, const luaL_Reg *meta);

/* One row of an option table. Integers are lua_Integer within [min, max], seconds any number that
   is so many milliseconds; texts may not contain NUL; another kind of value is read elsewhere. */
enum mcL_option_type { MCL_INT, MCL_SECONDS, MCL_BOOL, MCL_TEXT, MCL_BYTES, MCL_OTHER };
struct mcL_bytes {
  const char *data;
  size_t len;
};
struct mcL_option {
  const char *name;
  enum mcL_option_type type;
  /* into the plain struct: int64_t, int (0/1), const char * or struct mcL_bytes, borrowed from the
     table */
  size_t offset;
  int64_t min, max;
};

/* [-0, +0, v] read the table at `idx` (nil or none: nothing) into the plain struct `out`, row by
   row. A key that no row names and a value of the wrong type raise. Texts stay valid while the
   table holds them. */
void mcL_read_options(lua_State *L, int idx, const struct mcL_option *rows, void *out);

/* [-0, +0, v] the same for a table that a script has passed to the function that calls this one: a
   key that no row names raises where that was called, "unknown field 'x' in WHAT". */
void mcL_read_fields(lua_State *L, int idx, const struct mcL_option *rows, void *out,
                     const char *what);

/* [-0, +1, m] one open function per layer: pushes its table of functions. */
int mcL_open_fs(lua_State *L);
int mcL_open_time(lua_State *L);
int mcL_open_loop(lua_State *L);
int mcL_open_net(lua_State *L);
int mcL_open_auth(lua_State *L);
int mcL_open_store(lua_State *L);
int mcL_open_data(lua_State *L);
int mcL_open_message(lua_State *L);
int mcL_open_plain(lua_State *L);

/* [-0, +0, m] add the functions of l_policy.c (retries, rate limits) to the table on top. */
void mcL_add_policy(lua_State *L);

/* [-0, +0, v] the loop at `idx`; raises when it is none or closed. */
struct mc_loop *mcL_check_loop(lua_State *L, int idx);

/* [-0, +1, m] the table of an event. l_loop.c asks each layer in turn; a layer that does not know
   the type returns 0 and pushes nothing. */
int mcL_push_net_event(lua_State *L, const struct mc_event *event);
int mcL_push_line_event(lua_State *L, const struct mc_event *event);

/* [-0, +1, m] the functions of core.loop.line (l_line.c) */
int mcL_open_line(lua_State *L);

#endif
