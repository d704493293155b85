#include "bind/message.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

enum { PUT, DEFAULT, ODD = -1 };

struct put {
  struct mcL_writer *w;
  const struct mcL_field *field;
  int depth; /* tables around the value */
  int int_enums;
};

/* Putters by kind: [-0, +0, m] append the value at `idx`. PUT; DEFAULT, which is to be left out,
   and nothing was appended; or ODD: not canonical. */

/* The text at `idx`, NULL when there is something else. */
static const char *text_at(lua_State *L, int idx, size_t *len)
{
  return lua_type(L, idx) == LUA_TSTRING ? lua_tolstring(L, idx, len) : NULL;
}

static int put_text(const struct put *p, int idx)
{
  size_t len;
  const char *text = text_at(p->w->L, idx, &len);

  if(!text)
    return ODD;
  mcL_put_quoted(p->w, text, len);
  return PUT;
}

static int put_string(const struct put *p, int idx)
{
  size_t len;
  const char *text = text_at(p->w->L, idx, &len);

  if(!text || !len)
    return text ? DEFAULT : ODD;
  mcL_put_quoted(p->w, text, len);
  return PUT;
}

static int put_bool(const struct put *p, int idx)
{
  if(!lua_isboolean(p->w->L, idx))
    return ODD;
  if(!lua_toboolean(p->w->L, idx))
    return DEFAULT;
  mcL_put(p->w, "true", 4);
  return PUT;
}

static void put_whole(struct mcL_writer *w, lua_Integer whole)
{
  char text[32];
  int len = snprintf(text, sizeof(text), LUA_INTEGER_FMT, whole);

  mcL_put(w, text, (size_t)len);
}

static int put_int32(const struct put *p, int idx)
{
  if(!lua_isinteger(p->w->L, idx))
    return ODD;
  if(!lua_tointeger(p->w->L, idx))
    return DEFAULT;
  put_whole(p->w, lua_tointeger(p->w->L, idx));
  return PUT;
}

static int put_bytes(const struct put *p, int idx)
{
  size_t len;
  const char *data = text_at(p->w->L, idx, &len);
  char *out;

  if(!data || !len)
    return data ? DEFAULT : ODD;
  out = mcL_room(p->w, MC_BASE64_TEXT(len) + 2);
  *out++ = '"';
  out += mc_base64_encode(out, data, len, 0);
  *out++ = '"';
  p->w->out->len = (size_t)(out - p->w->out->data);
  return PUT;
}

static int put_enum(const struct put *p, int idx)
{
  const struct mcL_enum *names = p->field->names;
  size_t len, i;
  const char *name = text_at(p->w->L, idx, &len);

  if(!name)
    return ODD;
  for(i = 0; i < names->count && !mcL_is_word(&names->names[i], name, len);)
    i++;
  if(!i)
    return DEFAULT;
  if(p->int_enums && i < names->count)
    put_whole(p->w, (lua_Integer)i);
  else
    mcL_put_quoted(p->w, name, len); /* also one that a newer server has */
  return PUT;
}

static int put_any(const struct put *p, int idx)
{
  return mcL_put_value(p->w, idx, 0, p->depth) ? ODD : PUT;
}

static int put_map(const struct put *p, int idx)
{
  lua_State *L = p->w->L;

  if(!lua_istable(L, idx))
    return ODD;
  lua_pushnil(L);
  if(!lua_next(L, idx))
    return DEFAULT;
  lua_pop(L, 2);
  return put_any(p, idx);
}

static int put_message(const struct put *p, int idx)
{
  return mcL_put_message(p->w, p->field->message, idx, p->int_enums, p->depth) ? ODD : PUT;
}

static int put_messages(const struct put *p, int idx)
{
  lua_State *L = p->w->L;
  lua_Integer i, count;
  int rc = 0;

  if(!lua_istable(L, idx))
    return ODD;
  count = (lua_Integer)lua_rawlen(L, idx);
  for(i = 1; !rc && i <= count; i++) {
    mcL_open_item(p->w, i == 1 ? '[' : ',', p->depth + 1);
    lua_rawgeti(L, idx, i);
    rc = mcL_put_message(p->w, p->field->message, lua_gettop(L), p->int_enums, p->depth + 1);
    lua_pop(L, 1);
  }
  if(!count || rc)
    return rc ? ODD : DEFAULT;
  mcL_close_items(p->w, ']', p->depth);
  return PUT;
}

static int (*const putters[MCL_KINDS])(const struct put *p, int idx) = {
    [MCL_STRING] = put_string, [MCL_BOOLEAN] = put_bool,    [MCL_INT32] = put_int32,
    [MCL_BLOB] = put_bytes,    [MCL_ENUM] = put_enum,       [MCL_DURATION] = put_text,
    [MCL_MAP] = put_map,       [MCL_TIMESTAMP] = put_text,  [MCL_ANY] = put_any,
    [MCL_SUB] = put_message,   [MCL_LIST_OF] = put_messages};

/* [-0, +0, m] a member after `mark` */
static int put_field(const struct put *p, int idx, char mark)
{
  struct mcL_writer *w = p->w;
  const struct mcL_word *name = &p->field->json;
  size_t start = w->out->len;
  char *at;
  int rc;

  mcL_open_item(w, mark, p->depth);
  at = mcL_room(w, name->len + 4);
  *at++ = '"';
  memcpy(at, name->text, name->len);
  at += name->len;
  *at++ = '"';
  *at++ = ':';
  *at = ' ';
  w->out->len += name->len + (w->is_pretty ? 4 : 3);
  rc = putters[p->field->kind](p, idx);
  if(rc == DEFAULT)
    w->out->len = start;
  return rc;
}

/* [-0, +0, m] */
int mcL_put_message(struct mcL_writer *w, const struct mcL_message *message, int idx, int int_enums,
                    int depth)
{
  lua_State *L = w->L;
  struct put p = {w, NULL, depth + 1, int_enums};
  const struct mcL_field *field;
  const char *name;
  int first = lua_gettop(L) + 1, rc = PUT;
  char mark = '{';
  size_t i, len;

  if(!lua_istable(L, idx))
    return -1;
  luaL_checkstack(L, (int)message->count + 8, "a message to be written");
  lua_settop(L, first - 1 + (int)message->count); /* a place for each field's value */
  for(lua_pushnil(L); lua_next(L, idx);) {
    name = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &len) : NULL;
    field = name ? mcL_find_field(message, name, len, 0) : NULL;
    if(field)
      lua_replace(L, first + (int)(field - message->fields));
    else
      lua_pop(L, 1);
  }
  for(i = 0; rc != ODD && i < message->count; i++) {
    if(lua_isnil(L, first + (int)i))
      continue;
    p.field = &message->fields[i];
    rc = put_field(&p, first + (int)i, mark);
    if(rc == PUT)
      mark = ',';
  }
  lua_settop(L, first - 1);
  if(rc == ODD)
    return -1;
  if(mark == '{')
    mcL_put(w, "{}", 2);
  else
    mcL_close_items(w, '}', depth);
  return 0;
}
