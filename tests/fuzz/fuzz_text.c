/* Any bytes as base64, as UTF-8 and a JSON string, as a name, a URI and an address. */

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/plain.h"
#include "base/text.h"
#include "fuzz.h"

/* What is written reads back, in both alphabets; what reads is written as something that reads the
   same. */
static void check_base64(const char *data, size_t size)
{
  char *text = malloc(MC_BASE64_TEXT(size) + 1);
  unsigned char *bytes = malloc(MC_BASE64_BYTES(MC_BASE64_TEXT(size)));
  size_t len, text_len;

  MC_ASSERT(text && bytes);
  for(int for_url = 0; for_url < 2; for_url++) {
    text_len = mc_base64_encode(text, data, size, for_url);
    MC_ASSERT(text_len <= MC_BASE64_TEXT(size) && mc_is_utf8(text, text_len));
    MC_ASSERT(!mc_base64_decode(bytes, &len, text, text_len));
    MC_ASSERT(len == size && !memcmp(bytes, data, size));
  }
  if(!mc_base64_decode(bytes, &len, data, size))
    MC_ASSERT(len <= MC_BASE64_BYTES(size) && len * 4 <= size * 3);
  free(text);
  free(bytes);
}

/* The byte that an escape at `at` stands for; moves behind it. */
static char unescape(const char **at)
{
  static const char NAMED[] = "\"\"\\\\b\bf\fn\nr\rt\t";
  const char *row;
  char hex[3] = {0};

  MC_ASSERT(*(*at)++ == '\\');
  for(row = NAMED; *row; row += 2) {
    if(row[0] == **at) {
      (*at)++;
      return row[1];
    }
  }
  MC_ASSERT(!strncmp(*at, "u00", 3));
  memcpy(hex, *at + 3, 2);
  *at += 5;
  return (char)strtol(hex, NULL, 16);
}

/* No byte in it needs an escape, and it says what it was made of. */
static void check_json(const char *data, size_t size)
{
  const char *at, *end;
  struct mc_buf buf;
  size_t i;

  mc_buf_init(&buf, 6 * size + 2);
  MC_ASSERT(!mc_buf_add_json(&buf, data, size, NULL));
  at = buf.data + 1;
  end = buf.data + buf.len - 1;
  MC_ASSERT(buf.data[0] == '"' && *end == '"' && !*(end + 1));
  MC_ASSERT(mc_is_utf8(buf.data, buf.len) == mc_is_utf8(data, size));
  for(i = 0; i < size; i++) {
    MC_ASSERT(at < end && (unsigned char)*at >= 0x20 && *at != '"');
    if(*at == '\\')
      MC_ASSERT(unescape(&at) == data[i]);
    else
      MC_ASSERT(*at++ == data[i]);
  }
  MC_ASSERT(at == end);
  mc_buf_clear(&buf);
}

/* What is plain has nothing in it that could break a request. */
static void check_plain(const char *data, size_t size)
{
  size_t parent = mc_plain_parent(data, size, NULL, 0), i;

  if(parent) {
    MC_ASSERT(parent < size && !memcmp(data + parent, "/jobs/", 6));
    MC_ASSERT(mc_plain_parent(data, size, data, parent) == parent);
    MC_ASSERT(!mc_plain_parent(data, size, data, parent - 1) &&
              !mc_plain_parent(data, parent, NULL, 0));
  }
  for(i = 0; i < size && (parent || mc_is_plain_uri(data, size) || mc_is_plain_token(data, size));
      i++)
    MC_ASSERT((unsigned char)data[i] >= 0x20 && data[i] != 0x7F);
  if(mc_is_plain_mailbox(data, size))
    MC_ASSERT(size > 2 && memchr(data, '@', size) && data[0] != '@' && data[size - 1] != '@');
  if(mc_is_plain_value(data, size))
    MC_ASSERT(!memchr(data, '\n', size) && !memchr(data, '\r', size) && !memchr(data, 0, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = size ? (const char *)data : "";

  check_base64(text, size);
  check_json(text, size);
  check_plain(text, size);
  return 0;
}
