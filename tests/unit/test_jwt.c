#include "tap.h"

#include <stdlib.h>

#include "auth/encode.h"
#include "auth/jwt.h"
#include "base/alloc.h"

#define NOW 1500

static char *key_pem, *key_kid;
static struct mc_keyset *keys;

static void make_keys(void)
{
  struct mc_buf json;
  struct mc_err err;
  char *jwk = NULL;

  mc_key_generate(&key_pem, MC_ALG_RS256, &err);
  mc_key_id(&key_kid, key_pem, strlen(key_pem), &err);
  mc_key_jwk(&jwk, key_pem, strlen(key_pem), &err);
  mc_buf_init(&json, 65536);
  mc_buf_printf(&json, &err, "{\"keys\":[%s]}", jwk);
  mc_keyset_parse(&keys, json.data, json.len, &err);
  mc_buf_clear(&json);
  mc_free(jwk);
}

static char *sign(const char *claims)
{
  struct mc_err err;
  char *token = NULL;

  mc_jwt_sign(&token, claims, strlen(claims), MC_ALG_RS256, key_pem, strlen(key_pem), key_kid,
              &err);
  return token;
}

static int verify(const char *token, size_t len, struct mc_err *err)
{
  static const char *const audiences[] = {"A", "B"};
  struct mc_jwt_expect expect = {
      .algs = MC_ALG_ANY, .audiences = audiences, .audience_count = 2, .now_s = NOW};
  char *claims = NULL;
  int rc = mc_jwt_verify(&claims, token, len, keys, &expect, err);

  if(rc && claims)
    tap_ok(0, "claims written on failure");
  mc_free(claims);
  return rc;
}

static void claims_table(void)
{
  static const struct {
    const char *claims, *message, *why;
  } rows[] = {
      {"{\"aud\":\"A\",\"exp\":1501}", NULL, "just right"},
      {"{\"aud\":\"B\",\"exp\":1501.5}", NULL, "a fraction, the second audience"},
      {"{\"aud\":[\"x\",\"B\"],\"exp\":1501}", NULL, "in a list"},
      {"{\"aud\":[1,null],\"exp\":1501}", "audience '' is not 'A'", "a list of nothing"},
      {"{\"aud\":\"A\",\"exp\":1500}", "token expired 0 s ago", "the very second"},
      {"{\"aud\":\"A\",\"exp\":-5}", "token has no expiry (exp)", "a negative date"},
      {"{\"aud\":\"A\",\"exp\":1e300}", "token has no expiry (exp)", "past all years"},
      {"{\"aud\":\"A\",\"exp\":1501,\"iat\":\"x\"}", "claim 'iat' is not a date", "iat as text"},
      {"{\"exp\":1501}", "audience '' is not 'A'", "no audience"},
  };
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char *token = sign(rows[i].claims);
    struct mc_err err = {0};
    int rc = verify(token, strlen(token), &err);

    tap_is_int(rc, rows[i].message ? MC_UNAUTHENTICATED : MC_OK, rows[i].why);
    if(rows[i].message)
      tap_is_str(err.msg, rows[i].message, rows[i].why);
    mc_free(token);
  }
}

/* A token of parts that are given as plain JSON. */
static void check_parts(const char *header, const char *claims, const char *signature,
                        const char *message, const char *why)
{
  struct mc_buf token;
  struct mc_err err = {0};

  mc_buf_init(&token, 65536);
  mc_encode_base64url(&token, header, strlen(header), &err);
  mc_buf_puts(&token, ".", &err);
  mc_encode_base64url(&token, claims, strlen(claims), &err);
  mc_buf_puts(&token, ".", &err);
  mc_buf_puts(&token, signature, &err);
  tap_ok(verify(token.data, token.len, &err) < 0, "refused: %s", why);
  tap_is_str(err.msg, message, why);
  mc_buf_clear(&token);
}

