#include "bind/bind.h"

#include <string.h>

#include "loop/line.h"

#define MCL_LINE "mooncron.line"

struct line_ud {
  struct mc_line *line;
};

static struct mc_line *check_open(lua_State *L)
{
  struct line_ud *u = luaL_checkudata(L, 1, MCL_LINE);

  luaL_argcheck(L, u->line, 1, "the line editor is closed");
  return u->line;
}

/* [-0, +0, v] text without a zero byte */
static const char *check_text(lua_State *L, int idx)
{
  size_t len;
  const char *text = luaL_checklstring(L, idx, &len);

  luaL_argcheck(L, strlen(text) == len, idx, "the text contains a zero byte");
  return text;
}

/* [-0, +1|2, v] line.new(loop) -> line | nil, err */
static int line_new(lua_State *L)
{
  struct mc_loop *loop = mcL_check_loop(L, 1);
  struct line_ud *u = lua_newuserdatauv(L, sizeof(*u), 0);
  struct mc_err err;

  u->line = NULL;
  luaL_setmetatable(L, MCL_LINE);
  if(mc_line_new(&u->line, loop, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int line_close(lua_State *L)
{
  struct line_ud *u = luaL_checkudata(L, 1, MCL_LINE);
  struct mc_line *line = u->line;

  u->line = NULL;
  mc_line_free(line);
  return 0;
}

/* [-0, +1, v] */
static int line_tostring(lua_State *L)
{
  struct line_ud *u = luaL_checkudata(L, 1, MCL_LINE);

  lua_pushstring(L, u->line ? MCL_LINE : MCL_LINE " (closed)");
  return 1;
}

/* [-0, +1, v] line:is_terminal() -> boolean */
static int line_is_terminal(lua_State *L)
{
  lua_pushboolean(L, mc_line_is_terminal(check_open(L)));
  return 1;
}

/* [-0, +1|2, v] line:read(prompt) -> id | nil, err */
static int line_read(lua_State *L)
{
  struct mc_line *line = check_open(L);
  const char *prompt = check_text(L, 2);
  struct mc_err err;
  uint64_t id;

  if(mc_line_read(line, prompt, &id, &err))
    return mcL_fail(L, &err);
  lua_pushinteger(L, (lua_Integer)id);
  return 1;
}

/* [-0, +0, v] line:complete(insert, listing) */
static int line_complete(lua_State *L)
{
  struct mc_line *line = check_open(L);
  const char *insert = check_text(L, 2);

  mc_line_complete(line, insert, check_text(L, 3));
  return 0;
}

/* [-0, +0, v] line:remember(text) */
static int line_remember(lua_State *L)
{
  struct mc_line *line = check_open(L);

  mc_line_remember(line, check_text(L, 2));
  return 0;
}

/* [-0, +1|2, v] */
static int path_call(lua_State *L,
                     int (*call)(struct mc_line *line, const char *path, struct mc_err *err))
{
  struct mc_line *line = check_open(L);
  const char *path = check_text(L, 2);
  struct mc_err err;

  if(call(line, path, &err))
    return mcL_fail(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1|2, v] line:load_history(path) -> true | nil, err */
static int line_load_history(lua_State *L)
{
  return path_call(L, mc_line_load_history);
}

/* [-0, +1|2, v] line:save_history(path) -> true | nil, err */
static int line_save_history(lua_State *L)
{
  return path_call(L, mc_line_save_history);
}

/* [-0, +1|0, m] */
int mcL_push_line_event(lua_State *L, const struct mc_event *event)
{
  const struct mc_line_event *line = (const struct mc_line_event *)event;

  if(event->type != &mc_line_event_type && event->type != &mc_complete_event_type)
    return 0;
  lua_createtable(L, 0, 5);
  if(line->text) {
    lua_pushlstring(L, line->text, line->len);
    lua_setfield(L, -2, "text");
  }
  lua_pushinteger(L, (lua_Integer)line->cursor);
  lua_setfield(L, -2, "cursor");
  lua_pushboolean(L, line->interrupted);
  lua_setfield(L, -2, "interrupted");
  return 1;
}

/* [-0, +1, m] */
int mcL_open_line(lua_State *L)
{
  static const luaL_Reg methods[] = {{"close", line_close},
                                     {"is_terminal", line_is_terminal},
                                     {"read", line_read},
                                     {"complete", line_complete},
                                     {"remember", line_remember},
                                     {"load_history", line_load_history},
                                     {"save_history", line_save_history},
                                     {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__gc", line_close}, {"__close", line_close}, {"__tostring", line_tostring}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", line_new}, {NULL, NULL}};

  mcL_new_class(L, MCL_LINE, methods, meta);
  luaL_newlib(L, functions);
  return 1;
}
