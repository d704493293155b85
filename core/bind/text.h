#ifndef MC_BIND_TEXT_H
#define MC_BIND_TEXT_H

/* JSON text out of Lua values: what l_data.c and the messages share. Nothing here calls Lua: tables
   are read raw. */

#include <string.h>

#include "base/buf.h"
#include "bind/bind.h"

/* Tables in tables that JSON may have. */
#define MCL_MAX_DEPTH 32
#define MCL_TOO_DEEP "nested deeper than 32 levels"
/* Metatable of a table that is a list even when it is empty. */
#define MCL_LIST "mooncron.json.list"

/* [-0, +1, m] push a userdata that holds a buffer for texts that are being made. As an upvalue it
   serves every call: an error on the way leaks nothing. */
void mcL_new_scratch(lua_State *L);

/* [-0, +0, -] the buffer of the scratch userdata at `idx`, emptied. */
struct mc_buf *mcL_scratch(lua_State *L, int idx);

/* [-0, +1, m] push what the buffer holds; a large buffer is given back. */
void mcL_push_scratch(lua_State *L, struct mc_buf *buf);

/* [-0, +0, -] whether the value at `idx` is what stands for JSON's null: cjson's null. */
static inline int mcL_is_null(lua_State *L, int idx)
{
  return lua_islightuserdata(L, idx) && !lua_touserdata(L, idx);
}

struct mcL_writer {
  lua_State *L;
  struct mc_buf *out;
  int is_pretty;
  int max_depth; /* tables that may stand around a table */
};

/* [-0, +0, m] where `len` bytes can be put; who puts them moves the buffer's end */
char *mcL_grow(struct mcL_writer *w, size_t len);
static inline char *mcL_room(struct mcL_writer *w, size_t len)
{
  return w->out->cap - w->out->len > len ? w->out->data + w->out->len : mcL_grow(w, len);
}

/* [-0, +0, m] append */
static inline void mcL_put(struct mcL_writer *w, const char *text, size_t len)
{
  memcpy(mcL_room(w, len), text, len);
  w->out->len += len;
}

/* [-0, +0, m] append a text in quotes */
void mcL_put_quoted(struct mcL_writer *w, const char *text, size_t len);
/* [-0, +0, m] append `mark`, after which a member or an item comes that `depth` tables stand
   around; or `mark` at the end of a table's items. Pretty text has new lines there. */
void mcL_open_item(struct mcL_writer *w, char mark, int depth);
void mcL_close_items(struct mcL_writer *w, char mark, int depth);

/* [-0, +0, m] append the value at `idx`, a table with the members that the list at `order` (0:
   none) names first and the others sorted. `depth` tables stand around it. Returns NULL, or what
   JSON does not have; the text is of no use then. */
const char *mcL_put_value(struct mcL_writer *w, int idx, int order, int depth);

#endif
