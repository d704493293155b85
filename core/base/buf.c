#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void mc_buf_init(struct mc_buf *buf, size_t max)
{
  buf->data = NULL;
  buf->len = 0;
  buf->cap = 0;
  buf->max = max;
}

void mc_buf_clear(struct mc_buf *buf)
{
  mc_free(buf->data);
  mc_buf_init(buf, buf->max);
}

int mc_buf_reserve(struct mc_buf *buf, size_t extra, struct mc_err *err)
{
  size_t need, cap;
  char *data;

  if(extra > buf->max - buf->len)
    return mc_fail(err, MC_RESOURCE_EXHAUSTED, 0, "more than %zu bytes", buf->max);
  need = buf->len + extra + 1;
  if(need <= buf->cap)
    return MC_OK;
  cap = buf->cap ? buf->cap : 64;
  while(cap < need)
    cap = cap > SIZE_MAX / 2 ? need : cap * 2;
  data = mc_realloc(buf->data, cap);
  if(!data)
    return mc_fail_nomem(err);
  buf->data = data;
  buf->cap = cap;
  return MC_OK;
}

int mc_buf_add(struct mc_buf *buf, const void *data, size_t len, struct mc_err *err)
{
  int rc = mc_buf_reserve(buf, len, err);

  if(rc)
    return rc;
  if(len)
    memcpy(buf->data + buf->len, data, len);
  buf->len += len;
  buf->data[buf->len] = '\0';
  return MC_OK;
}

int mc_buf_puts(struct mc_buf *buf, const char *text, struct mc_err *err)
{
  return mc_buf_add(buf, text, strlen(text), err);
}

int mc_buf_printf(struct mc_buf *buf, struct mc_err *err, const char *fmt, ...)
{
  va_list args;
  int len, rc;

  va_start(args, fmt);
  len = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if(len < 0)
    return mc_fail(err, MC_INTERNAL, 0, "a text could not be formatted");
  rc = mc_buf_reserve(buf, (size_t)len, err);
  if(rc)
    return rc;
  va_start(args, fmt);
  vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
  va_end(args);
  buf->len += (size_t)len;
  return MC_OK;
}

char *mc_buf_take(struct mc_buf *buf)
{
  char *data = buf->data;

  mc_buf_init(buf, buf->max);
  return data;
}
