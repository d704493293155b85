#include "bind/message.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/text.h"

enum { READ, DEFAULT, ODD = -1 };

/* A field, and the type of the value on top that is to be read for it. */
struct item {
  const struct mcL_field *field;
  int type;
};

/* Readers by kind: [-0, +0, m] READ: the value on top has become the canonical one; DEFAULT: it is
   one that is left out; ODD: it is at fault or not plain. */

/* The text on top, NULL when there is something else. */
static const char *text_of(lua_State *L, const struct item *item, size_t *len)
{
  return item->type == LUA_TSTRING ? lua_tolstring(L, -1, len) : NULL;
}

static int read_string(struct mcL_reader *r, const struct item *item)
{
  size_t len;
  const char *text = text_of(r->L, item, &len);

  if(!text || !mc_is_utf8(text, len))
    return ODD;
  return len ? READ : DEFAULT;
}

static int read_bool(struct mcL_reader *r, const struct item *item)
{
  if(item->type != LUA_TBOOLEAN)
    return ODD;
  return lua_toboolean(r->L, -1) ? READ : DEFAULT;
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

static int read_int32(struct mcL_reader *r, const struct item *item)
{
  lua_State *L = r->L;
  lua_Integer n = 0;
  size_t len;
  const char *text = text_of(L, item, &len);
  int is_whole = 1;

  if(item->type == LUA_TNUMBER)
    n = lua_tointegerx(L, -1, &is_whole);
  else if(!text || !r->as_json || parse_whole(&n, text, len))
    return ODD;
  if(!is_whole || n > INT_MAX || n < INT_MIN)
    return ODD;
  if(!n)
    return DEFAULT;
  lua_pop(L, 1);
  lua_pushinteger(L, n);
  return READ;
}

static int read_bytes(struct mcL_reader *r, const struct item *item)
{
  lua_State *L = r->L;
  struct mcL_writer w = {L, r->scratch, 0, MCL_MAX_DEPTH - 1};
  size_t len;
  const char *text = text_of(L, item, &len);

  r->scratch->len = 0;
  if(text && !r->as_json)
    return len ? READ : DEFAULT;
  if(text) {
    char *out = mcL_room(&w, MC_BASE64_BYTES(len));

    if(mc_base64_decode((unsigned char *)out, &len, text, len))
      return ODD;
    r->scratch->len = len;
    if(!len)
      return DEFAULT;
  } else if(r->as_json || item->type != LUA_TTABLE || mcL_put_value(&w, lua_gettop(L), 0, 0)) {
    return ODD;
  }
  lua_pop(L, 1);
  mcL_push_scratch(L, r->scratch);
  return READ;
}

static int is_name(const struct mcL_word *word, const char *text, size_t len, int any_case)
{
  return any_case ? word->len == len && !strncasecmp(word->text, text, len)
                  : mcL_is_word(word, text, len);
}

static int read_enum(struct mcL_reader *r, const struct item *item)
{
  lua_State *L = r->L;
  const struct mcL_enum *names = item->field->names;
  size_t len, i = names->count;
  const char *text = text_of(L, item, &len);
  lua_Integer number;
  int is_whole = 0;

  if(text) {
    for(i = 0; i < names->count && !is_name(&names->names[i], text, len, !r->as_json);)
      i++;
  } else if(item->type == LUA_TNUMBER) {
    number = lua_tointegerx(L, -1, &is_whole);
    if(is_whole && number >= 0 && number < (lua_Integer)names->count)
      i = (size_t)number;
  }
  if(i == names->count)
    return !r->is_lenient ? ODD : text ? READ : DEFAULT;
  if(!i)
    return DEFAULT;
  lua_pop(L, 1);
  lua_rawgeti(L, MCL_WORDS_AT, names->names[i].ref);
  return READ;
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

static int read_duration(struct mcL_reader *r, const struct item *item)
{
  lua_State *L = r->L;
  size_t len;
  const char *text = text_of(L, item, &len);
  lua_Integer seconds = 0;
  int is_whole = 1;

  if(text && is_canonical_duration(text, len))
    return READ;
  if(r->as_json)
    return ODD;
  if(item->type == LUA_TNUMBER)
    seconds = lua_tointegerx(L, -1, &is_whole);
  else if(!text || parse_units(&seconds, text, len))
    return ODD;
  if(!is_whole || seconds > INT_MAX || seconds < -INT_MAX)
    return ODD;
  lua_pop(L, 1);
  lua_pushfstring(L, "%Is", (LUAI_UACINT)seconds);
  return READ;
}

static int read_timestamp(struct mcL_reader *r, const struct item *item)
{
  static const char SHAPE[] = "0000-00-00T00:00:00";
  size_t len, i;
  const char *text = text_of(r->L, item, &len);

  if(!text || len < sizeof(SHAPE) - 1)
    return ODD;
  for(i = 0; i < sizeof(SHAPE) - 1; i++) {
    if(SHAPE[i] == '0' ? !is_digit(text[i]) : text[i] != SHAPE[i])
      return ODD;
  }
  return READ;
}

/* [-0, +0, m] whether the key and value on top are those of a map: 1 to keep, 0 for a null, which
   takes its key away, -1 when they are not. */
static int check_entry(struct mcL_reader *r)
{
  lua_State *L = r->L;
  int type = lua_type(L, -1);
  const char *text;
  size_t len;

  if(lua_type(L, -2) != LUA_TSTRING)
    return -1;
  if(type == LUA_TSTRING) {
    text = lua_tolstring(L, -1, &len);
    if(!mc_is_utf8(text, len))
      return -1;
  } else if(type == LUA_TLIGHTUSERDATA && mcL_is_null(L, -1)) {
    return 0;
  } else if(type != LUA_TNUMBER || r->as_json) {
    return -1;
  }
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

static int read_map(struct mcL_reader *r, const struct item *item)
{
  lua_State *L = r->L;
  int map = lua_gettop(L), count = 0, rc;

  if(item->type != LUA_TTABLE)
    return ODD;
  for(lua_pushnil(L); lua_next(L, map); lua_pop(L, 1)) {
    rc = check_entry(r);
    if(rc < 0)
      return ODD;
    count += rc;
  }
  if(!count)
    return DEFAULT;
  lua_createtable(L, 0, count);
  for(lua_pushnil(L); lua_next(L, map);) {
    if(mcL_is_null(L, -1)) {
      lua_pop(L, 1);
      continue;
    }
    if(lua_type(L, -1) == LUA_TNUMBER)
      number_to_text(L);
    lua_pushvalue(L, -2); /* stack: map, out, key, value, key, value */
    lua_pushvalue(L, -2);
    lua_rawset(L, map + 1);
    lua_pop(L, 1);
  }
  lua_replace(L, map);
  return READ;
}

static int read_any(struct mcL_reader *r, const struct item *item)
{
  (void)r;
  (void)item;
  return READ;
}

static int read_message(struct mcL_reader *r, const struct item *item)
{
  return mcL_read_message(r, item->field->message) ? ODD : READ;
}

static int read_messages(struct mcL_reader *r, const struct item *item)
{
  lua_State *L = r->L;
  int list = lua_gettop(L);
  lua_Integer count, left, i;

  if(item->type != LUA_TTABLE)
    return ODD;
  count = left = (lua_Integer)lua_rawlen(L, list);
  for(lua_pushnil(L); lua_next(L, list); lua_pop(L, 1))
    left--;
  if(left)
    return ODD;
  if(!count)
    return DEFAULT;
  lua_createtable(L, (int)(count < 1000 ? count : 1000), 0);
  for(i = 1; i <= count; i++) {
    lua_rawgeti(L, list, i);
    if(mcL_read_message(r, item->field->message))
      return ODD;
    lua_rawseti(L, list + 1, i);
  }
  lua_replace(L, list);
  return READ;
}

static int (*const readers[MCL_KINDS])(struct mcL_reader *r, const struct item *item) = {
    [MCL_STRING] = read_string, [MCL_BOOLEAN] = read_bool,        [MCL_INT32] = read_int32,
    [MCL_BLOB] = read_bytes,    [MCL_ENUM] = read_enum,           [MCL_DURATION] = read_duration,
    [MCL_MAP] = read_map,       [MCL_TIMESTAMP] = read_timestamp, [MCL_ANY] = read_any,
    [MCL_SUB] = read_message,   [MCL_LIST_OF] = read_messages};

/* ---- messages ---- */

struct seen {
  unsigned fields, oneofs;
};

/* [-0, +0, m] Read the member whose key and value are on top; `*place` becomes the field's number
   when its value is to be kept. 0, or -1 when the member is at fault or not plain. */
static int read_member(struct mcL_reader *r, const struct mcL_message *message, struct seen *seen,
                       int *place)
{
  lua_State *L = r->L;
  struct item item = {NULL, lua_type(L, -1)};
  const char *name;
  size_t len;
  int rc, number;

  if(lua_type(L, -2) != LUA_TSTRING) {
    /* a list is no message; what else there is, is not known */
    return !r->is_lenient || (lua_isinteger(L, -2) && lua_tointeger(L, -2) == 1) ? -1 : 0;
  }
  name = lua_tolstring(L, -2, &len);
  item.field = mcL_find_field(message, name, len, r->as_json);
  if(!item.field)
    return r->is_lenient ? 0 : -1;
  number = (int)(item.field - message->fields);
  if(seen->fields & 1u << number)
    return -1; /* in both spellings */
  seen->fields |= 1u << number;
  if(item.type == LUA_TLIGHTUSERDATA && mcL_is_null(L, -1))
    return 0;
  if(seen->oneofs & item.field->oneof)
    return -1;
  seen->oneofs |= item.field->oneof;
  rc = readers[item.field->kind](r, &item);
  if(rc == READ)
    *place = number;
  return rc == ODD ? -1 : 0;
}

/* [-0, +0, m] */
int mcL_read_message(struct mcL_reader *r, const struct mcL_message *message)
{
  lua_State *L = r->L;
  int value = lua_gettop(L), count = 0, place;
  unsigned char places[MCL_MAX_FIELDS]; /* of the values that are kept, in the order they came in */
  struct seen seen = {0, 0};

  if(!lua_istable(L, value))
    return -1;
  luaL_checkstack(L, (int)message->count + 10, "a message to be read");
  for(lua_pushnil(L); lua_next(L, value);) {
    place = -1;
    if(read_member(r, message, &seen, &place))
      return -1;
    if(place < 0) {
      lua_pop(L, 1);
    } else {
      places[count++] = (unsigned char)place;
      lua_insert(L, -2); /* stack: value, those that are kept, key */
    }
  }
  lua_createtable(L, 0, count);
  lua_replace(L, value);
  for(; count > 0; count--) {
    lua_rawgeti(L, MCL_WORDS_AT, message->fields[places[count - 1]].name.ref);
    lua_insert(L, -2);
    lua_rawset(L, value);
  }
  return 0;
}
