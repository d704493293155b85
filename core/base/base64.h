#ifndef MC_BASE_BASE64_H
#define MC_BASE_BASE64_H

#include <stddef.h>

/* Room for the text of `len` bytes, and for the bytes of a text of `len` characters. */
#define MC_BASE64_TEXT(len) (((len) + 2) / 3 * 4)
#define MC_BASE64_BYTES(len) ((len) / 4 * 3 + 3)

/* Encode in the standard alphabet with padding, or for URLs, without. Returns the length; no NUL is
   written. */
size_t mc_base64_encode(char *out, const void *data, size_t len, int for_url);

/* Decode either alphabet, padded or not; bits that stand for no byte are passed over. 0, or -1 when
   it is not base64. */
int mc_base64_decode(unsigned char *out, size_t *out_len, const char *text, size_t len);

#endif
