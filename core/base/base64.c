#include "base/base64.h"

#include <stdint.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t mc_base64_encode(char *out, const void *data, size_t len, int for_url)
{
  const char *alphabet = for_url ? URL_SAFE : STANDARD;
  const unsigned char *p = data;
  char *at = out;
  uint32_t bits;

  for(; len >= 3; len -= 3, p += 3) {
    bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    *at++ = alphabet[bits >> 18];
    *at++ = alphabet[bits >> 12 & 63];
    *at++ = alphabet[bits >> 6 & 63];
    *at++ = alphabet[bits & 63];
  }
  if(!len)
    return (size_t)(at - out);
  bits = (uint32_t)p[0] << 16 | (len > 1 ? (uint32_t)p[1] << 8 : 0);
  *at++ = alphabet[bits >> 18];
  *at++ = alphabet[bits >> 12 & 63];
  if(len > 1)
    *at++ = alphabet[bits >> 6 & 63];
  if(for_url)
    return (size_t)(at - out);
  if(len == 1)
    *at++ = '=';
  *at++ = '=';
  return (size_t)(at - out);
}

/* The six bits of a character, -1 when it is none of either alphabet. */
static int value_of(char c)
{
  if(c >= 'A' && c <= 'Z')
    return c - 'A';
  if(c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if(c >= '0' && c <= '9')
    return c - '0' + 52;
  if(c == '+' || c == '-')
    return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

int mc_base64_decode(unsigned char *out, size_t *out_len, const char *text, size_t len)
{
  size_t body = len, i, n = 0;
  uint32_t bits = 0;
  int value;

  while(body > 0 && text[body - 1] == '=')
    body--;
  if(body % 4 == 1 || len - body > 2 || (len != body && len % 4))
    return -1;
  for(i = 0; i < body; i++) {
    value = value_of(text[i]);
    if(value < 0)
      return -1;
    bits = bits << 6 | (uint32_t)value;
    if(i % 4)
      out[n++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
  }
  *out_len = n;
  return 0;
}
