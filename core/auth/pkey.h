#ifndef MC_AUTH_PKEY_H
#define MC_AUTH_PKEY_H

#include <openssl/evp.h>
#include <stddef.h>

#include "auth/keys.h"

/* Inside auth: keys as OpenSSL has them. */

/* Read PEM; never asks for a pass phrase. A private key, or with `public_too` a public key as
   well. NULL on failure; else EVP_PKEY_free. */
EVP_PKEY *mc_pkey_read(const char *pem, size_t len, int public_too, struct mc_err *err);
/* The algorithm of a key that is strong enough and of the right kind. */
int mc_pkey_alg(enum mc_alg *out, const EVP_PKEY *key, struct mc_err *err);
/* Failure of the library, with its own reason where it has one. Clears its queue. */
int mc_pkey_fail(struct mc_err *err, const char *what);
/* Take what a memory BIO holds as text of the caller (mc_free). */
int mc_pkey_text(char **out, BIO *bio, struct mc_err *err);
/* A public key from its raw numbers, big endian. For RSA a = n, b = e; for P-256 a = x, b = y.
   NULL on failure. */
EVP_PKEY *mc_pkey_from_numbers(enum mc_alg alg, const unsigned char *a, size_t a_len,
                               const unsigned char *b, size_t b_len, struct mc_err *err);

#endif
