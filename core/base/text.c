#include "base/text.h"

#include <stdint.h>
#include <string.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH EACH(0x80)

static uint64_t word_at(const char *text)
{
  uint64_t word;

  memcpy(&word, text, sizeof(word));
  return word;
}

/* High bits where a byte of `word` is zero, and maybe where one above such a byte is: exact as to
   whether there is one. */
static uint64_t zeros(uint64_t word)
{
  return (word - EACH(1)) & ~word & HIGH;
}

/* ---- UTF-8 ---- */

/* Bytes of the sequence that begins at p, 0 when it is none. */
static size_t sequence(const unsigned char *p, size_t left)
{
  /* by the length: the least code point that needs it */
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t len = p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF8 ? 4 : 0, i;
  uint32_t code;

  if(!len || len > left)
    return 0;
  code = p[0] & (0x7Fu >> len);
  for(i = 1; i < len; i++) {
    if((p[i] & 0xC0) != 0x80)
      return 0;
    code = code << 6 | (p[i] & 0x3F);
  }
  return code < least[len] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : len;
}

int mc_is_utf8(const char *text, size_t len)
{
  const unsigned char *p = (const unsigned char *)text;
  size_t i = 0, step;

  while(i < len) {
    if(len - i >= 8 && !(word_at(text + i) & HIGH)) {
      i += 8;
    } else if(p[i] < 0x80) {
      i++;
    } else {
      step = sequence(p + i, len - i);
      if(!step)
        return 0;
      i += step;
    }
  }
  return 1;
}

/* ---- JSON ---- */

static int needs_escape(unsigned char c)
{
  return c < 0x20 || c == '"' || c == '\\';
}

/* How many bytes stand as they are. */
static size_t plain_run(const char *text, size_t len)
{
  size_t i = 0;
  uint64_t word;

  for(; len - i >= 8; i += 8) {
    word = word_at(text + i);
    /* below 0x20: the subtraction borrows into the high bit, which the byte itself does not have */
    if((((word - EACH(0x20)) & ~word) & HIGH) || zeros(word ^ EACH('"')) ||
       zeros(word ^ EACH('\\')))
      break;
  }
  while(i < len && !needs_escape((unsigned char)text[i]))
    i++;
  return i;
}

static size_t escape(char out[6], unsigned char c)
{
  static const char HEX[] = "0123456789abcdef";
  static const char NAMED[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  static const char CODE[] = {'\\', 'u', '0', '0'};
  const char *row;

  out[0] = '\\';
  for(row = NAMED; *row; row += 2) {
    if((unsigned char)row[0] == c) {
      out[1] = row[1];
      return 2;
    }
  }
  memcpy(out, CODE, sizeof(CODE));
  out[4] = HEX[c >> 4];
  out[5] = HEX[c & 15];
  return 6;
}

/* What follows an opening quote, the closing one too. */
static int add_escaped(struct mc_buf *buf, const char *text, size_t len, struct mc_err *err)
{
  size_t run;
  char six[6];
  int rc = MC_OK;

  while(!rc && len) {
    run = plain_run(text, len);
    rc = mc_buf_add(buf, text, run, err);
    text += run;
    len -= run;
    if(!rc && len) {
      rc = mc_buf_add(buf, six, escape(six, (unsigned char)*text++), err);
      len--;
    }
  }
  return rc ? rc : mc_buf_add(buf, "\"", 1, err);
}

int mc_buf_add_json(struct mc_buf *buf, const char *text, size_t len, struct mc_err *err)
{
  size_t run, start = buf->len;
  char *at;
  int rc = mc_buf_reserve(buf, len + 2, err);

  if(rc)
    return rc;
  at = buf->data + start;
  run = plain_run(text, len);
  *at = '"';
  memcpy(at + 1, text, run);
  buf->len = start + 1 + run;
  if(run == len) {
    memcpy(at + 1 + run, "\"", 2);
    buf->len++;
    return MC_OK;
  }
  rc = add_escaped(buf, text + run, len - run, err);
  if(rc) {
    buf->len = start;
    buf->data[start] = '\0';
  }
  return rc;
}
