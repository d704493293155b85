#ifndef MC_BASE_TEXT_H
#define MC_BASE_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* Whether the bytes are UTF-8: shortest forms, no surrogates, nothing past U+10FFFF. */
int mc_is_utf8(const char *text, size_t len);

/* Append the text as a JSON string, quotes and all; bytes from 0x20 on but `"` and `\` stand as
   they are. */
int mc_buf_add_json(struct mc_buf *buf, const char *text, size_t len, struct mc_err *err);

#endif
