#ifndef MC_AUTH_CERTIFICATES_H
#define MC_AUTH_CERTIFICATES_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

#define MC_CERTIFICATES_MAX 16 /* in one chain */

/* Append the certificates of a PEM text, at most `most` of them, to a JSON list: each as the base64
   of its DER. What else stands in the text, keys and remarks, is passed over. MC_INVALID_ARGUMENT
   when one is broken; the list may then have grown. */
int mc_certificates_add(json_t *list, const char *pem, size_t len, size_t most, struct mc_err *err);

#endif
