#include "bind/message.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/text.h"

/* Readers by kind: [-0, +0, m] the value on top becomes the canonical one, nil for the default. 0, or
   -1 when the value is at fault or not plain. */

static int set_nil(lua_State *L)
{
  lua_pop(L, 1);
  lua_pushnil(L);
  return 0;
}

/* The text on top, NULL when there is something else. */
static const char *text_of(lua_State *L, size_t *len)
{
  return lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, len) : NULL;
}

static int read_string(struct mcL_reader *r, const struct mcL_field *field)
{
  size_t len;
  const char *text = text_of(r->L, &len);

  (void)field;
  if(!text || !mc_is_utf8(text, len))
    return -1;
  return len ? 0 : set_nil(r->L);
}

static int read_bool(struct mcL_reader *r, const struct mcL_field *field)
{
  (void)field;
  if(!lua_isboolean(r->L, -1))
    return -1;
  return lua_toboolean(r->L, -1) ? 0 : set_nil(r->L);
}

static int is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* A whole number as text, of at most 32 bits or a few more. */
static int parse_whole(lua_Integer *out, const char *text, size_t len)
{
  int negative = len > 0 && *text == '-';
  lua_Integer n = 0;
  size_t i;

  if(len == (size_t)negative)
    return -1;
  for(i = (size_t)negative; i < len; i++) {
    if(!is_digit(text[i]) || n > INT_MAX)
      return -1;
    n = n * 10 + (text[i] - '0');
  }
  *out = negative ? -n : n;
  return 0;
}

static int read_int32(struct mcL_reader *r, const struct mcL_field *field)
{
  lua_State *L = r->L;
  lua_Integer n = 0;
  size_t len;
  const char *text = text_of(L, &len);
  int is_whole = 1;

  (void)field;
  if(lua_type(L, -1) == LUA_TNUMBER)
    n = lua_tointegerx(L, -1, &is_whole);
  else if(!text || !r->as_json || parse_whole(&n, text, len))
    return -1;
  if(!is_whole || n > INT_MAX || n < INT_MIN)
    return -1;
  lua_pop(L, 1);
  if(n)
    lua_pushinteger(L, n);
  else
    lua_pushnil(L);
  return 0;
}

static int read_bytes(struct mcL_reader *r, const struct mcL_field *field)
{
  lua_State *L = r->L;
  struct mcL_writer w = {L, r->scratch, 0, MCL_MAX_DEPTH - 1};
  size_t len;
  const char *text = text_of(L, &len);

  (void)field;
  r->scratch->len = 0;
  if(text && !r->as_json)
    return len ? 0 : set_nil(L);
  if(text) {
    char *out = mcL_room(&w, MC_BASE64_BYTES(len));

    if(mc_base64_decode((unsigned char *)out, &len, text, len))
      return -1;
    r->scratch->len = len;
    if(!len)
      return set_nil(L);
  } else if(r->as_json || !lua_istable(L, -1) || mcL_put_value(&w, lua_gettop(L), 0, 0)) {
    return -1;
  }
  lua_pop(L, 1);
  mcL_push_scratch(L, r->scratch);
  return 0;
}

static int is_name(const struct mcL_word *word, const char *text, size_t len, int any_case)
{
  return any_case ? word->len == len && !strncasecmp(word->text, text, len)
                  : mcL_is_word(word, text, len);
}

static int read_enum(struct mcL_reader *r, const struct mcL_field *field)
{
  lua_State *L = r->L;
  const struct mcL_enum *names = field->names;
  size_t len, i = names->count;
  const char *text = text_of(L, &len);
  lua_Integer number;
  int is_whole = 0;

  if(text) {
    for(i = 0; i < names->count && !is_name(&names->names[i], text, len, !r->as_json);)
      i++;
  } else if(lua_type(L, -1) == LUA_TNUMBER) {
    number = lua_tointegerx(L, -1, &is_whole);
    if(is_whole && number >= 0 && number < (lua_Integer)names->count)
      i = (size_t)number;
  }
  if(i == names->count)
    return !r->is_lenient ? -1 : text ? 0 : set_nil(L);
  lua_pop(L, 1);
  if(i)
    lua_rawgeti(L, MCL_WORDS_AT, names->names[i].ref);
  else
    lua_pushnil(L);
  return 0;
}

