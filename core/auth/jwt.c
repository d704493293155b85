#include "auth/jwt.h"

#include <inttypes.h>
#include <jwt.h>
#include <string.h>

#include "auth/encode.h"
#include "auth/json.h"
#include "auth/pkey.h"
#include "base/alloc.h"

static const jwt_alg_t LIB_ALG[] = {[MC_ALG_RS256] = JWT_ALG_RS256, [MC_ALG_ES256] = JWT_ALG_ES256};

static int sign_with(char **out, jwt_t *jwt, enum mc_alg alg, const char *key_pem, size_t key_len,
                     struct mc_err *err)
{
  char *token;

  if(jwt_set_alg(jwt, LIB_ALG[alg], (const unsigned char *)key_pem, (int)key_len))
    return mc_fail_nomem(err);
  token = jwt_encode_str(jwt);
  jwt_set_alg(jwt, JWT_ALG_NONE, NULL, 0); /* the library wipes its copy of the key */
  if(!token)
    return mc_fail(err, MC_INTERNAL, 0, "%s signature refused by the library", mc_alg_name(alg));
  *out = token; /* from malloc(), as mc_free() expects */
  return MC_OK;
}

static int check_claims(const char *claims, size_t len, struct mc_err *err)
{
  json_t *root = mc_json_object(claims, len, MC_JWT_MAX / 2, "claims", err);

  if(!root)
    return err ? err->code : MC_INVALID_ARGUMENT;
  json_decref(root);
  return MC_OK;
}

int mc_jwt_sign(char **out, const char *claims, size_t len, enum mc_alg alg, const char *key_pem,
                size_t key_len, const char *kid, struct mc_err *err)
{
  enum mc_alg has;
  char *token = NULL, *text;
  jwt_t *jwt = NULL;
  int rc = mc_key_alg(&has, key_pem, key_len, err);

  if(rc)
    return rc;
  if(has != alg)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the key signs %s, not %s", mc_alg_name(has),
                   mc_alg_name(alg));
  if(kid && (!*kid || strlen(kid) > MC_KID_MAX))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "kid has %zu bytes, not 1-%d", strlen(kid),
                   MC_KID_MAX);
  rc = check_claims(claims, len, err);
  if(rc)
    return rc;
  text = mc_strndup(claims, len); /* the library wants a NUL */
  if(!text || jwt_new(&jwt) || jwt_add_grants_json(jwt, text) ||
     jwt_add_header(jwt, "typ", "JWT") || (kid && jwt_add_header(jwt, "kid", kid)))
    rc = mc_fail_nomem(err);
  if(!rc)
    rc = sign_with(&token, jwt, alg, key_pem, key_len, err);
  jwt_free(jwt);
  mc_free(text);
  if(!rc)
    *out = token;
  return rc;
}

#define SIGNATURE_MIN 64 /* bytes; of ES256 it is just so long, of RS256 longer */

/* Where the three parts of a compact token are. */
struct parts {
  const char *at[3];
  size_t len[3];
};

static int split(struct parts *out, const char *token, size_t len, struct mc_err *err)
{
  const char *end = token + len, *dot;
  int i;

  if(len > MC_JWT_MAX)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "token has %zu bytes, more than %d", len,
                   MC_JWT_MAX);
  for(i = 0; i < 3; i++) {
    dot = memchr(token, '.', (size_t)(end - token));
    if(!dot != (i == 2))
      return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                     "token is not three base64url parts joined by dots");
    out->at[i] = token;
    out->len[i] = (size_t)((dot ? dot : end) - token);
    token = dot ? dot + 1 : end;
  }
  return MC_OK;
}

/* One part's JSON, as text and parsed; either may be NULL if it isn't wanted. */
static int read_part(char **out_text, json_t **out_json, const struct parts *parts, int i,
                     const char *what, struct mc_err *err)
{
  struct mc_buf text;
  json_t *root = NULL;
  int rc;

  mc_buf_init(&text, MC_JWT_MAX);
  rc = mc_decode_base64url(&text, parts->at[i], parts->len[i], err);
  if(rc == MC_INVALID_ARGUMENT)
    rc = mc_fail(err, rc, 0, "%s is not base64url", what);
  if(!rc) {
    root = mc_json_object(text.data ? text.data : "", text.len, MC_JWT_MAX, what, err);
    if(!root)
      rc = err ? err->code : MC_INVALID_ARGUMENT;
  }
  if(!rc && out_text)
    *out_text = mc_buf_take(&text);
  if(!rc && out_json)
    *out_json = root;
  else
    json_decref(root);
  mc_buf_clear(&text);
  return rc;
}

