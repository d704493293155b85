#include "bind/text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SCRATCH "mooncron.scratch"
#define MAX_TEXT (SIZE_MAX / 4)
#define MAX_KEPT 65536

static const char MIXED[] = "a table with both list items and named members, or a list with holes";

/* ---- the buffer ---- */

/* [-0, +0, -] */
static int scratch_gc(lua_State *L)
{
  mc_buf_clear(lua_touserdata(L, 1));
  return 0;
}

/* [-0, +1, m] */
void mcL_new_scratch(lua_State *L)
{
  static const luaL_Reg methods[] = {{NULL, NULL}};
  static const luaL_Reg meta[] = {{"__gc", scratch_gc}, {NULL, NULL}};
  struct mc_buf *buf;

  mcL_new_class(L, SCRATCH, methods, meta);
  buf = lua_newuserdatauv(L, sizeof(*buf), 0);
  mc_buf_init(buf, MAX_TEXT);
  luaL_setmetatable(L, SCRATCH);
}

/* [-0, +0, -] */
struct mc_buf *mcL_scratch(lua_State *L, int idx)
{
  struct mc_buf *buf = lua_touserdata(L, idx);

  if(buf->cap > MAX_KEPT) /* left by a text that failed */
    mc_buf_clear(buf);
  buf->len = 0;
  return buf;
}

/* [-0, +1, m] */
void mcL_push_scratch(lua_State *L, struct mc_buf *buf)
{
  lua_pushlstring(L, buf->len ? buf->data : "", buf->len);
  if(buf->cap > MAX_KEPT)
    mc_buf_clear(buf);
}

static void check(const struct mcL_writer *w, int rc)
{
  if(rc)
    luaL_error(w->L, "out of memory");
}

/* [-0, +0, m] */
char *mcL_grow(struct mcL_writer *w, size_t len)
{
  check(w, mc_buf_reserve(w->out, len, NULL));
  return w->out->data + w->out->len;
}

/* [-0, +0, m] */
void mcL_put_quoted(struct mcL_writer *w, const char *text, size_t len)
{
  check(w, mc_buf_add_json(w->out, text, len, NULL));
}

/* When pretty, a new line and the indent of `depth`, to `at`. Returns its end. */
static char *put_line(const struct mcL_writer *w, char *at, int depth)
{
  if(!w->is_pretty)
    return at;
  *at = '\n';
  memset(at + 1, ' ', 2 * (size_t)depth);
  return at + 1 + 2 * depth;
}

/* [-0, +0, m] */
void mcL_open_item(struct mcL_writer *w, char mark, int depth)
{
  char *at = mcL_room(w, 2 + 2 * (size_t)depth);

  *at = mark;
  w->out->len = (size_t)(put_line(w, at + 1, depth) - w->out->data);
}

/* [-0, +0, m] */
void mcL_close_items(struct mcL_writer *w, char mark, int depth)
{
  char *at = put_line(w, mcL_room(w, 2 + 2 * (size_t)depth), depth);

  *at++ = mark;
  w->out->len = (size_t)(at - w->out->data);
}

/* ---- values ---- */

static const char *put_number(struct mcL_writer *w, int idx)
{
  int is_whole;
  lua_Integer whole = lua_tointegerx(w->L, idx, &is_whole);
  lua_Number number = lua_tonumber(w->L, idx);
  char text[40];

  if(is_whole) {
    snprintf(text, sizeof(text), LUA_INTEGER_FMT, whole);
  } else if(!isfinite(number)) {
    return "a number that is not finite";
  } else {
    snprintf(text, sizeof(text), "%.15g", number);
    if(strtod(text, NULL) != number)
      snprintf(text, sizeof(text), "%.17g", number);
  }
  mcL_put(w, text, strlen(text));
  return NULL;
}

