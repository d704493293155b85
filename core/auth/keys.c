#include "auth/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/encode.h"
#include "auth/pkey.h"
#include "base/alloc.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define P256_BYTES 32
#define NUMBER_MAX (RSA_BITS_MAX / 8)
#define JWK_MAX 4096

static const char *const NAMES[] = {[MC_ALG_RS256] = "RS256", [MC_ALG_ES256] = "ES256"};

const char *mc_alg_name(enum mc_alg alg)
{
  return NAMES[alg];
}

int mc_alg_parse(enum mc_alg *out, const char *name)
{
  size_t i;

  for(i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
    if(!strcmp(name, NAMES[i])) {
      *out = (enum mc_alg)i;
      return 1;
    }
  }
  return 0;
}

int mc_pkey_fail(struct mc_err *err, const char *what)
{
  unsigned long code = ERR_peek_last_error();
  const char *reason = ERR_reason_error_string(code);

  ERR_clear_error();
  return mc_fail(err, MC_INTERNAL, 0, "%s: %s", what, reason ? reason : "refused by OpenSSL");
}

int mc_pkey_text(char **out, BIO *bio, struct mc_err *err)
{
  char *data;
  long len = BIO_get_mem_data(bio, &data);
  char *text = len > 0 ? mc_strndup(data, (size_t)len) : NULL;

  if(!text)
    return mc_fail_nomem(err);
  *out = text;
  return MC_OK;
}

/* An encrypted key must fail, not ask on the terminal. */
static int no_pass_phrase(char *buf, int size, int writing, void *arg)
{
  if(size > 0)
    *buf = '\0';
  (void)writing;
  (void)arg;
  return -1;
}

EVP_PKEY *mc_pkey_read(const char *pem, size_t len, int public_too, struct mc_err *err)
{
  EVP_PKEY *key = NULL;
  BIO *bio;

  if(len > MC_PEM_MAX) {
    mc_fail(err, MC_INVALID_ARGUMENT, 0, "key has %zu bytes, more than %d", len, MC_PEM_MAX);
    return NULL;
  }
  bio = BIO_new_mem_buf(pem, (int)len);
  if(bio)
    key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
  if(bio && !key && public_too) {
    BIO_free(bio);
    bio = BIO_new_mem_buf(pem, (int)len);
    if(bio)
      key = PEM_read_bio_PUBKEY(bio, NULL, no_pass_phrase, NULL);
  }
  BIO_free(bio);
  ERR_clear_error();
  if(!key)
    mc_fail(err, MC_INVALID_ARGUMENT, 0, "not an unencrypted %s in PEM form",
            public_too ? "key" : "private key");
  return key;
}

int mc_pkey_alg(enum mc_alg *out, const EVP_PKEY *key, struct mc_err *err)
{
  int bits = EVP_PKEY_get_bits(key);
  char curve[32] = "";

  switch(EVP_PKEY_get_base_id(key)) {
  case EVP_PKEY_RSA:
    if(bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
      return mc_fail(err, MC_INVALID_ARGUMENT, 0, "RSA key has %d bits, not %d-%d", bits,
                     RSA_BITS_MIN, RSA_BITS_MAX);
    *out = MC_ALG_RS256;
    return MC_OK;
  case EVP_PKEY_EC:
    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof(curve), NULL);
    if(strcmp(curve, "prime256v1"))
      return mc_fail(err, MC_INVALID_ARGUMENT, 0, "EC key is on curve '%s', not P-256", curve);
    *out = MC_ALG_ES256;
    return MC_OK;
  default:
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "key is neither RSA nor EC");
  }
}

int mc_key_alg(enum mc_alg *out, const char *pem, size_t len, struct mc_err *err)
{
  EVP_PKEY *key = mc_pkey_read(pem, len, 0, err);
  int rc;

  if(!key)
    return MC_INVALID_ARGUMENT;
  rc = mc_pkey_alg(out, key, err);
  EVP_PKEY_free(key);
  return rc;
}