/* Whether a duration is as the API prints it, without a fraction, and well within the limits. */
static int is_canonical_duration(const char *text, size_t len)
{
  size_t i = len && text[0] == '-', digits = i;

  if(len == 2 && text[0] == '0' && text[1] == 's')
    return 1;
  while(i < len && is_digit(text[i]))
    i++;
  return i + 1 == len && text[i] == 's' && text[digits] != '0' && i > digits && i - digits <= 9;
}

/* What people write, as in `1h30m`: whole units from the largest down. */
static int parse_units(lua_Integer *out, const char *text, size_t len)
{
  static const struct {
    char unit;
    lua_Integer seconds;
  } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
  const size_t count = sizeof(units) / sizeof(units[0]);
  size_t i = 0, unit = 0, digits;
  lua_Integer n, sum = 0;

  while(i < len) {
    for(n = 0, digits = i; i < len && is_digit(text[i]) && i - digits < 5; i++)
      n = n * 10 + (text[i] - '0');
    if(i == digits || i == len)
      return -1;
    while(unit < count && units[unit].unit != text[i])
      unit++;
    if(unit == count)
      return -1;
    sum += n * units[unit++].seconds;
    i++;
  }
  *out = sum;
  return len ? 0 : -1;
}

static int read_duration(struct mcL_reader *r, const struct mcL_field *field)
{
  lua_State *L = r->L;
  size_t len;
  const char *text = text_of(L, &len);
  lua_Integer seconds = 0;
  int is_whole = 1;

  (void)field;
  if(text && is_canonical_duration(text, len))
    return 0;
  if(r->as_json)
    return -1;
  if(lua_type(L, -1) == LUA_TNUMBER)
    seconds = lua_tointegerx(L, -1, &is_whole);
  else if(!text || parse_units(&seconds, text, len))
    return -1;
  if(!is_whole || seconds > INT_MAX || seconds < -INT_MAX)
    return -1;
  lua_pop(L, 1);
  lua_pushfstring(L, "%Is", (LUAI_UACINT)seconds);
  return 0;
}

static int read_timestamp(struct mcL_reader *r, const struct mcL_field *field)
{
  static const char SHAPE[] = "0000-00-00T00:00:00";
  size_t len, i;
  const char *text = text_of(r->L, &len);

  (void)field;
  if(!text || len < sizeof(SHAPE) - 1)
    return -1;
  for(i = 0; i < sizeof(SHAPE) - 1; i++) {
    if(SHAPE[i] == '0' ? !is_digit(text[i]) : text[i] != SHAPE[i])
      return -1;
  }
  return 0;
}

/* [-0, +0, m] whether the key and value on top are those of a map: 1 to keep, 0 for a null, which
   takes its key away, -1 when they are not. */
static int check_entry(struct mcL_reader *r)
{
  lua_State *L = r->L;
  size_t len;
  const char *text;

  if(lua_type(L, -2) != LUA_TSTRING)
    return -1;
  if(mcL_is_null(L, -1))
    return 0;
  text = text_of(L, &len);
  if(text ? !mc_is_utf8(text, len) : r->as_json || lua_type(L, -1) != LUA_TNUMBER)
    return -1;
  text = lua_tolstring(L, -2, &len);
  return mc_is_utf8(text, len) ? 1 : -1;
}

/* [-0, +0, -] the text that Lua makes of the number on top, a whole one without a point */
static void number_to_text(lua_State *L)
{
  int is_whole;
  lua_Integer whole = lua_tointegerx(L, -1, &is_whole);

  if(is_whole) {
    lua_pop(L, 1);
    lua_pushinteger(L, whole);
  }
  lua_tostring(L, -1);
}

static int read_map(struct mcL_reader *r, const struct mcL_field *field)
{
  lua_State *L = r->L;
  int map = lua_gettop(L), count = 0, rc;

  (void)field;
  if(!lua_istable(L, map))
    return -1;
  for(lua_pushnil(L); lua_next(L, map); lua_pop(L, 1)) {
    rc = check_entry(r);
    if(rc < 0)
      return -1;
    count += rc;
  }
  if(!count)
    return set_nil(L);
  lua_createtable(L, 0, count);
  for(lua_pushnil(L); lua_next(L, map);) {
    if(mcL_is_null(L, -1)) {
      lua_pop(L, 1);
      continue;
    }
    if(lua_type(L, -1) == LUA_TNUMBER)
      number_to_text(L);
    lua_pushvalue(L, -2); /* stack: map, out, key, value, key */
    lua_insert(L, -2);
    lua_rawset(L, map + 1);
  }
  lua_replace(L, map);
  return 0;
}