static lua_Integer count_members(lua_State *L, int idx)
{
  lua_Integer n = 0;

  for(lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
    n++;
  return n;
}

static int is_marked_list(lua_State *L, int idx)
{
  int is_list;

  if(!lua_getmetatable(L, idx))
    return 0;
  luaL_getmetatable(L, MCL_LIST);
  is_list = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is_list;
}

static const char *put_items(struct mcL_writer *w, int idx, int order, int depth)
{
  lua_State *L = w->L;
  lua_Integer count = count_members(L, idx), i;
  const char *why = NULL;

  if((lua_Unsigned)count != lua_rawlen(L, idx))
    return MIXED;
  for(i = 1; !why && i <= count; i++) {
    mcL_open_item(w, i == 1 ? '[' : ',', depth + 1);
    lua_rawgeti(L, idx, i);
    why = mcL_put_value(w, lua_gettop(L), order, depth + 1);
    lua_pop(L, 1);
  }
  mcL_close_items(w, ']', depth);
  return why;
}

/* The member whose key and value are on top. */
static const char *put_member(struct mcL_writer *w, char mark, int order, int depth)
{
  lua_State *L = w->L;
  int item = lua_gettop(L);
  const char *why, *name;
  size_t len;

  mcL_open_item(w, mark, depth + 1);
  name = lua_tolstring(L, item - 1, &len);
  mcL_put_quoted(w, name, len);
  mcL_put(w, ": ", w->is_pretty ? 2 : 1);
  if(order) {
    lua_pushvalue(L, item - 1);
    order = lua_rawget(L, order) == LUA_TTABLE ? item + 1 : 0;
  }
  why = mcL_put_value(w, item, order, depth + 1);
  lua_settop(L, item);
  return why;
}

struct key {
  const char *text;
  size_t len;
};

static int compare_keys(const void *a, const void *b)
{
  const struct key *x = a, *y = b;
  int d = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

  return d ? d : (x->len > y->len) - (x->len < y->len);
}

/* Whether the list at `order` has the value on top. */
static int is_ordered(lua_State *L, int order)
{
  lua_Integer i, n = order ? (lua_Integer)lua_rawlen(L, order) : 0;
  int found = 0;

  for(i = 1; !found && i <= n; i++) {
    lua_rawgeti(L, order, i);
    found = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
  }
  return found;
}

/* The keys at `idx` that the order does not have, sorted, into `keys`. */
static const char *other_keys(lua_State *L, int idx, int order, struct key *keys, size_t *count)
{
  size_t n = 0;

  for(lua_pushnil(L); lua_next(L, idx);) {
    lua_pop(L, 1);
    if(lua_type(L, -1) != LUA_TSTRING)
      return MIXED;
    if(!is_ordered(L, order)) {
      keys[n].text = lua_tolstring(L, -1, &keys[n].len);
      n++;
    }
  }
  qsort(keys, n, sizeof(*keys), compare_keys);
  *count = n;
  return NULL;
}

/* The members that the order does not name, of the `size` that there are. */
static const char *put_others(struct mcL_writer *w, int idx, int order, int depth, size_t size,
                              char mark)
{
  lua_State *L = w->L;
  struct key few[16], *keys = few;
  size_t count = 0, i;
  int top = lua_gettop(L);
  const char *why;

  if(size > sizeof(few) / sizeof(few[0]))
    keys = lua_newuserdatauv(L, size * sizeof(*keys), 0);
  why = other_keys(L, idx, order, keys, &count);
  for(i = 0; !why && i < count; i++, mark = ',') {
    lua_pushlstring(L, keys[i].text, keys[i].len);
    lua_pushvalue(L, -1);
    lua_rawget(L, idx);
    why = put_member(w, mark, order, depth);
    lua_pop(L, 2);
  }
  lua_settop(L, top);
  return why;
}

static const char *put_members(struct mcL_writer *w, int idx, int order, int depth)
{
  lua_State *L = w->L;
  lua_Integer size = count_members(L, idx), left = size, i;
  lua_Integer ordered = order ? (lua_Integer)lua_rawlen(L, order) : 0;
  const char *why = NULL;
  char mark = '{';

  for(i = 1; !why && left && i <= ordered; i++) {
    lua_rawgeti(L, order, i);
    lua_pushvalue(L, -1);
    if(lua_rawget(L, idx) != LUA_TNIL) {
      why = put_member(w, mark, order, depth);
      mark = ',';
      left--;
    }
    lua_pop(L, 2);
  }
  if(!why && left)
    why = put_others(w, idx, order, depth, (size_t)size, mark);
  mcL_close_items(w, '}', depth);
  return why;
}

static const char *put_table(struct mcL_writer *w, int idx, int order, int depth)
{
  lua_State *L = w->L;
  int is_list;

  if(depth > w->max_depth)
    return MCL_TOO_DEEP;
  luaL_checkstack(L, 12, "a value to be written");
  lua_pushnil(L);
  if(!lua_next(L, idx)) {
    mcL_put(w, is_marked_list(L, idx) ? "[]" : "{}", 2);
    return NULL;
  }
  lua_pop(L, 2);
  is_list = lua_rawgeti(L, idx, 1) != LUA_TNIL;
  lua_pop(L, 1);
  return is_list ? put_items(w, idx, order, depth) : put_members(w, idx, order, depth);
}

/* [-0, +0, m] */
const char *mcL_put_value(struct mcL_writer *w, int idx, int order, int depth)
{
  const char *text;
  size_t len;

  switch(lua_type(w->L, idx)) {
  case LUA_TTABLE:
    return put_table(w, idx, order, depth);
  case LUA_TSTRING:
    text = lua_tolstring(w->L, idx, &len);
    mcL_put_quoted(w, text, len);
    return NULL;
  case LUA_TNUMBER:
    return put_number(w, idx);
  case LUA_TBOOLEAN:
    if(lua_toboolean(w->L, idx))
      mcL_put(w, "true", 4);
    else
      mcL_put(w, "false", 5);
    return NULL;
  case LUA_TLIGHTUSERDATA:
    if(mcL_is_null(w->L, idx)) {
      mcL_put(w, "null", 4);
      return NULL;
    }
    return "a userdata";
  case LUA_TUSERDATA:
    return "a userdata";
  case LUA_TFUNCTION:
    return "a function";
  case LUA_TTHREAD:
    return "a thread";
  default:
    return "a nil";
  }
}
