#ifndef MC_BASE_PLAIN_H
#define MC_BASE_PLAIN_H

#include <stddef.h>

/* Quick looks at what most jobs have. Not 0 means that the text is faultless; 0, that it has to be
   looked at more closely. */

/* projects/P/locations/L/jobs/J, under a parent (NULL: any): the length of the parent, 0 when it is
   not plain. */
size_t mc_plain_parent(const char *text, size_t len, const char *parent, size_t parent_len);

/* http or https, a host without a user, and no control character. */
int mc_is_plain_uri(const char *text, size_t len);

/* A header's name (a token of RFC 9110, 5.6.2, and every one is plain), and its value. */
int mc_is_plain_token(const char *text, size_t len);
int mc_is_plain_value(const char *text, size_t len);

/* An e-mail address, as far as can be told. */
int mc_is_plain_mailbox(const char *text, size_t len);

#endif