static int no_match(const struct mc_key *key, struct mc_err *err)
{
  return mc_fail(err, MC_UNAUTHENTICATED, 0, "signature does not match key '%.64s'", key->kid);
}

/* What libjwt does not look at. Stray bits in the last character: one signature, one spelling. And
   the length: it writes past its buffer when a signature is all but empty. */
static int check_spelling(const struct parts *parts, const struct mc_key *key, struct mc_err *err)
{
  struct mc_buf bytes;
  size_t len;
  int rc;

  mc_buf_init(&bytes, MC_JWT_MAX);
  rc = mc_decode_base64url(&bytes, parts->at[2], parts->len[2], err);
  len = bytes.len;
  mc_buf_clear(&bytes);
  if(rc == MC_INVALID_ARGUMENT)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "signature of the token is not base64url");
  if(!rc && len < SIGNATURE_MIN)
    return no_match(key, err);
  return rc;
}

static int pick_key(const struct mc_key **out, const json_t *header, const struct mc_keyset *keys,
                    unsigned algs, struct mc_err *err)
{
  const char *name = mc_json_text(header, "alg"), *kid = mc_json_text(header, "kid");
  enum mc_alg alg;

  if(!name || !mc_alg_parse(&alg, name) || !(algs & MC_ALG_BIT(alg)))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "algorithm '%.16s' is not allowed",
                   name ? name : "");
  if(json_object_get(header, "crit"))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "token has critical headers, none is understood");
  if(!kid)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "token names no key (kid)");
  *out = mc_keyset_find(keys, kid);
  if(!*out)
    return mc_fail(err, MC_NOT_FOUND, 0, "no key '%.64s'", kid);
  if((*out)->alg != alg)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "key '%.64s' is for %s, not %s", kid,
                   mc_alg_name((*out)->alg), name);
  return MC_OK;
}

static int check_signature(const char *token, size_t len, const struct mc_key *key,
                           struct mc_err *err)
{
  char *text = mc_strndup(token, len);
  jwt_t *jwt = NULL;
  int bad;

  if(!text)
    return mc_fail_nomem(err);
  bad = jwt_decode(&jwt, text, (const unsigned char *)key->pem, (int)strlen(key->pem));
  if(!bad)
    bad = jwt_get_alg(jwt) != LIB_ALG[key->alg];
  jwt_free(jwt);
  mc_wipe(text, len);
  mc_free(text);
  if(bad)
    return no_match(key, err);
  return MC_OK;
}

static int one_of(const char *value, const char *const *list, size_t count)
{
  size_t i;

  for(i = 0; value && i < count; i++) {
    if(!strcmp(value, list[i]))
      return 1;
  }
  return 0;
}

static int check_issuer(const json_t *claims, const struct mc_jwt_expect *e, struct mc_err *err)
{
  const char *iss = mc_json_text(claims, "iss");

  if(!e->issuer_count || one_of(iss, e->issuers, e->issuer_count))
    return MC_OK;
  return mc_fail(err, MC_UNAUTHENTICATED, 0, "issuer '%.100s' is not '%.100s'", iss ? iss : "",
                 e->issuers[0]);
}

static int check_audience(const json_t *claims, const struct mc_jwt_expect *e, struct mc_err *err)
{
  const json_t *aud = json_object_get(claims, "aud"), *item;
  const char *first = json_string_value(aud);
  size_t i;

  if(!e->audience_count || one_of(first, e->audiences, e->audience_count))
    return MC_OK;
  json_array_foreach((json_t *)(uintptr_t)aud, i, item)
  {
    first = first ? first : json_string_value(item);
    if(one_of(json_string_value(item), e->audiences, e->audience_count))
      return MC_OK;
  }
  return mc_fail(err, MC_UNAUTHENTICATED, 0, "audience '%.100s' is not '%.100s'",
                 first ? first : "", e->audiences[0]);
}

static int check_email(const json_t *claims, const struct mc_jwt_expect *e, struct mc_err *err)
{
  const char *email = mc_json_text(claims, "email");

  if(!e->email)
    return MC_OK;
  if(!email || strcmp(email, e->email))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "email '%.100s' is not '%.100s'", email ? email : "",
                   e->email);
  if(!json_is_true(json_object_get(claims, "email_verified")))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "email '%.100s' is not verified by the issuer",
                   email);
  return MC_OK;
}

