#include "bind/bind.h"

#include <stddef.h>
#include <string.h>

#include "store/sqlite.h"

#define MCL_STORE "mooncron.store"
#define MCL_CURSOR "mooncron.store.cursor"
#define MCL_BLOB "mooncron.store.blob"

#define MAX_PARAMS 100
#define MAX_ROWS 100000 /* of one store:rows */

struct store_ud {
  struct mc_store *store;
};

/* The SQL and the values of one call: borrowed from its arguments, so valid while it lasts. */
struct statement_args {
  const char *sql;
  size_t len, count;
  struct mc_value params[MAX_PARAMS];
};

static struct mc_store *check_open(lua_State *L)
{
  struct store_ud *u = luaL_checkudata(L, 1, MCL_STORE);

  luaL_argcheck(L, u->store, 1, "the store is closed");
  return u->store;
}

/* ---- values ---- */

/* [-0, +1, v] store.blob(bytes) -> blob: binds as a BLOB, where a string binds as TEXT */
static int store_blob(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TSTRING);
  lua_newuserdatauv(L, 0, 1);
  luaL_setmetatable(L, MCL_BLOB);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

/* [-0, +1, v] */
static int blob_tostring(lua_State *L)
{
  luaL_checkudata(L, 1, MCL_BLOB);
  lua_getiuservalue(L, 1, 1);
  lua_pushfstring(L, MCL_BLOB " (%I bytes)", (LUAI_UACINT)lua_rawlen(L, -1));
  return 1;
}

/* [-0, +0, v] a blob's string stays alive in the blob */
static void read_blob(lua_State *L, int idx, struct mc_value *out)
{
  luaL_argexpected(L, luaL_testudata(L, idx, MCL_BLOB), idx, "nil, boolean, number, string, blob");
  lua_getiuservalue(L, idx, 1);
  out->type = MC_VALUE_BLOB;
  out->as.bytes.data = lua_tolstring(L, -1, &out->as.bytes.len);
  lua_pop(L, 1);
}

/* [-0, +0, v] */
static void read_value(lua_State *L, int idx, struct mc_value *out)
{
  switch(lua_type(L, idx)) {
  case LUA_TNIL:
    out->type = MC_VALUE_NULL;
    return;
  case LUA_TBOOLEAN:
    out->type = MC_VALUE_INT;
    out->as.integer = lua_toboolean(L, idx);
    return;
  case LUA_TNUMBER:
    out->type = lua_isinteger(L, idx) ? MC_VALUE_INT : MC_VALUE_REAL;
    if(out->type == MC_VALUE_INT)
      out->as.integer = lua_tointeger(L, idx);
    else
      out->as.real = lua_tonumber(L, idx);
    return;
  case LUA_TSTRING:
    out->type = MC_VALUE_TEXT;
    out->as.bytes.data = lua_tolstring(L, idx, &out->as.bytes.len);
    return;
  default:
    read_blob(L, idx, out);
  }
}

/* [-0, +0, v] the arguments (store, sql, ...) */
static void read_args(lua_State *L, struct statement_args *args)
{
  int top = lua_gettop(L), i;

  luaL_checktype(L, 2, LUA_TSTRING);
  args->sql = lua_tolstring(L, 2, &args->len);
  if(top - 2 > MAX_PARAMS)
    luaL_error(L, "%d values for one statement: at most %d", top - 2, MAX_PARAMS);
  args->count = (size_t)(top - 2);
  for(i = 3; i <= top; i++)
    read_value(L, i, &args->params[i - 3]);
}

/* [-0, +1, m] */
static void push_value(lua_State *L, const struct mc_value *value)
{
  switch(value->type) {
  case MC_VALUE_NULL:
    lua_pushnil(L);
    return;
  case MC_VALUE_INT:
    lua_pushinteger(L, value->as.integer);
    return;
  case MC_VALUE_REAL:
    lua_pushnumber(L, value->as.real);
    return;
  case MC_VALUE_TEXT:
  case MC_VALUE_BLOB:
    lua_pushlstring(L, value->as.bytes.data, value->as.bytes.len);
    return;
  }
}

/* [-0, +n, v] the names of the columns, for the rows that follow */
static int push_names(lua_State *L, const struct mc_cursor *cursor)
{
  int columns = mc_cursor_columns(cursor), i;

  luaL_checkstack(L, columns + LUA_MINSTACK, "too many columns");
  for(i = 0; i < columns; i++)
    lua_pushstring(L, mc_cursor_name(cursor, i));
  return columns;
}

