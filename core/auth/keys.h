#ifndef MC_AUTH_KEYS_H
#define MC_AUTH_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MC_PEM_MAX 16384 /* bytes of one key or certificate */
#define MC_KEYSET_TEXT_MAX 262144 /* bytes of a JWKS or certificate set */
#define MC_KEYSET_MAX 64 /* keys in one set */
#define MC_KID_MAX 256

/* The two algorithms there are. No HMAC and no `none`: a public key can never be taken for a
   shared secret. */
enum mc_alg { MC_ALG_RS256, MC_ALG_ES256 };
#define MC_ALG_BIT(alg) (1u << (alg))
#define MC_ALG_ANY (MC_ALG_BIT(MC_ALG_RS256) | MC_ALG_BIT(MC_ALG_ES256))

const char *mc_alg_name(enum mc_alg alg);
/* 1 and *out when `name` is RS256 or ES256, else 0. */
int mc_alg_parse(enum mc_alg *out, const char *name);

/* A fresh private key as PKCS#8 PEM: RSA of 2048 bits for RS256, P-256 for ES256. *out_pem is
   the caller's: mc_wipe, then mc_free. */
int mc_key_generate(char **out_pem, enum mc_alg alg, struct mc_err *err);

/* Which algorithm the private key in `pem` signs with. MC_INVALID_ARGUMENT when it is no
   unencrypted private key, RSA of fewer than 2048 bits or more than 8192, or a curve other than
   P-256. */
int mc_key_alg(enum mc_alg *out, const char *pem, size_t len, struct mc_err *err);

/* The public half of a private or public key as a JWK: {"alg","e","kid","kty","n","use"} or
   {...,"crv","x","y"}; kid is the RFC 7638 thumbprint. *out_json is the caller's (mc_free). */
int mc_key_jwk(char **out_json, const char *pem, size_t len, struct mc_err *err);

/* The RFC 7638 thumbprint alone. *out_kid is the caller's (mc_free). */
int mc_key_id(char **out_kid, const char *pem, size_t len, struct mc_err *err);

/* A self-signed X.509 certificate of a private key, PEM: what stands in the local issuer's
   certificate set. Times are seconds since the epoch, the common name 1-64 bytes. *out_pem is
   the caller's (mc_free). */
int mc_key_certificate(char **out_pem, const char *key_pem, size_t len, const char *common_name,
                       int64_t not_before_s, int64_t not_after_s, struct mc_err *err);

/* A set of public keys. Immutable. */
struct mc_key {
  const char *kid;
  enum mc_alg alg;
  const char *pem; /* public key, SubjectPublicKeyInfo */
};
struct mc_keyset;

/* Out of a JWKS {"keys":[...]} or a certificate set {"kid":"-----BEGIN CERTIFICATE-----..."}.
   Keys for other uses and of other kinds are left out; one that is broken, or a set in which
   none remains, is MC_INVALID_ARGUMENT. A JWK without kid gets its thumbprint. *out is the
   caller's (mc_keyset_free). */
int mc_keyset_parse(struct mc_keyset **out, const char *json, size_t len, struct mc_err *err);
void mc_keyset_free(struct mc_keyset *set);
size_t mc_keyset_len(const struct mc_keyset *set);
/* i < mc_keyset_len; borrowed. */
const struct mc_key *mc_keyset_at(const struct mc_keyset *set, size_t i);
/* The key `kid`, borrowed; NULL when there is none. */
const struct mc_key *mc_keyset_find(const struct mc_keyset *set, const char *kid);

#endif
