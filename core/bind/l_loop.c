#include "bind/bind.h"

#include <signal.h>
#include <string.h>

#include "loop/loop.h"
#include "loop/process.h"

#define MCL_LOOP "mooncron.loop"

#define MAX_LIST 10000

struct loop_ud {
  struct mc_loop *loop;
};

static struct loop_ud *check_open(lua_State *L, int idx)
{
  struct loop_ud *u = luaL_checkudata(L, idx, MCL_LOOP);

  luaL_argcheck(L, u->loop, idx, "the loop is closed");
  return u;
}

/* [-0, +0, v] */
struct mc_loop *mcL_check_loop(lua_State *L, int idx)
{
  return check_open(L, idx)->loop;
}

/* [-0, +1|2, v] loop.new() -> loop | nil, err */
static int loop_new(lua_State *L)
{
  struct loop_ud *u = lua_newuserdatauv(L, sizeof(*u), 0);
  struct mc_err err;

  u->loop = NULL;
  luaL_setmetatable(L, MCL_LOOP);
  if(mc_loop_new(&u->loop, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int loop_close(lua_State *L)
{
  struct loop_ud *u = luaL_checkudata(L, 1, MCL_LOOP);
  struct mc_loop *loop = u->loop;

  u->loop = NULL;
  mc_loop_free(loop);
  return 0;
}

/* [-0, +1, m] */
static int loop_tostring(lua_State *L)
{
  struct loop_ud *u = luaL_checkudata(L, 1, MCL_LOOP);

  if(!u->loop)
    lua_pushliteral(L, "mooncron.loop (closed)");
  else
    lua_pushfstring(L, "mooncron.loop (%I running)", (LUAI_UACINT)mc_loop_pending(u->loop));
  return 1;
}

/* [-0, +1, m] */
static void push_process(lua_State *L, const struct mc_process_event *process)
{
  lua_createtable(L, 0, 7);
  lua_pushinteger(L, process->exit_code);
  lua_setfield(L, -2, "code");
  lua_pushinteger(L, process->signum);
  lua_setfield(L, -2, "signum");
  lua_pushlstring(L, process->out.len ? process->out.data : "", process->out.len);
  lua_setfield(L, -2, "stdout");
  lua_pushlstring(L, process->err_out.len ? process->err_out.data : "", process->err_out.len);
  lua_setfield(L, -2, "stderr");
  if(process->err.code) {
    mcL_push_err(L, &process->err);
    lua_setfield(L, -2, "err");
  }
}

/* [-0, +1, m] the table of an event: id, type and what its layer adds */
static void push_event(lua_State *L, const struct mc_event *event)
{
  if(event->type == &mc_process_event_type)
    push_process(L, (const struct mc_process_event *)event);
  else if(!mcL_push_net_event(L, event) && !mcL_push_line_event(L, event))
    lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)event->id);
  lua_setfield(L, -2, "id");
  lua_pushstring(L, event->type->name);
  lua_setfield(L, -2, "type");
  if(event->type == &mc_signal_event_type) {
    lua_pushinteger(L, ((const struct mc_signal_event *)event)->signum);
    lua_setfield(L, -2, "signum");
  }
}

/* [-0, +1|2, v] loop:poll(timeout_ms) -> events | nil, err. An event stays the loop's until its
   table stands, so that an error of memory loses none. */
static int loop_poll(lua_State *L)
{
  struct mc_loop *loop = mcL_check_loop(L, 1);
  lua_Integer timeout_ms = luaL_optinteger(L, 2, -1);
  struct mc_event *event;
  struct mc_err err;
  lua_Integer n = 0;

  if(mc_loop_poll(loop, timeout_ms, &err))
    return mcL_fail(L, &err);
  lua_newtable(L);
  while((event = mc_loop_peek(loop))) {
    push_event(L, event);
    lua_rawseti(L, -2, ++n);
    mc_event_free(mc_loop_take(loop));
  }
  return 1;
}

/* [-0, +1|2, v] loop:timer(delay_ms) -> id | nil, err */
static int loop_timer(lua_State *L)
{
  struct mc_loop *loop = mcL_check_loop(L, 1);
  lua_Integer delay_ms = luaL_checkinteger(L, 2);
  struct mc_err err;
  uint64_t id;

  if(mc_loop_timer(loop, delay_ms, &id, &err))
    return mcL_fail(L, &err);
  lua_pushinteger(L, (lua_Integer)id);
  return 1;
}

static const struct {
  const char *name;
  int signum;
} signals[] = {{"INT", SIGINT},   {"TERM", SIGTERM}, {"HUP", SIGHUP},
               {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"WINCH", SIGWINCH}};

/* [-0, +1|2, v] loop:signal(name) -> id | nil, err */
static int loop_signal(lua_State *L)
{
  struct mc_loop *loop = mcL_check_loop(L, 1);
  const char *name = luaL_checkstring(L, 2);
  struct mc_err err;
  uint64_t id;
  size_t i;

  for(i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
    if(strcmp(signals[i].name, name))
      continue;
    if(mc_loop_signal(loop, signals[i].signum, &id, &err))
      return mcL_fail(L, &err);
    lua_pushinteger(L, (lua_Integer)id);
    return 1;
  }
  return luaL_argerror(L, 2, "not a signal that can be watched");
}

/* [-0, +1, v] the list of strings at `idx` as a NULL-terminated array in a userdata, which is
   pushed; the table holds the texts */
static const char *const *read_list(lua_State *L, int idx, const char *what)
{
  lua_Integer n = 0, i;
  const char **list;
  size_t len;

  if(!lua_isnoneornil(L, idx)) {
    luaL_checktype(L, idx, LUA_TTABLE);
    n = (lua_Integer)lua_rawlen(L, idx);
  }
  luaL_argcheck(L, n <= MAX_LIST, idx, "too long");
  list = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof(*list), 0);
  for(i = 0; i < n; i++) {
    if(lua_rawgeti(L, idx, i + 1) != LUA_TSTRING)
      luaL_error(L, "%s: element %I must be a string, not %s", what, (LUAI_UACINT)(i + 1),
                 luaL_typename(L, -1));
    list[i] = lua_tolstring(L, -1, &len);
    if(strlen(list[i]) != len)
      luaL_error(L, "%s: element %I contains a zero byte", what, (LUAI_UACINT)(i + 1));
    lua_pop(L, 1);
  }
  list[n] = NULL;
  return list;
}

