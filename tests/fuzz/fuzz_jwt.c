#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "auth/jwt.h"
#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A fixed P-256 key [RFC 7517, appendix A.1]. */
static const char KEYS[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"use\":\"sig\","
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";

/* The same bytes as a token (decoded, verified) and as a key set. Nothing made up may verify. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct mc_jwt_expect expect = {.algs = MC_ALG_ANY, .now_s = 1500};
  static struct mc_keyset *keys; /* made once: that is what takes time */
  struct mc_keyset *other = NULL;
  char *header = NULL, *claims = NULL, *verified = NULL;
  struct mc_err err;

  if(!keys && mc_keyset_parse(&keys, KEYS, sizeof(KEYS) - 1, &err))
    abort();
  if(!mc_jwt_verify(&verified, (const char *)data, size, keys, &expect, &err))
    abort();
  mc_jwt_decode(&header, &claims, (const char *)data, size, &err);
  mc_keyset_parse(&other, (const char *)data, size, &err);
  mc_keyset_free(other);
  mc_free(header);
  mc_free(claims);
  return 0;
}