static void forged(void)
{
  char header[256];

  check_parts("{\"alg\":\"none\"}", "{}", "", "algorithm 'none' is not allowed", "alg none");
  check_parts("{\"alg\":\"NONE\"}", "{}", "", "algorithm 'NONE' is not allowed", "alg NONE");
  check_parts("{\"alg\":\"HS256\"}", "{}", "AA", "algorithm 'HS256' is not allowed",
              "the public key as an HMAC secret");
  check_parts("{}", "{}", "AA", "algorithm '' is not allowed", "no alg");
  check_parts("{\"alg\":\"RS256\"}", "{}", "AA", "token names no key (kid)", "no kid");
  check_parts("{\"alg\":\"RS256\",\"kid\":\"x\"}", "{}", "AA", "no key 'x'", "an unknown kid");
  check_parts("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"kid\":\"x\"}", "{}", "AA",
              "token has critical headers, none is understood", "crit [RFC 7515]");
  check_parts("[]", "{}", "AA", "header of the token is not a JSON object", "header a list");
  check_parts("{\"alg\":\"RS256\",\"alg\":\"none\"}", "{}", "AA",
              "header of the token is not JSON: line 1, column 20", "alg twice");
  snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", key_kid);
  {
    char want[128];

    snprintf(want, sizeof(want), "key '%s' is for RS256, not ES256", key_kid);
    check_parts(header, "{}", "AA", want, "another algorithm for a known key");
    snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"kid\":\"%s\"}", key_kid);
    snprintf(want, sizeof(want), "signature does not match key '%s'", key_kid);
    check_parts(header, "{\"aud\":\"A\",\"exp\":1501}", "AAAA", want, "a made-up signature");
    check_parts(header, "{\"aud\":\"A\",\"exp\":1501}", "", want, "no signature");
  }
}

static void not_tokens(void)
{
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"", "token is not three base64url parts joined by dots"},
      {"a.b", "token is not three base64url parts joined by dots"},
      {"a.b.c.d", "token is not three base64url parts joined by dots"},
      {"..", "header of the token is not JSON: line 1, column 0"},
      {"e!.e30.AA", "header of the token is not base64url"},
      {"e30=.e30.AA", "header of the token is not base64url"},
  };
  char *big = malloc(MC_JWT_MAX + 1);
  struct mc_err err;
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    tap_is_int(verify(rows[i].text, strlen(rows[i].text), &err), MC_INVALID_ARGUMENT, rows[i].text);
    tap_is_str(err.msg, rows[i].message, rows[i].text);
  }
  memset(big, 'a', MC_JWT_MAX + 1);
  tap_is_int(verify(big, MC_JWT_MAX + 1, &err), MC_INVALID_ARGUMENT, "a token beyond the limit");
  free(big);
}

/* Any one byte of a good token changed makes it a bad one. */
static void every_byte(void)
{
  char *token = sign("{\"aud\":\"A\",\"exp\":1501}");
  size_t len = strlen(token), i, accepted = 0;
  struct mc_err err;

  tap_is_int(verify(token, len, &err), MC_OK, "the token itself is good");
  for(i = 0; i < len; i++) {
    char was = token[i];

    token[i] = was == 'A' ? 'B' : 'A';
    accepted += verify(token, len, &err) == MC_OK;
    token[i] = was;
  }
  tap_is_int((int64_t)accepted, 0, "no token with one byte changed is accepted");
  for(i = 0; i < len; i++)
    accepted += verify(token, i, &err) == MC_OK;
  tap_is_int((int64_t)accepted, 0, "nor one cut short");
  /* The last letter of 256 bytes has four bits to spare: one signature, spelled in two ways. */
  token[len - 1]++;
  tap_is_int(verify(token, len, &err), MC_UNAUTHENTICATED, "nor another spelling of it");
  tap_is_str(err.msg, "signature of the token is not base64url", "and it says why");
  mc_free(token);
}

static void bad_signing(void)
{
  struct mc_err err;
  char *token = NULL;

  tap_ok(mc_jwt_sign(&token, "[]", 2, MC_ALG_RS256, key_pem, strlen(key_pem), NULL, &err) < 0 &&
             !token,
         "claims must be an object");
  tap_is_str(err.msg, "claims is not a JSON object", "and the message says so");
  tap_ok(mc_jwt_sign(&token, "{}", 2, MC_ALG_ES256, key_pem, strlen(key_pem), NULL, &err) < 0,
         "an RSA key signs no ES256");
  tap_is_str(err.msg, "the key signs RS256, not ES256", "and the message says so");
}

static void out_of_memory(void)
{
  char *token = sign("{\"aud\":\"A\",\"exp\":1501}"), *again = NULL;
  struct mc_err err;
  int64_t n;
  int rc = -1;

  for(n = 0; rc && n < 500; n++) {
    mc_alloc_fail_after(n);
    rc = verify(token, strlen(token), &err);
    if(!rc)
      rc = mc_jwt_sign(&again, "{}", 2, MC_ALG_RS256, key_pem, strlen(key_pem), "k", &err);
    mc_alloc_fail_after(-1);
  }
  tap_ok(!rc && n > 3, "every one of %d refused allocations is reported", (int)n - 1);
  mc_free(token);
  mc_free(again);
}

int main(void)
{
  make_keys();
  claims_table();
  forged();
  not_tokens();
  every_byte();
  bad_signing();
  out_of_memory();
  mc_keyset_free(keys);
  mc_free(key_pem);
  mc_free(key_kid);
  return tap_done();
}