static int read_any(struct mcL_reader *r, const struct mcL_field *field)
{
  (void)r;
  (void)field;
  return 0;
}

static int read_message(struct mcL_reader *r, const struct mcL_field *field)
{
  return mcL_read_message(r, field->message);
}

static int read_messages(struct mcL_reader *r, const struct mcL_field *field)
{
  lua_State *L = r->L;
  int list = lua_gettop(L);
  lua_Integer count, left, i;

  if(!lua_istable(L, list))
    return -1;
  count = left = (lua_Integer)lua_rawlen(L, list);
  for(lua_pushnil(L); lua_next(L, list); lua_pop(L, 1))
    left--;
  if(left)
    return -1;
  if(!count)
    return set_nil(L);
  lua_createtable(L, (int)(count < 1000 ? count : 1000), 0);
  for(i = 1; i <= count; i++) {
    lua_rawgeti(L, list, i);
    if(mcL_read_message(r, field->message))
      return -1;
    lua_rawseti(L, list + 1, i);
  }
  lua_replace(L, list);
  return 0;
}

static int (*const readers[MCL_KINDS])(struct mcL_reader *r, const struct mcL_field *field) = {
    [MCL_STRING] = read_string, [MCL_BOOLEAN] = read_bool,        [MCL_INT32] = read_int32,
    [MCL_BLOB] = read_bytes,    [MCL_ENUM] = read_enum,           [MCL_DURATION] = read_duration,
    [MCL_MAP] = read_map,       [MCL_TIMESTAMP] = read_timestamp, [MCL_ANY] = read_any,
    [MCL_SUB] = read_message,   [MCL_LIST_OF] = read_messages};

/* ---- messages ---- */

struct seen {
  unsigned fields, oneofs;
};

/* [-0, +0, m] Read the member whose key and value are on top. Returns its place from 1 on, the
   canonical value on top; 0 when it is to be passed over; -1 when it is at fault. */
static int read_member(struct mcL_reader *r, const struct mcL_message *message, struct seen *seen)
{
  lua_State *L = r->L;
  const struct mcL_field *field;
  size_t len;
  int number;

  if(lua_type(L, -2) != LUA_TSTRING) {
    /* a list is no message; what else there is, is not known */
    return !r->is_lenient || (lua_isinteger(L, -2) && lua_tointeger(L, -2) == 1) ? -1 : 0;
  }
  const char *name = lua_tolstring(L, -2, &len);

  field = mcL_find_field(message, name, len, r->as_json);
  if(!field)
    return r->is_lenient ? 0 : -1;
  number = (int)(field - message->fields);
  if(seen->fields & 1u << number)
    return -1; /* in both spellings */
  seen->fields |= 1u << number;
  if(mcL_is_null(L, -1))
    return 0;
  if(seen->oneofs & field->oneof)
    return -1;
  seen->oneofs |= field->oneof;
  return readers[field->kind](r, field) ? -1 : number + 1;
}

/* [-0, +0, m] */
int mcL_read_message(struct mcL_reader *r, const struct mcL_message *message)
{
  lua_State *L = r->L;
  int value = lua_gettop(L), count = (int)message->count, filled = 0, place, i;
  struct seen seen = {0, 0};

  if(!lua_istable(L, value))
    return -1;
  luaL_checkstack(L, count + 10, "a message to be read");
  lua_settop(L, value + count); /* a place for each field's value */
  for(lua_pushnil(L); lua_next(L, value);) {
    place = read_member(r, message, &seen);
    if(place < 0)
      return -1;
    if(place) {
      filled += !lua_isnil(L, -1);
      lua_replace(L, value + place);
    } else {
      lua_pop(L, 1);
    }
  }
  lua_createtable(L, 0, filled);
  for(i = 0; filled && i < count; i++) {
    if(lua_isnil(L, value + 1 + i))
      continue;
    lua_rawgeti(L, MCL_WORDS_AT, message->fields[i].name.ref);
    lua_pushvalue(L, value + 1 + i);
    lua_rawset(L, -3);
    filled--;
  }
  lua_replace(L, value);
  lua_settop(L, value);
  return 0;
}
