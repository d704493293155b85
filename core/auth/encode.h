#ifndef MC_AUTH_ENCODE_H
#define MC_AUTH_ENCODE_H

#include <stddef.h>

#include "base/buf.h"

/* Append an encoding of data to a buffer. Errors are the buffer's. */
int mc_encode_base64(struct mc_buf *out, const void *data, size_t len, struct mc_err *err);
/* URL alphabet, no padding [RFC 7515]. */
int mc_encode_base64url(struct mc_buf *out, const void *data, size_t len, struct mc_err *err);
int mc_encode_hex(struct mc_buf *out, const void *data, size_t len, struct mc_err *err);
/* Percent-encode all but the unreserved of RFC 3986 and the bytes in `keep`. */
int mc_encode_percent(struct mc_buf *out, const char *text, const char *keep, struct mc_err *err);
/* `name=value` of a form body, with `&` before it unless the buffer is empty. */
int mc_encode_form(struct mc_buf *out, const char *name, const char *value, struct mc_err *err);

/* Strict: the URL alphabet without padding, no stray bits. MC_INVALID_ARGUMENT with the byte's
   position. */
int mc_decode_base64url(struct mc_buf *out, const char *text, size_t len, struct mc_err *err);

/* Wipe the whole allocation, then free it. */
void mc_buf_wipe(struct mc_buf *buf);

#endif
