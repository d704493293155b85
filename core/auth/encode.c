#include "auth/encode.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"

static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char HEX[] = "0123456789abcdef";

static int add_base64(struct mc_buf *out, const void *data, size_t len, int for_url,
                      struct mc_err *err)
{
  int rc = mc_buf_reserve(out, MC_BASE64_TEXT(len), err);

  if(rc)
    return rc;
  out->len += mc_base64_encode(out->data + out->len, data, len, for_url);
  out->data[out->len] = '\0';
  return MC_OK;
}

int mc_encode_base64(struct mc_buf *out, const void *data, size_t len, struct mc_err *err)
{
  return add_base64(out, data, len, 0, err);
}

int mc_encode_base64url(struct mc_buf *out, const void *data, size_t len, struct mc_err *err)
{
  return add_base64(out, data, len, 1, err);
}

int mc_encode_hex(struct mc_buf *out, const void *data, size_t len, struct mc_err *err)
{
  const unsigned char *p = data;
  char two[2];
  size_t i;
  int rc = mc_buf_reserve(out, len * 2, err);

  for(i = 0; !rc && i < len; i++) {
    two[0] = HEX[p[i] >> 4];
    two[1] = HEX[p[i] & 15];
    rc = mc_buf_add(out, two, 2, err);
  }
  return rc;
}

static int is_unreserved(unsigned char c)
{
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int mc_encode_percent(struct mc_buf *out, const char *text, const char *keep, struct mc_err *err)
{
  static const char UPPER[] = "0123456789ABCDEF";
  char three[3] = {'%', 0, 0};
  int rc = mc_buf_reserve(out, strlen(text), err);

  for(; !rc && *text; text++) {
    unsigned char c = (unsigned char)*text;

    if(is_unreserved(c) || strchr(keep, c)) {
      rc = mc_buf_add(out, text, 1, err);
    } else {
      three[1] = UPPER[c >> 4];
      three[2] = UPPER[c & 15];
      rc = mc_buf_add(out, three, 3, err);
    }
  }
  return rc;
}

int mc_encode_form(struct mc_buf *out, const char *name, const char *value, struct mc_err *err)
{
  int rc = out->len ? mc_buf_puts(out, "&", err) : MC_OK;

  if(!rc)
    rc = mc_buf_puts(out, name, err);
  if(!rc)
    rc = mc_buf_puts(out, "=", err);
  return rc ? rc : mc_encode_percent(out, value, "", err);
}

static int digit(char c)
{
  const char *at = c ? strchr(URL_SAFE, c) : NULL;

  return at ? (int)(at - URL_SAFE) : -1;
}

int mc_decode_base64url(struct mc_buf *out, const char *text, size_t len, struct mc_err *err)
{
  unsigned bits = 0, have = 0;
  size_t i;
  int d, rc = mc_buf_reserve(out, len / 4 * 3 + 3, err);

  for(i = 0; !rc && i < len; i++) {
    unsigned char byte;

    d = digit(text[i]);
    if(d < 0)
      return mc_fail_at(err, MC_INVALID_ARGUMENT, (int64_t)i, "not base64url at byte %zu", i);
    bits = bits << 6 | (unsigned)d;
    have += 6;
    if(have < 8)
      continue;
    have -= 8;
    byte = (unsigned char)(bits >> have & 255);
    rc = mc_buf_add(out, &byte, 1, err);
  }
  if(!rc && (have == 6 || (bits & ((1u << have) - 1))))
    return mc_fail_at(err, MC_INVALID_ARGUMENT, (int64_t)len, "base64url with stray bits");
  return rc;
}

void mc_buf_wipe(struct mc_buf *buf)
{
  if(buf->data)
    mc_wipe(buf->data, buf->cap);
  mc_buf_clear(buf);
}
