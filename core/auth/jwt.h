#ifndef MC_AUTH_JWT_H
#define MC_AUTH_JWT_H

#include <stddef.h>
#include <stdint.h>

#include "auth/keys.h"

#define MC_JWT_MAX 16384 /* bytes of a token, and of its claims */
#define MC_JWT_LIFETIME_MAX                                                                        \
  86400 /* seconds from iat to exp that a verifier believes [google-auth-library] */

/* Sign a JSON object of claims. Header: {"alg","kid","typ":"JWT"}; `kid` NULL leaves kid out.
   The key must be of the kind that alg asks for. *out is the caller's (mc_wipe, mc_free). */
int mc_jwt_sign(char **out, const char *claims, size_t len, enum mc_alg alg, const char *key_pem,
                size_t key_len, const char *kid, struct mc_err *err);

/* What a token must be. Times in seconds. */
struct mc_jwt_expect {
  unsigned algs; /* set of MC_ALG_BIT */
  const char *const *issuers; /* one of these; none: any issuer */
  size_t issuer_count;
  const char *const *audiences; /* one of these; none: any audience */
  size_t audience_count;
  const char *email; /* this and email_verified; NULL: any */
  int64_t now_s;
  int64_t leeway_s; /* clock skew allowed either way */
};

/* Check signature, then claims. On success *out_claims is the payload's JSON text, the caller's
   (mc_free). MC_NOT_FOUND when the set has no such kid (fetch it again, keys rotate);
   MC_INVALID_ARGUMENT when it is no JWT; all else is MC_UNAUTHENTICATED, and the message names
   the cause. */
int mc_jwt_verify(char **out_claims, const char *token, size_t len, const struct mc_keyset *keys,
                  const struct mc_jwt_expect *expect, struct mc_err *err);

/* Header and claims as JSON texts (mc_free), nothing verified: for display only. */
int mc_jwt_decode(char **out_header, char **out_claims, const char *token, size_t len,
                  struct mc_err *err);

/* The numeric claim exp of a token that nobody verified: when a token that was given to us runs
   out. */
int mc_jwt_expiry(int64_t *out_s, const char *token, size_t len, struct mc_err *err);

#endif
