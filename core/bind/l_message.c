#include "bind/message.h"

#include <string.h>

#define MESSAGE "mooncron.message"

/* ---- names ---- */

static size_t hash_of(const char *text, size_t len)
{
  size_t i, hash = len;

  for(i = 0; i < len; i += 3) /* the names of a message differ enough in every third letter */
    hash = hash * 31 + (unsigned char)text[i];
  return hash;
}

int mcL_is_word(const struct mcL_word *word, const char *text, size_t len)
{
  return word->len == len && !memcmp(word->text, text, len);
}

const struct mcL_field *mcL_find_field(const struct mcL_message *message, const char *name,
                                       size_t len, int json)
{
  const size_t size = sizeof(message->by_hash);
  const struct mcL_field *field;
  size_t i;

  for(i = hash_of(name, len) % size; message->by_hash[i]; i = (i + 1) % size) {
    field = &message->fields[message->by_hash[i] - 1];
    if(mcL_is_word(&field->name, name, len) || (json && mcL_is_word(&field->json, name, len)))
      return field;
  }
  return NULL;
}

static void add_name(struct mcL_message *message, const struct mcL_word *word, size_t number)
{
  const size_t size = sizeof(message->by_hash);
  size_t i = hash_of(word->text, word->len) % size;

  while(message->by_hash[i])
    i = (i + 1) % size;
  message->by_hash[i] = (unsigned char)number;
}

/* ---- compiling what mooncron.schema describes: mistakes raise, they are the programmer's ---- */

/* [-0, +0, m] keep the value on top in the table of words */
static lua_Integer keep(lua_State *L)
{
  lua_Integer ref = (lua_Integer)lua_rawlen(L, MCL_WORDS_AT) + 1;

  lua_pushvalue(L, -1);
  lua_rawseti(L, MCL_WORDS_AT, ref);
  return ref;
}

/* [-1, +0, v] the string on top */
static void take_word(lua_State *L, struct mcL_word *word)
{
  if(lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "a name of a message is text, not %s", luaL_typename(L, -1));
  word->text = lua_tolstring(L, -1, &word->len);
  word->ref = keep(L);
  lua_pop(L, 1);
}

/* [-0, +0, v] the enum that the field at `idx` has */
static const struct mcL_enum *compile_enum(lua_State *L, int idx)
{
  struct mcL_enum *names = lua_newuserdatauv(L, sizeof(*names), 0);
  size_t i;

  keep(L);
  lua_pop(L, 1);
  lua_getfield(L, idx, "enum");
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_getfield(L, -1, "names");
  names->count = lua_rawlen(L, -1);
  luaL_argcheck(L, names->count && names->count <= MCL_MAX_ENUM, 1, "an enum has 1 to 16 names");
  for(i = 0; i < names->count; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    take_word(L, &names->names[i]);
  }
  lua_pop(L, 2);
  return names;
}

/* [-0, +0, v] the compiled message of the field at `idx` */
static const struct mcL_message *compiled_message(lua_State *L, int idx)
{
  const struct mcL_message *message;

  lua_getfield(L, idx, "message");
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_getfield(L, -1, "compiled");
  message = luaL_checkudata(L, -1, MESSAGE);
  keep(L);
  lua_pop(L, 2);
  return message;
}

/* [-0, +0, v] a bit for the oneof that the field at `idx` is of; `oneofs` is the table of those
   that were met */
static unsigned oneof_bit(lua_State *L, int idx, int oneofs)
{
  unsigned bit;

  if(lua_getfield(L, idx, "oneof") == LUA_TNIL) {
    lua_pop(L, 1);
    return 0;
  }
  lua_pushvalue(L, -1);
  if(lua_rawget(L, oneofs) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, oneofs, (lua_Integer)lua_rawlen(L, oneofs) + 1);
    lua_pushinteger(L, (lua_Integer)1 << (lua_rawlen(L, oneofs) - 1));
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, oneofs);
  }
  bit = (unsigned)lua_tointeger(L, -1);
  lua_pop(L, 2);
  return bit;
}