/* [-0, +1, m] the present row, keyed by the names of its columns, which stand from `names` on */
static void push_row(lua_State *L, const struct mc_cursor *cursor, int names, int columns)
{
  struct mc_value value;
  int i;

  lua_createtable(L, 0, columns);
  for(i = 0; i < columns; i++) {
    mc_cursor_value(cursor, i, &value);
    if(value.type == MC_VALUE_NULL)
      continue;
    lua_pushvalue(L, names + i);
    push_value(L, &value);
    lua_rawset(L, -3);
  }
}

/* ---- statements ---- */

/* [-0, +0, -] also __close and __gc: an error of memory amid the rows leaves no statement open */
static int cursor_close(lua_State *L)
{
  mc_cursor_close(luaL_checkudata(L, 1, MCL_CURSOR));
  return 0;
}

/* [-0, +1, m] a closed cursor on the stack that closes when the calling function ends, however
   it does */
static struct mc_cursor *push_cursor(lua_State *L)
{
  struct mc_cursor *cursor = lua_newuserdatauv(L, sizeof(*cursor), 0);

  *cursor = (struct mc_cursor){0};
  luaL_setmetatable(L, MCL_CURSOR);
  lua_toclose(L, -1);
  return cursor;
}

/* [-0, +1|2, v] store:run(sql, ...) -> changes | nil, err */
static int store_run(lua_State *L)
{
  struct mc_store *store = check_open(L);
  struct statement_args args;
  struct mc_err err;
  int64_t changes;

  read_args(L, &args);
  if(mc_store_run(store, args.sql, args.len, args.params, args.count, &changes, &err))
    return mcL_fail(L, &err);
  lua_pushinteger(L, changes);
  return 1;
}

/* [-0, +1|2, v] store:row(sql, ...) -> table | nil (no row) | nil, err */
static int store_row(lua_State *L)
{
  struct mc_store *store = check_open(L);
  struct statement_args args;
  struct mc_cursor *cursor;
  struct mc_err err;
  int rc, names;

  read_args(L, &args);
  cursor = push_cursor(L);
  rc = mc_store_query(store, cursor, args.sql, args.len, args.params, args.count, &err);
  if(!rc)
    rc = mc_cursor_step(cursor, &err);
  if(rc < 0)
    return mcL_fail(L, &err);
  if(rc > 0) {
    names = lua_gettop(L) + 1;
    push_row(L, cursor, names, push_names(L, cursor));
  } else
    lua_pushnil(L);
  return mc_cursor_finish(cursor, &err) ? mcL_fail(L, &err) : 1;
}

/* [-0, +1|2, v] store:rows(sql, ...) -> array | nil, err */
static int store_rows(lua_State *L)
{
  struct mc_store *store = check_open(L);
  struct statement_args args;
  struct mc_cursor *cursor;
  struct mc_err err;
  lua_Integer n = 0;
  int rc, names, columns;

  read_args(L, &args);
  cursor = push_cursor(L);
  rc = mc_store_query(store, cursor, args.sql, args.len, args.params, args.count, &err);
  if(rc)
    return mcL_fail(L, &err);
  names = lua_gettop(L) + 1;
  columns = push_names(L, cursor);
  lua_newtable(L);
  while((rc = mc_cursor_step(cursor, &err)) > 0) {
    if(n == MAX_ROWS) {
      rc = mc_fail(&err, MC_RESOURCE_EXHAUSTED, 0, "more than %d rows: add a LIMIT", MAX_ROWS);
      break;
    }
    push_row(L, cursor, names, columns);
    lua_rawseti(L, -2, ++n);
  }
  return rc ? mcL_fail(L, &err) : 1;
}

/* ---- the store ---- */

