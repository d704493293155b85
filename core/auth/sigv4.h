#ifndef MC_AUTH_SIGV4_H
#define MC_AUTH_SIGV4_H

#include "auth/instant.h"
#include "base/buf.h"

/* A bodiless request as AWS Signature Version 4 sees it. Signed headers: host, x-amz-date, and
   x-amz-security-token when there is one. */
struct mc_sigv4 {
  const char *method;
  const char *url; /* https://host[/path][?query]; names and values percent-encoded */
  const char *region;
  const char *service;
  const char *access_key;
  const char *secret_key;
  const char *session_token; /* NULL: none */
  char date[MC_INSTANT_BASIC];
};

/* Append the host of the URL. MC_INVALID_ARGUMENT when there is none. */
int mc_sigv4_host(struct mc_buf *out, const char *url, struct mc_err *err);
/* Append the value of the Authorization header. */
int mc_sigv4_authorization(struct mc_buf *out, const struct mc_sigv4 *request, struct mc_err *err);

#endif