int mc_key_generate(char **out_pem, enum mc_alg alg, struct mc_err *err)
{
  EVP_PKEY *key = alg == MC_ALG_RS256 ? EVP_RSA_gen(RSA_BITS_MIN) : EVP_EC_gen("P-256");
  BIO *bio = BIO_new(BIO_s_secmem());
  int rc;

  if(!key || !bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
    rc = mc_pkey_fail(err, "new key");
  else
    rc = mc_pkey_text(out_pem, bio, err);
  BIO_free(bio);
  EVP_PKEY_free(key);
  return rc;
}

/* Append one big number of the key as base64url, `width` bytes wide (0: as short as it is). */
static int add_number(struct mc_buf *out, const EVP_PKEY *key, const char *param, int width,
                      struct mc_err *err)
{
  unsigned char bytes[NUMBER_MAX];
  BIGNUM *n = NULL;
  int len, rc;

  if(!EVP_PKEY_get_bn_param(key, param, &n))
    return mc_pkey_fail(err, param);
  len = width ? width : BN_num_bytes(n);
  if(len > NUMBER_MAX || BN_bn2binpad(n, bytes, len) != len)
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "key has a number of %d bytes", BN_num_bytes(n));
  else
    rc = mc_encode_base64url(out, bytes, (size_t)len, err);
  BN_free(n);
  return rc;
}

/* The members of a JWK that RFC 7638 hashes: names sorted, no blanks. Each kind is two numbers
   between fixed text. */
static const struct {
  const char *before, *first, *between, *second, *after;
  int width;
} SHAPES[] = {
    [MC_ALG_RS256] = {"{\"e\":\"", OSSL_PKEY_PARAM_RSA_E, "\",\"kty\":\"RSA\",\"n\":\"",
                      OSSL_PKEY_PARAM_RSA_N, "\"}", 0},
    [MC_ALG_ES256] = {"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"", OSSL_PKEY_PARAM_EC_PUB_X,
                      "\",\"y\":\"", OSSL_PKEY_PARAM_EC_PUB_Y, "\"}", P256_BYTES},
};

static int add_members(struct mc_buf *out, const EVP_PKEY *key, enum mc_alg alg, struct mc_err *err)
{
  int rc = mc_buf_puts(out, SHAPES[alg].before, err);

  if(!rc)
    rc = add_number(out, key, SHAPES[alg].first, SHAPES[alg].width, err);
  if(!rc)
    rc = mc_buf_puts(out, SHAPES[alg].between, err);
  if(!rc)
    rc = add_number(out, key, SHAPES[alg].second, SHAPES[alg].width, err);
  return rc ? rc : mc_buf_puts(out, SHAPES[alg].after, err);
}

/* Members and thumbprint of the key in `pem`, into two buffers of the caller. */
static int describe(struct mc_buf *members, struct mc_buf *kid, enum mc_alg *alg, const char *pem,
                    size_t len, struct mc_err *err)
{
  unsigned char hash[SHA256_DIGEST_LENGTH];
  EVP_PKEY *key = mc_pkey_read(pem, len, 1, err);
  int rc;

  if(!key)
    return MC_INVALID_ARGUMENT;
  rc = mc_pkey_alg(alg, key, err);
  if(!rc)
    rc = add_members(members, key, *alg, err);
  EVP_PKEY_free(key);
  if(rc)
    return rc;
  SHA256((const unsigned char *)members->data, members->len, hash);
  return mc_encode_base64url(kid, hash, sizeof(hash), err);
}

int mc_key_jwk(char **out_json, const char *pem, size_t len, struct mc_err *err)
{
  struct mc_buf members, kid, jwk;
  enum mc_alg alg = MC_ALG_RS256;
  int rc;

  mc_buf_init(&members, JWK_MAX);
  mc_buf_init(&kid, MC_KID_MAX);
  mc_buf_init(&jwk, JWK_MAX);
  rc = describe(&members, &kid, &alg, pem, len, err);
  if(!rc)
    rc = mc_buf_printf(&jwk, err, "{\"alg\":\"%s\",\"kid\":\"%s\",\"use\":\"sig\",%s", NAMES[alg],
                       kid.data, members.data + 1);
  if(!rc)
    *out_json = mc_buf_take(&jwk);
  mc_buf_clear(&members);
  mc_buf_clear(&kid);
  mc_buf_clear(&jwk);
  return rc;
}

