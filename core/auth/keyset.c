#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/encode.h"
#include "auth/json.h"
#include "auth/keys.h"
#include "auth/pkey.h"
#include "base/alloc.h"

struct mc_keyset {
  struct mc_key keys[MC_KEYSET_MAX];
  size_t len;
};

/* Set `pem` of an otherwise empty key. */
static int write_public(char **out, EVP_PKEY *key, struct mc_err *err)
{
  BIO *bio = BIO_new(BIO_s_mem());
  int rc;

  if(!bio || !PEM_write_bio_PUBKEY(bio, key))
    rc = mc_pkey_fail(err, "public key");
  else
    rc = mc_pkey_text(out, bio, err);
  BIO_free(bio);
  return rc;
}

/* Append; `kid` NULL means the thumbprint. Consumes nothing. */
static int add_key(struct mc_keyset *set, const char *kid, EVP_PKEY *pkey, struct mc_err *err)
{
  enum mc_alg alg;
  char *pem = NULL, *id = NULL;
  int rc = mc_pkey_alg(&alg, pkey, err);

  if(!rc && set->len == MC_KEYSET_MAX)
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "key set has more than %d keys", MC_KEYSET_MAX);
  if(!rc && kid && (!*kid || strlen(kid) > MC_KID_MAX))
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "kid has %zu bytes, not 1-%d", strlen(kid),
                 MC_KID_MAX);
  if(!rc)
    rc = write_public(&pem, pkey, err);
  if(!rc && !kid && pem)
    rc = mc_key_id(&id, pem, strlen(pem), err);
  if(!rc && kid && !(id = mc_strdup(kid)))
    rc = mc_fail_nomem(err);
  if(rc) {
    mc_free(pem);
    mc_free(id);
    return rc;
  }
  set->keys[set->len].alg = alg;
  set->keys[set->len].kid = id;
  set->keys[set->len++].pem = pem;
  return MC_OK;
}

/* What a JWK must say of itself to be of use here, per algorithm. */
static const struct {
  const char *kty, *crv, *first, *second;
} KINDS[] = {
    [MC_ALG_RS256] = {"RSA", NULL, "n", "e"},
    [MC_ALG_ES256] = {"EC", "P-256", "x", "y"},
};

static int says(const json_t *jwk, const char *name, const char *want)
{
  const char *value = mc_json_text(jwk, name);

  return !want || (value && !strcmp(value, want));
}

/* The algorithm of a JWK, or -1 when it is for another use or of another kind. */
static int jwk_alg(const json_t *jwk)
{
  size_t i;

  if(json_object_get(jwk, "use") && !says(jwk, "use", "sig"))
    return -1;
  for(i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
    if(says(jwk, "kty", KINDS[i].kty) && says(jwk, "crv", KINDS[i].crv) &&
       (!json_object_get(jwk, "alg") || says(jwk, "alg", mc_alg_name((enum mc_alg)i))))
      return (int)i;
  }
  return -1;
}

static int decode_number(struct mc_buf *out, const json_t *jwk, const char *name,
                         struct mc_err *err)
{
  const char *text = mc_json_text(jwk, name);

  if(!text || !*text)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "key has no '%s'", name);
  return mc_decode_base64url(out, text, strlen(text), err);
}

static int add_jwk(struct mc_keyset *set, const json_t *jwk, enum mc_alg alg, struct mc_err *err)
{
  struct mc_buf a, b;
  EVP_PKEY *key = NULL;
  int rc;

  mc_buf_init(&a, 2048);
  mc_buf_init(&b, 2048);
  rc = decode_number(&a, jwk, KINDS[alg].first, err);
  if(!rc)
    rc = decode_number(&b, jwk, KINDS[alg].second, err);
  if(!rc) {
    key = mc_pkey_from_numbers(alg, (unsigned char *)a.data, a.len, (unsigned char *)b.data, b.len,
                               err);
    rc = key ? add_key(set, mc_json_text(jwk, "kid"), key, err) : MC_INVALID_ARGUMENT;
  }
  EVP_PKEY_free(key);
  mc_buf_clear(&a);
  mc_buf_clear(&b);
  return rc;
}

static int add_jwks(struct mc_keyset *set, const json_t *keys, struct mc_err *err)
{
  const json_t *jwk;
  size_t i;
  int alg, rc = MC_OK;

  json_array_foreach((json_t *)(uintptr_t)keys, i, jwk)
  {
    alg = jwk_alg(jwk);
    if(!rc && alg >= 0)
      rc = add_jwk(set, jwk, (enum mc_alg)alg, err);
  }
  return rc;
}

static int add_certificate(struct mc_keyset *set, const char *kid, const char *pem,
                           struct mc_err *err)
{
  size_t len = strlen(pem);
  BIO *bio = len <= MC_PEM_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
  X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
  EVP_PKEY *key = cert ? X509_get_pubkey(cert) : NULL;
  int rc;

  ERR_clear_error();
  if(key)
    rc = add_key(set, kid, key, err);
  else
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "'%.64s' is not a certificate in PEM form", kid);
  EVP_PKEY_free(key);
  X509_free(cert);
  BIO_free(bio);
  return rc;
}

static int add_certificates(struct mc_keyset *set, json_t *root, struct mc_err *err)
{
  const char *kid, *pem;
  json_t *value;
  int rc = MC_OK;

  json_object_foreach(root, kid, value)
  {
    pem = json_string_value(value);
    if(!rc)
      rc = add_certificate(set, kid, pem ? pem : "", err);
  }
  return rc;
}

int mc_keyset_parse(struct mc_keyset **out, const char *json, size_t len, struct mc_err *err)
{
  json_t *root = mc_json_object(json, len, MC_KEYSET_TEXT_MAX, "key set", err), *keys;
  struct mc_keyset *set;
  int rc;

  if(!root)
    return err ? err->code : MC_INVALID_ARGUMENT;
  set = mc_calloc(1, sizeof(*set));
  keys = json_object_get(root, "keys");
  if(!set)
    rc = mc_fail_nomem(err);
  else if(json_is_array(keys))
    rc = add_jwks(set, keys, err);
  else
    rc = add_certificates(set, root, err);
  if(!rc && !set->len)
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "key set has no RS256 or ES256 key for signatures");
  json_decref(root);
  if(rc) {
    mc_keyset_free(set);
    return rc;
  }
  *out = set;
  return MC_OK;
}

void mc_keyset_free(struct mc_keyset *set)
{
  if(!set)
    return;
  while(set->len) {
    set->len--;
    mc_free((char *)(uintptr_t)set->keys[set->len].kid);
    mc_free((char *)(uintptr_t)set->keys[set->len].pem);
  }
  mc_free(set);
}

size_t mc_keyset_len(const struct mc_keyset *set)
{
  return set->len;
}

const struct mc_key *mc_keyset_at(const struct mc_keyset *set, size_t i)
{
  MC_ASSERT(i < set->len);
  return &set->keys[i];
}

const struct mc_key *mc_keyset_find(const struct mc_keyset *set, const char *kid)
{
  size_t i;

  for(i = 0; i < set->len; i++) {
    if(!strcmp(set->keys[i].kid, kid))
      return &set->keys[i];
  }
  return NULL;
}
