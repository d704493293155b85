#ifndef MC_BASE_BUF_H
#define MC_BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

/* A growing byte buffer with a named maximum: what would pass it is refused and the content stays
   as it was. `data` is always NUL-terminated once anything was added, so text can be handed on as
   it is. */
struct mc_buf {
  char *data;
  size_t len;
  size_t cap; /* bytes allocated */
  size_t max; /* most bytes it may hold */
};

/* In place; owns nothing yet. */
void mc_buf_init(struct mc_buf *buf, size_t max);
/* Frees the content; the buffer may be used again. */
void mc_buf_clear(struct mc_buf *buf);
/* Room for `extra` more bytes. MC_RESOURCE_EXHAUSTED when over the maximum or out of memory. */
int mc_buf_reserve(struct mc_buf *buf, size_t extra, struct mc_err *err);
int mc_buf_add(struct mc_buf *buf, const void *data, size_t len, struct mc_err *err);
int mc_buf_puts(struct mc_buf *buf, const char *text, struct mc_err *err);
int mc_buf_printf(struct mc_buf *buf, struct mc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Hand the content over to the caller (mc_free); the buffer is empty afterwards. NULL when it holds
   nothing. */
char *mc_buf_take(struct mc_buf *buf);

#endif