/* [-0, +0, v] the field at `idx` */
static void compile_field(lua_State *L, struct mcL_field *field, int idx, int oneofs)
{
  static const char *const kinds[MCL_KINDS + 1] = {
      [MCL_STRING] = "string", [MCL_BOOLEAN] = "bool",        [MCL_INT32] = "int32",
      [MCL_BLOB] = "bytes",    [MCL_ENUM] = "enum",           [MCL_DURATION] = "duration",
      [MCL_MAP] = "map",       [MCL_TIMESTAMP] = "timestamp", [MCL_ANY] = "any",
      [MCL_SUB] = "message",   [MCL_LIST_OF] = "messages"};

  luaL_checktype(L, idx, LUA_TTABLE);
  lua_getfield(L, idx, "kind");
  field->kind = (enum mcL_kind)luaL_checkoption(L, -1, NULL, kinds);
  lua_pop(L, 1);
  lua_getfield(L, idx, "name");
  take_word(L, &field->name);
  lua_getfield(L, idx, "json");
  take_word(L, &field->json);
  field->oneof = oneof_bit(L, idx, oneofs);
  if(field->kind == MCL_ENUM)
    field->names = compile_enum(L, idx);
  else if(field->kind == MCL_SUB || field->kind == MCL_LIST_OF)
    field->message = compiled_message(L, idx);
}

/* [-0, +1, v] message.compile(fields) -> message: the fields of mooncron.schema, in their order.
   What it is made of is kept for good: messages are constants. */
static int message_compile(lua_State *L)
{
  struct mcL_message *message;
  struct mcL_field *field;
  size_t i, count;

  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  count = lua_rawlen(L, 1);
  luaL_argcheck(L, count <= MCL_MAX_FIELDS, 1, "a message has at most 32 fields");
  lua_newtable(L); /* stack: fields, oneofs, message, field */
  message = lua_newuserdatauv(L, sizeof(*message), 0);
  memset(message, 0, sizeof(*message));
  for(i = 0; i < count; i++) {
    field = &message->fields[i];
    lua_rawgeti(L, 1, (lua_Integer)i + 1);
    compile_field(L, field, 4, 2);
    lua_pop(L, 1);
    add_name(message, &field->name, i + 1);
    if(!mcL_is_word(&field->name, field->json.text, field->json.len))
      add_name(message, &field->json, i + 1);
  }
  message->count = count;
  luaL_setmetatable(L, MESSAGE);
  return 1;
}

/* ---- using it ---- */

/* [-0, +1, v] message.read(message, value, as_json, is_lenient) -> table | nil: not plain */
static int message_read(lua_State *L)
{
  const struct mcL_message *message = luaL_checkudata(L, 1, MESSAGE);
  struct mcL_reader r = {L, mcL_scratch(L, MCL_SCRATCH_AT), lua_toboolean(L, 3),
                         lua_toboolean(L, 4)};

  lua_settop(L, 2);
  if(mcL_read_message(&r, message))
    lua_pushnil(L);
  return 1;
}

/* [-0, +1, v] message.text(message, value, is_pretty, int_enums) -> string | nil: not canonical */
static int message_text(lua_State *L)
{
  const struct mcL_message *message = luaL_checkudata(L, 1, MESSAGE);
  struct mcL_writer w = {L, mcL_scratch(L, MCL_SCRATCH_AT), lua_toboolean(L, 3), MCL_MAX_DEPTH - 1};
  int int_enums = lua_toboolean(L, 4);

  lua_settop(L, 2);
  if(mcL_put_message(&w, message, 2, int_enums, 0)) {
    lua_pushnil(L);
    return 1;
  }
  if(w.is_pretty)
    mcL_put(&w, "\n", 1);
  mcL_push_scratch(L, w.out);
  return 1;
}

/* [-0, +1, m] */
int mcL_open_message(lua_State *L)
{
  static const luaL_Reg methods[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"compile", message_compile}, {"read", message_read}, {"text", message_text}, {NULL, NULL}};

  mcL_new_class(L, MESSAGE, methods, methods);
  lua_newtable(L);
  mcL_new_scratch(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 2);
  return 1;
}
