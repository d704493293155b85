#ifndef MC_BIND_MESSAGE_H
#define MC_BIND_MESSAGE_H

/* Messages of mooncron.schema, compiled: read from tables into the canonical form and written as
   JSON text, as long as nothing is at fault or out of the ordinary. Whatever is, is left to the
   schema's own walk in Lua, which has the words for it. */

#include <stddef.h>

#include "bind/text.h"

#define MCL_MAX_FIELDS 32
#define MCL_MAX_ENUM 16

enum mcL_kind {
  MCL_STRING,
  MCL_BOOLEAN,
  MCL_INT32,
  MCL_BLOB,
  MCL_ENUM,
  MCL_DURATION,
  MCL_TIMESTAMP,
  MCL_MAP,
  MCL_ANY,
  MCL_SUB,
  MCL_LIST_OF,
  MCL_KINDS
};

/* A string of Lua: it stands at `ref` in the table of words, which keeps it where it is. */
struct mcL_word {
  const char *text;
  size_t len;
  lua_Integer ref;
};

struct mcL_enum {
  size_t count;
  struct mcL_word names[MCL_MAX_ENUM]; /* by their numbers; the first is the default */
};

struct mcL_field {
  enum mcL_kind kind;
  unsigned oneof; /* a bit for each, 0 for none */
  struct mcL_word name, json;
  const struct mcL_enum *names; /* of MCL_ENUM */
  const struct mcL_message *message; /* of MCL_SUB and MCL_LIST_OF */
};

struct mcL_message {
  size_t count;
  struct mcL_field fields[MCL_MAX_FIELDS]; /* in the order in which they are printed */
  /* Both spellings by their hash, open addressing: a field's number from 1, 0 for nothing. */
  unsigned char by_hash[4 * MCL_MAX_FIELDS];
};

int mcL_is_word(const struct mcL_word *word, const char *text, size_t len);

/* The field of a name: as Lua spells it, or also (`json`) as JSON does. NULL when it has none. */
const struct mcL_field *mcL_find_field(const struct mcL_message *message, const char *name,
                                       size_t len, int json);

/* Upvalues of what works on messages. */
#define MCL_SCRATCH_AT lua_upvalueindex(1)
#define MCL_WORDS_AT lua_upvalueindex(2)

struct mcL_reader {
  lua_State *L;
  struct mc_buf *scratch;
  int as_json; /* decoded JSON instead of what people write in Lua */
  int is_lenient; /* pass over what is not known */
};
/* [-0, +0, m] replace the value on top, a table or whatever else, by the canonical message. 0, or
   -1 when it is not plain: what is on the stack from the value on is of no use then. */
int mcL_read_message(struct mcL_reader *r, const struct mcL_message *message);

/* [-0, +0, m] append the canonical message at `idx` as JSON text, `depth` tables around it. 0, or
   -1 when it is not canonical: the text is of no use then. */
int mcL_put_message(struct mcL_writer *w, const struct mcL_message *message, int idx, int int_enums,
                    int depth);

#endif