/* [-0, +1|2, v] store.open(path, {readonly=, exclusive=, busy_ms=}) -> store | nil, err */
static int store_open(lua_State *L)
{
  static const struct mcL_option rows[] = {
      {"readonly", MCL_BOOL, offsetof(struct mc_store_options, readonly), 0, 0},
      {"exclusive", MCL_BOOL, offsetof(struct mc_store_options, exclusive), 0, 0},
      {"busy_ms", MCL_INT, offsetof(struct mc_store_options, busy_ms), 0, 60000},
      {NULL, MCL_INT, 0, 0, 0}};
  struct mc_store_options options = {0};
  size_t len;
  const char *path = luaL_checklstring(L, 1, &len);
  struct store_ud *u;
  struct mc_err err;

  luaL_argcheck(L, len && strlen(path) == len, 1, "a path is not empty and has no zero byte");
  mcL_read_options(L, 2, rows, &options);
  u = lua_newuserdatauv(L, sizeof(*u), 0);
  u->store = NULL;
  luaL_setmetatable(L, MCL_STORE);
  if(mc_store_open(&u->store, path, &options, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int store_close(lua_State *L)
{
  struct store_ud *u = luaL_checkudata(L, 1, MCL_STORE);
  struct mc_store *store = u->store;

  u->store = NULL;
  mc_store_free(store);
  return 0;
}

/* [-0, +1, v] */
static int store_tostring(lua_State *L)
{
  struct store_ud *u = luaL_checkudata(L, 1, MCL_STORE);

  lua_pushfstring(L, MCL_STORE " (%s)", u->store ? mc_store_path(u->store) : "closed");
  return 1;
}

/* [-0, +1|2, m] */
static int push_done(lua_State *L, int rc, const struct mc_err *err)
{
  if(rc)
    return mcL_fail(L, err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1|2, v] store:exec(sql) -> true | nil, err */
static int store_exec(lua_State *L)
{
  struct mc_store *store = check_open(L);
  size_t len;
  const char *sql = luaL_checklstring(L, 2, &len);
  struct mc_err err;

  luaL_argcheck(L, strlen(sql) == len, 2, "the SQL text contains a zero byte");
  return push_done(L, mc_store_exec(store, sql, &err), &err);
}

/* [-0, +1|2, v] store:begin() -> true | nil, err */
static int store_begin(lua_State *L)
{
  struct mc_err err;

  return push_done(L, mc_store_begin(check_open(L), &err), &err);
}

/* [-0, +1|2, v] store:commit() -> true | nil, err */
static int store_commit(lua_State *L)
{
  struct mc_err err;

  return push_done(L, mc_store_commit(check_open(L), &err), &err);
}

/* [-0, +1|2, v] store:rollback() -> true | nil, err */
static int store_rollback(lua_State *L)
{
  struct mc_err err;

  return push_done(L, mc_store_rollback(check_open(L), &err), &err);
}

/* [-0, +1|2, v] store:check() -> true | nil, err */
static int store_check(lua_State *L)
{
  struct mc_err err;

  return push_done(L, mc_store_check(check_open(L), &err), &err);
}

/* [-0, +1, v] store:in_transaction() -> boolean */
static int store_in_transaction(lua_State *L)
{
  lua_pushboolean(L, mc_store_in_transaction(check_open(L)));
  return 1;
}

/* [-0, +1, v] store:changes() -> integer */
static int store_changes(lua_State *L)
{
  lua_pushinteger(L, mc_store_changes(check_open(L)));
  return 1;
}

/* [-0, +1, v] store:last_rowid() -> integer */
static int store_last_rowid(lua_State *L)
{
  lua_pushinteger(L, mc_store_last_rowid(check_open(L)));
  return 1;
}

/* [-0, +1, m] */
int mcL_open_store(lua_State *L)
{
  static const luaL_Reg methods[] = {{"close", store_close},
                                     {"exec", store_exec},
                                     {"run", store_run},
                                     {"row", store_row},
                                     {"rows", store_rows},
                                     {"begin", store_begin},
                                     {"commit", store_commit},
                                     {"rollback", store_rollback},
                                     {"in_transaction", store_in_transaction},
                                     {"changes", store_changes},
                                     {"last_rowid", store_last_rowid},
                                     {"check", store_check},
                                     {NULL, NULL}};
  static const luaL_Reg meta[] = {{"__gc", store_close},
                                  {"__close", store_close},
                                  {"__tostring", store_tostring},
                                  {NULL, NULL}};
  static const luaL_Reg cursor_meta[] = {
      {"__gc", cursor_close}, {"__close", cursor_close}, {NULL, NULL}};
  static const luaL_Reg blob_meta[] = {{"__tostring", blob_tostring}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"open", store_open}, {"blob", store_blob}, {NULL, NULL}};

  mcL_new_class(L, MCL_STORE, methods, meta);
  mcL_new_class(L, MCL_CURSOR, none, cursor_meta);
  mcL_new_class(L, MCL_BLOB, none, blob_meta);
  luaL_newlib(L, functions);
  return 1;
}
