#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* The one mutable global of the core beside the log: a test's countdown to a refused allocation. */
static int64_t countdown = -1;

void mc_alloc_fail_after(int64_t n)
{
  countdown = n;
}

static int refused(void)
{
  if(countdown < 0)
    return 0;
  return countdown-- == 0;
}

void *mc_malloc(size_t size)
{
  return refused() ? NULL : malloc(size ? size : 1);
}

void *mc_calloc(size_t count, size_t size)
{
  return refused() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *mc_realloc(void *ptr, size_t size)
{
  return refused() ? NULL : realloc(ptr, size ? size : 1);
}

char *mc_strndup(const char *text, size_t len)
{
  char *copy = mc_malloc(len + 1);

  if(!copy)
    return NULL;
  if(len)
    memcpy(copy, text, len);
  copy[len] = '\0';
  return copy;
}

char *mc_strdup(const char *text)
{
  return mc_strndup(text, strlen(text));
}

void mc_free(void *ptr)
{
  free(ptr);
}

void mc_wipe(void *ptr, size_t size)
{
  volatile unsigned char *byte = ptr;

  while(size--)
    *byte++ = 0;
}