/* A NumericDate within the years 1970-9999; 0 when the claim is absent, -1 when it is none. */
static int read_date(int64_t *out_s, const json_t *claims, const char *name)
{
  const json_t *value = json_object_get(claims, name);
  double s = json_number_value(value);

  if(!value)
    return 0;
  if(!json_is_number(value) || !(s >= 0 && s < 253402300800.0))
    return -1;
  *out_s = (int64_t)s;
  return 1;
}

static int check_times(const json_t *claims, const struct mc_jwt_expect *e, struct mc_err *err)
{
  int64_t exp = 0, iat = 0, nbf = 0;
  int has_iat = read_date(&iat, claims, "iat"), has_nbf = read_date(&nbf, claims, "nbf");

  if(read_date(&exp, claims, "exp") != 1)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "token has no expiry (exp)");
  if(has_iat < 0 || has_nbf < 0)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "claim '%s' is not a date",
                   has_iat < 0 ? "iat" : "nbf");
  if(e->now_s >= exp + e->leeway_s)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "token expired %" PRId64 " s ago", e->now_s - exp);
  if(has_iat && iat > e->now_s + e->leeway_s)
    return mc_fail(err, MC_UNAUTHENTICATED, 0,
                   "token was issued %" PRId64 " s in the future: compare the clocks",
                   iat - e->now_s);
  if(has_nbf && nbf > e->now_s + e->leeway_s)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "token is not valid for another %" PRId64 " s",
                   nbf - e->now_s);
  if(has_iat && exp - iat > MC_JWT_LIFETIME_MAX)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "token lives for %" PRId64 " s, more than %d",
                   exp - iat, MC_JWT_LIFETIME_MAX);
  return MC_OK;
}

static int check_expected(const json_t *claims, const struct mc_jwt_expect *e, struct mc_err *err)
{
  int rc = check_issuer(claims, e, err);

  if(!rc)
    rc = check_audience(claims, e, err);
  if(!rc)
    rc = check_times(claims, e, err);
  return rc ? rc : check_email(claims, e, err);
}

int mc_jwt_verify(char **out_claims, const char *token, size_t len, const struct mc_keyset *keys,
                  const struct mc_jwt_expect *expect, struct mc_err *err)
{
  const struct mc_key *key = NULL;
  struct parts parts;
  struct mc_err own = {0};
  json_t *header = NULL, *claims = NULL;
  char *text = NULL;
  int rc;

  err = err ? err : &own;
  rc = split(&parts, token, len, err);
  if(!rc)
    rc = read_part(NULL, &header, &parts, 0, "header of the token", err);
  if(!rc)
    rc = read_part(&text, &claims, &parts, 1, "payload of the token", err);
  if(!rc)
    rc = pick_key(&key, header, keys, expect->algs, err);
  if(!rc)
    rc = check_spelling(&parts, key, err);
  if(!rc)
    rc = check_signature(token, len, key, err);
  if(!rc)
    rc = check_expected(claims, expect, err);
  json_decref(header);
  json_decref(claims);
  if(rc)
    mc_free(text);
  else
    *out_claims = text;
  return rc;
}

int mc_jwt_decode(char **out_header, char **out_claims, const char *token, size_t len,
                  struct mc_err *err)
{
  struct parts parts;
  struct mc_err own = {0};
  char *header = NULL, *claims = NULL;
  int rc;

  err = err ? err : &own;
  rc = split(&parts, token, len, err);
  if(!rc)
    rc = read_part(&header, NULL, &parts, 0, "header of the token", err);
  if(!rc)
    rc = read_part(&claims, NULL, &parts, 1, "payload of the token", err);
  if(rc) {
    mc_free(header);
    return rc;
  }
  *out_header = header;
  *out_claims = claims;
  return MC_OK;
}

int mc_jwt_expiry(int64_t *out_s, const char *token, size_t len, struct mc_err *err)
{
  struct parts parts;
  struct mc_err own = {0};
  json_t *claims = NULL;
  int rc;

  err = err ? err : &own;
  rc = split(&parts, token, len, err);
  if(!rc)
    rc = read_part(NULL, &claims, &parts, 1, "payload of the token", err);
  if(!rc && read_date(out_s, claims, "exp") != 1)
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "token has no expiry (exp)");
  json_decref(claims);
  return rc;
}