struct spawn_opts {
  struct mc_process_opts process;
  struct mcL_bytes input;
};

/* [-0, +1|2, v] loop:spawn(argv, env, options) -> id | nil, err. argv: a list; env: a list of
   "NAME=value", or nil. */
static int loop_spawn(lua_State *L)
{
#define AT(field) offsetof(struct spawn_opts, process.field)
  static const struct mcL_option rows[] = {
      {"input", MCL_BYTES, offsetof(struct spawn_opts, input), 0, 0},
      {"timeout_ms", MCL_INT, AT(timeout_ms), 0, INT32_MAX},
      {"max_output", MCL_INT, AT(max_output), 0, INT64_C(1) << 32},
      {0}};
#undef AT
  struct mc_loop *loop = mcL_check_loop(L, 1);
  struct spawn_opts opts = {.process = {.max_output = 1 << 20}};
  struct mc_err err;
  uint64_t id;

  lua_settop(L, 4);
  mcL_read_options(L, 4, rows, &opts);
  opts.process.argv = read_list(L, 2, "argv");
  opts.process.env = read_list(L, 3, "env");
  luaL_argcheck(L, opts.process.argv[0], 2, "names no program");
  opts.process.input = opts.input.data;
  opts.process.input_len = opts.input.len;
  if(mc_process_start(loop, &opts.process, &id, &err))
    return mcL_fail(L, &err);
  lua_pushinteger(L, (lua_Integer)id);
  return 1;
}

/* [-0, +1, v] loop:cancel(id) -> boolean: whether it was running */
static int loop_cancel(lua_State *L)
{
  struct mc_loop *loop = mcL_check_loop(L, 1);

  lua_pushboolean(L, mc_loop_cancel(loop, (uint64_t)luaL_checkinteger(L, 2)));
  return 1;
}

/* [-0, +1, v] loop:pending() -> integer: operations that are running */
static int loop_pending(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)mc_loop_pending(mcL_check_loop(L, 1)));
  return 1;
}

/* [-0, +1, -] loop.mono_ms() -> integer */
static int loop_mono_ms(lua_State *L)
{
  lua_pushinteger(L, mc_loop_mono_ms());
  return 1;
}

/* [-0, +1, -] loop.wall_ms() -> integer */
static int loop_wall_ms(lua_State *L)
{
  lua_pushinteger(L, mc_loop_wall_ms());
  return 1;
}

/* [-0, +1, m] */
int mcL_open_loop(lua_State *L)
{
  static const luaL_Reg methods[] = {{"close", loop_close},     {"poll", loop_poll},
                                     {"timer", loop_timer},     {"signal", loop_signal},
                                     {"spawn", loop_spawn},     {"cancel", loop_cancel},
                                     {"pending", loop_pending}, {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__gc", loop_close}, {"__close", loop_close}, {"__tostring", loop_tostring}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"new", loop_new}, {"mono_ms", loop_mono_ms}, {"wall_ms", loop_wall_ms}, {NULL, NULL}};

  mcL_new_class(L, MCL_LOOP, methods, meta);
  luaL_newlib(L, functions);
  mcL_open_line(L);
  lua_setfield(L, -2, "line");
  return 1;
}
