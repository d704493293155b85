/* The interpreter: a Lua state with the core and the Lua sources inside, and one protected call of
   mooncron.cli. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "host/embed.h"
#include "host/pool.h"

#define EXIT_INTERRUPTED 130

int luaopen_mooncron_core(lua_State *L);

/* ---- mooncron.host: what only the program has ---- */

/* Interrupts that the event loop has not told Lua of yet. A second one while the first is unseen
   means that a script computes without end: then there is no clean way out, and the user has said
   twice that he wants one. */
static volatile sig_atomic_t unseen;
static struct sigaction loop_action;

static void on_interrupt(int signum, siginfo_t *info, void *context)
{
  if(unseen++)
    _exit(EXIT_INTERRUPTED);
  if(loop_action.sa_flags & SA_SIGINFO)
    loop_action.sa_sigaction(signum, info, context);
  else if(loop_action.sa_handler != SIG_DFL && loop_action.sa_handler != SIG_IGN)
    loop_action.sa_handler(signum);
}

/* [-0, +0, -] host.arm_interrupt(): to be called once, after the loop watches INT */
static int host_arm_interrupt(lua_State *L)
{
  struct sigaction action;

  (void)L;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = on_interrupt;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGINT, &action, &loop_action);
  return 0;
}

/* [-0, +0, -] host.interrupt_seen() */
static int host_interrupt_seen(lua_State *L)
{
  (void)L;
  unseen = 0;
  return 0;
}

/* [-0, +1, -] host.interrupt_pending() -> boolean */
static int host_interrupt_pending(lua_State *L)
{
  lua_pushboolean(L, unseen);
  return 1;
}

/* [-0, +1, v] host.isatty(fd) -> boolean */
static int host_isatty(lua_State *L)
{
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* [-0, +1, -] host.columns() -> width of the terminal on standard output, 80 when there is none */
static int host_columns(lua_State *L)
{
  struct winsize size;

  if(ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
    size.ws_col = 80;
  lua_pushinteger(L, size.ws_col);
  return 1;
}

/* [-0, +1, -] host.pid() -> integer */
static int host_pid(lua_State *L)
{
  lua_pushinteger(L, getpid());
  return 1;
}

/* [-0, +1, m] */
static int open_host(lua_State *L)
{
  static const luaL_Reg functions[] = {{"arm_interrupt", host_arm_interrupt},
                                       {"interrupt_seen", host_interrupt_seen},
                                       {"interrupt_pending", host_interrupt_pending},
                                       {"isatty", host_isatty},
                                       {"columns", host_columns},
                                       {"asset", mc_embed_asset},
                                       {"pid", host_pid},
                                       {"source", mc_embed_source},
                                       {NULL, NULL}};

  luaL_newlib(L, functions);
  return 1;
}

/* ---- main ---- */

/* [-1, +1, m] an error object stays itself; a text gets a traceback, since this is the last resort
   */
static int on_error(lua_State *L)
{
  const char *text = lua_tostring(L, 1);

  if(!text)
    return 1;
  luaL_traceback(L, L, text, 1);
  return 1;
}

/* [-0, +0, m] what the start has made is no garbage: the first collection is due when there is ten
   times as much, all others as usual */
static void begin_collecting(lua_State *L)
{
  int pause = lua_gc(L, LUA_GCSETPAUSE, 1000);

  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCSETPAUSE, pause);
}

/* [-2, +1, v] argc, argv -> exit code */
static int protected_main(lua_State *L)
{
  int argc = (int)lua_tointeger(L, 1), i;
  char **argv = lua_touserdata(L, 2);

  luaL_checkversion(L);
  lua_gc(L, LUA_GCSTOP);
  luaL_openlibs(L);
  mc_embed_install(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_mooncron_core);
  lua_setfield(L, -2, "mooncron.core");
  lua_pushcfunction(L, open_host);
  lua_setfield(L, -2, "mooncron.host");
  lua_pop(L, 1);

  lua_getglobal(L, "require");
  lua_pushliteral(L, "mooncron.cli");
  lua_call(L, 1, 1);
  begin_collecting(L);
  lua_getfield(L, -1, "main");
  lua_createtable(L, argc, 0);
  for(i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i);
  }
  lua_call(L, 1, 1);
  return 1;
}

/* A program that is started without them must not open a file or a socket as its standard error. */
static void fill_standard_files(void)
{
  int fd;

  do
    fd = open("/dev/null", O_RDWR);
  while(fd >= 0 && fd <= STDERR_FILENO);
  if(fd >= 0)
    close(fd);
}

/* What `warn` of Lua does in a stock interpreter: off until the message "@on". */
struct warnings {
  int on, amid; /* amid a message that comes in pieces */
};

static void on_warning(void *arg, const char *text, int to_be_continued)
{
  struct warnings *warnings = arg;

  if(!warnings->amid && !to_be_continued && text[0] == '@') {
    if(!strcmp(text, "@on") || !strcmp(text, "@off"))
      warnings->on = text[2] == 'n';
    return;
  }
  if(warnings->on)
    fprintf(stderr, "%s%s%s", warnings->amid ? "" : "Lua warning: ", text,
            to_be_continued ? "" : "\n");
  warnings->amid = to_be_continued;
}

/* All is closed: what libraries still have to do is to give memory back that goes away anyway. A
   sanitizer wants to see them do it. */
static _Noreturn void leave(int code)
{
#ifdef __SANITIZE_ADDRESS__
  exit(code);
#else
  fflush(NULL);
  _exit(code);
#endif
}

int main(int argc, char **argv)
{
  struct warnings warnings = {0};
  struct mc_pool *pool = mc_pool_new();
  lua_State *L = pool ? lua_newstate(mc_pool_resize, pool) : NULL;
  int code = EXIT_FAILURE;

  if(!L) {
    mc_pool_free(pool);
    fputs("mooncron: out of memory\n", stderr);
    return EXIT_FAILURE;
  }
  fill_standard_files();
  lua_setwarnf(L, on_warning, &warnings);
  signal(SIGPIPE, SIG_IGN); /* a reader that went away is a failed write, not our end */
  signal(SIGXFSZ, SIG_IGN); /* and so is a limit on file size */
  lua_pushcfunction(L, on_error);
  lua_pushcfunction(L, protected_main);
  lua_pushinteger(L, argc);
  lua_pushlightuserdata(L, argv);
  if(lua_pcall(L, 2, 1, 1) == LUA_OK)
    code = lua_isinteger(L, -1) ? (int)lua_tointeger(L, -1) : EXIT_FAILURE;
  else
    fprintf(stderr, "mooncron: %s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  mc_pool_free(pool);
  leave(code);
}