int mc_key_id(char **out_kid, const char *pem, size_t len, struct mc_err *err)
{
  struct mc_buf members, kid;
  enum mc_alg alg;
  int rc;

  mc_buf_init(&members, JWK_MAX);
  mc_buf_init(&kid, MC_KID_MAX);
  rc = describe(&members, &kid, &alg, pem, len, err);
  if(!rc)
    *out_kid = mc_buf_take(&kid);
  mc_buf_clear(&members);
  mc_buf_clear(&kid);
  return rc;
}

static int fill_certificate(X509 *cert, EVP_PKEY *key, const char *common_name,
                            int64_t not_before_s, int64_t not_after_s)
{
  X509_NAME *name = X509_get_subject_name(cert);
  uint64_t serial;

  return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 && X509_set_version(cert, 2) &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1) &&
         ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)not_before_s) &&
         ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)not_after_s) &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                    -1, -1, 0) &&
         X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) &&
         X509_sign(cert, key, EVP_sha256()) > 0;
}

int mc_key_certificate(char **out_pem, const char *key_pem, size_t len, const char *common_name,
                       int64_t not_before_s, int64_t not_after_s, struct mc_err *err)
{
  EVP_PKEY *key;
  X509 *cert;
  BIO *bio;
  int rc;

  if(!*common_name || strlen(common_name) > 64)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "common name has %zu bytes, not 1-64",
                   strlen(common_name));
  if(not_before_s < 0 || not_after_s <= not_before_s)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "certificate would end before it begins");
  key = mc_pkey_read(key_pem, len, 0, err);
  if(!key)
    return MC_INVALID_ARGUMENT;
  cert = X509_new();
  bio = BIO_new(BIO_s_mem());
  if(!cert || !bio || !fill_certificate(cert, key, common_name, not_before_s, not_after_s) ||
     !PEM_write_bio_X509(bio, cert))
    rc = mc_pkey_fail(err, "certificate");
  else
    rc = mc_pkey_text(out_pem, bio, err);
  BIO_free(bio);
  X509_free(cert);
  EVP_PKEY_free(key);
  return rc;
}

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *parts, struct mc_err *err)
{
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  EVP_PKEY *key = NULL;

  if(!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
     EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    mc_pkey_fail(err, "public key");
    if(err)
      err->code = MC_INVALID_ARGUMENT;
  }
  EVP_PKEY_CTX_free(ctx);
  OSSL_PARAM_free(params);
  return key;
}

EVP_PKEY *mc_pkey_from_numbers(enum mc_alg alg, const unsigned char *a, size_t a_len,
                               const unsigned char *b, size_t b_len, struct mc_err *err)
{
  unsigned char point[1 + 2 * P256_BYTES] = {4};
  OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
  BIGNUM *n = NULL, *e = NULL;
  EVP_PKEY *key = NULL;
  int ok = parts != NULL;

  if(alg == MC_ALG_RS256) {
    n = BN_bin2bn(a, (int)a_len, NULL);
    e = BN_bin2bn(b, (int)b_len, NULL);
    ok = ok && n && e && OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) &&
         OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e);
  } else {
    ok = ok && a_len == P256_BYTES && b_len == P256_BYTES;
    if(ok) {
      memcpy(point + 1, a, P256_BYTES);
      memcpy(point + 1 + P256_BYTES, b, P256_BYTES);
    }
    ok = ok &&
         OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
         OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
  }
  if(ok)
    key = build(alg == MC_ALG_RS256 ? "RSA" : "EC", parts, err);
  else
    mc_fail(err, MC_INVALID_ARGUMENT, 0, "public key has numbers of the wrong size");
  OSSL_PARAM_BLD_free(parts);
  BN_free(n);
  BN_free(e);
  return key;
}
