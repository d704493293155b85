#include "base/plain.h"

#include <string.h>

#define MAX_JOB_ID 500

static int is_digit(unsigned char c)
{
  return c >= '0' && c <= '9';
}

static int is_alnum(unsigned char c)
{
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- names ---- */

/* Where a literal and then one or more letters, digits and bytes of `also` end; 0 when they are not
   at `at`, or `at` is 0. */
static size_t part(const char *text, size_t len, size_t at, const char *literal, const char *also)
{
  size_t size = strlen(literal), i;

  if(len - at <= size || memcmp(text + at, literal, size) != 0)
    return 0;
  for(i = at + size;
      i < len && text[i] && (is_alnum((unsigned char)text[i]) || strchr(also, text[i]));)
    i++;
  return i > at + size ? i : 0;
}

size_t mc_plain_parent(const char *text, size_t len, const char *parent, size_t parent_len)
{
  size_t project = part(text, len, 0, "projects/", "-:.");
  size_t location = project ? part(text, len, project, "/locations/", "-") : 0;
  size_t job = location ? part(text, len, location, "/jobs/", "-_") : 0;

  if(!job || job != len || len - location - strlen("/jobs/") > MAX_JOB_ID)
    return 0;
  if(parent && (parent_len != location || memcmp(text, parent, location) != 0))
    return 0;
  return location;
}

/* ---- targets ---- */

int mc_is_plain_uri(const char *text, size_t len)
{
  size_t i = len > 8 && !memcmp(text, "https://", 8) ? 8 : 7, host = i;

  if(len <= i || (i == 7 && memcmp(text, "http://", 7) != 0))
    return 0;
  while(i < len && (is_alnum((unsigned char)text[i]) || text[i] == '.' || text[i] == '-'))
    i++;
  if(i == host)
    return 0;
  if(i < len && text[i] == ':') {
    do
      i++;
    while(i < len && is_digit((unsigned char)text[i]));
  }
  if(i < len && text[i] != '/' && text[i] != '?' && text[i] != '#')
    return 0;
  while(i < len && (unsigned char)text[i] >= 0x20 && text[i] != 0x7F)
    i++;
  return i == len;
}

int mc_is_plain_token(const char *text, size_t len)
{
  size_t i = 0;

  while(i < len && text[i] &&
        (is_alnum((unsigned char)text[i]) || strchr("!#$%&'*+.^_`|~-", text[i])))
    i++;
  return len && i == len;
}

int mc_is_plain_value(const char *text, size_t len)
{
  size_t i = 0;

  while(i < len && text[i] != '\r' && text[i] != '\n' && text[i])
    i++;
  return i == len;
}

/* Not white space, and not the sign in the middle of an address. */
static int is_mailbox_char(unsigned char c)
{
  return c != ' ' && (c < '\t' || c > '\r') && c != '@';
}

int mc_is_plain_mailbox(const char *text, size_t len)
{
  size_t at = 0, i;

  while(at < len && is_mailbox_char((unsigned char)text[at]))
    at++;
  if(!at || at + 1 >= len || text[at] != '@')
    return 0;
  for(i = at + 1; i < len && is_mailbox_char((unsigned char)text[i]);)
    i++;
  return i == len;
}
