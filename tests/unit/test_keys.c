#include "tap.h"

#include <stdlib.h>

#include "auth/encode.h"
#include "auth/instant.h"
#include "auth/keys.h"
#include "auth/sigv4.h"
#include "base/alloc.h"

/* RFC 7638, section 3.1: a key and its thumbprint. */
static const char RFC7638[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4c"
    "bbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc"
    "5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0z"
    "gdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksI"
    "NHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\"}]}";

static void thumbprint(void)
{
  struct mc_keyset *set = NULL;
  struct mc_err err;

  tap_is_int(mc_keyset_parse(&set, RFC7638, sizeof(RFC7638) - 1, &err), MC_OK, "RFC 7638's key");
  tap_is_str(set ? mc_keyset_at(set, 0)->kid : NULL, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
             "a JWK without kid gets the thumbprint of the RFC");
  mc_keyset_free(set);
}

static void bad_sets(void)
{
  static const struct {
    const char *json, *message, *why;
  } rows[] = {
      {"", "key set is not JSON: line 1, column 0", "empty"},
      {"[]", "key set is not a JSON object", "an array"},
      {"{\"keys\":[]}", "key set has no RS256 or ES256 key for signatures", "no keys"},
      {"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
       "key set has no RS256 or ES256 key for signatures", "a shared secret is no key here"},
      {"{\"keys\":[{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
       "key set has no RS256 or ES256 key for signatures", "for encryption"},
      {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\"}]}", "key has no 'e'", "a number missing"},
      {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"A+AB\",\"e\":\"AQAB\"}]}", "not base64url at byte 1",
       "the other base64"},
      {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
       "RSA key has 17 bits, not 2048-8192", "a toy key"},
      {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}]}",
       "public key has numbers of the wrong size", "short coordinates"},
      {"{\"a\":\"-----BEGIN CERTIFICATE-----\"}", "'a' is not a certificate in PEM form",
       "half a certificate"},
      {"{\"a\":1}", "'a' is not a certificate in PEM form", "no text"},
  };
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_keyset *set = NULL;
    struct mc_err err = {0};

    tap_ok(mc_keyset_parse(&set, rows[i].json, strlen(rows[i].json), &err) < 0 && !set,
           "refused: %s", rows[i].why);
    tap_is_str(err.msg, rows[i].message, rows[i].why);
  }
}

static void round_trip(enum mc_alg alg)
{
  char *pem = NULL, *jwk = NULL, *kid = NULL, *cert = NULL;
  struct mc_keyset *set = NULL;
  enum mc_alg has;
  struct mc_buf json;
  struct mc_err err = {0};

  mc_buf_init(&json, 65536);
  tap_is_int(mc_key_generate(&pem, alg, &err), MC_OK, "a key is made");
  tap_ok(pem && !strncmp(pem, "-----BEGIN PRIVATE KEY-----\n", 28), "it is PKCS#8");
  tap_is_int(mc_key_alg(&has, pem, strlen(pem), &err), MC_OK, "it reads back");
  tap_is_int(has, alg, "it is for its algorithm");
  tap_is_int(mc_key_jwk(&jwk, pem, strlen(pem), &err), MC_OK, "it has a JWK");
  tap_ok(jwk && !strstr(jwk, "\"d\""), "the JWK has no private part");
  tap_is_int(mc_key_id(&kid, pem, strlen(pem), &err), MC_OK, "it has an id");
  mc_buf_printf(&json, &err, "{\"keys\":[%s]}", jwk);
  tap_is_int(mc_keyset_parse(&set, json.data, json.len, &err), MC_OK, "the JWK is read back");
  tap_ok(set && mc_keyset_find(set, kid) && mc_keyset_find(set, kid)->alg == alg, "under its kid");
  tap_ok(set && !mc_keyset_find(set, "other"), "and under no other");
  mc_free(jwk);
  jwk = NULL;
  tap_is_int(mc_key_jwk(&jwk, mc_keyset_at(set, 0)->pem, strlen(mc_keyset_at(set, 0)->pem), &err),
             MC_OK, "the public key has a JWK");
  tap_ok(jwk && strstr(json.data, jwk), "which is the same one");
  tap_is_int(mc_key_certificate(&cert, pem, strlen(pem), "issuer", 1000, 2000, &err), MC_OK,
             "a certificate is made");
  tap_ok(cert && !strncmp(cert, "-----BEGIN CERTIFICATE-----\n", 28), "it is PEM");
  tap_ok(mc_key_certificate(&cert, pem, strlen(pem), "issuer", 2000, 1000, &err) < 0,
         "not one that ends before it begins");
  mc_keyset_free(set);
  mc_buf_clear(&json);
  mc_free(pem);
  mc_free(jwk);
  mc_free(kid);
  mc_free(cert);
}

static void bad_keys(void)
{
  static const char encrypted[] =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGrMFcGCSqGSIb3DQEFDTBK\n-----END ENCRYPTED PRIVATE "
      "KEY-----\n";
  enum mc_alg alg;
  char *big = calloc(1, MC_PEM_MAX + 2);
  struct mc_err err;

  tap_ok(mc_key_alg(&alg, "", 0, &err) == MC_INVALID_ARGUMENT, "nothing is no key");
  tap_ok(mc_key_alg(&alg, encrypted, sizeof(encrypted) - 1, &err) == MC_INVALID_ARGUMENT,
         "an encrypted key is refused and no pass phrase asked for");
  tap_ok(mc_key_alg(&alg, big, MC_PEM_MAX + 1, &err) == MC_INVALID_ARGUMENT, "too large a key");
  free(big);
}

/* Each allocation of ours refused once: an error, no crash, and no leak for the sanitizer to
   see. */
static void out_of_memory(void)
{
  char *pem = NULL;
  struct mc_err err;
  int64_t n;
  int rc = -1, bad = 0;

  mc_key_generate(&pem, MC_ALG_ES256, &err);
  for(n = 0; rc && n < 200; n++) {
    struct mc_keyset *set = NULL;
    char *jwk = NULL;

    mc_alloc_fail_after(n);
    rc = mc_key_jwk(&jwk, pem, strlen(pem), &err);
    if(!rc)
      rc = mc_keyset_parse(&set, RFC7638, sizeof(RFC7638) - 1, &err);
    mc_alloc_fail_after(-1);
    bad += rc && rc != MC_RESOURCE_EXHAUSTED;
    mc_free(jwk);
    mc_keyset_free(set);
  }
  tap_ok(!rc && n > 3 && !bad, "every one of %d refused allocations is reported", (int)n - 1);
  mc_free(pem);
}

static void encodings(void)
{
  static const struct {
    const char *text;
    int ok;
    const char *why;
  } rows[] = {
      {"", 1, "nothing"},         {"QQ", 1, "one byte"},        {"QUI", 1, "two bytes"},
      {"QUJD", 1, "three"},       {"QQ==", 0, "padding"},       {"Q", 0, "six bits"},
      {"QR", 0, "stray bits"},    {"QU\nI", 0, "a line break"}, {"QU+/", 0, "the other alphabet"},
      {"-_-_", 1, "URL letters"},
  };
  struct mc_buf out, back;
  struct mc_err err;
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    mc_buf_init(&out, 64);
    mc_buf_init(&back, 64);
    tap_is_int(!mc_decode_base64url(&out, rows[i].text, strlen(rows[i].text), &err), rows[i].ok,
               rows[i].why);
    if(rows[i].ok && *rows[i].text) {
      mc_encode_base64url(&back, out.data, out.len, &err);
      tap_is_str(back.data, rows[i].text, "and back");
    }
    mc_buf_clear(&out);
    mc_buf_clear(&back);
  }
  mc_buf_init(&out, 64);
  mc_encode_form(&out, "a", "x y&=\xc3\xa9~", &err);
  mc_encode_form(&out, "b", "", &err);
  tap_is_str(out.data, "a=x%20y%26%3D%C3%A9~&b=", "form");
  mc_buf_clear(&out);
  mc_encode_base64(&out, "id:se?", 6, &err);
  tap_is_str(out.data, "aWQ6c2U/", "standard base64");
  mc_buf_wipe(&out);
}

static void instants(void)
{
  static const struct {
    const char *text;
    int64_t s;
    const char *why;
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0, "the epoch"},
      {"2026-10-05T01:45:00Z", 1791164700, "plain"},
      {"2026-10-05T01:45:00.123456789Z", 1791164700, "a fraction"},
      {"2026-10-04T18:45:00-07:00", 1791164700, "an offset"},
      {"2028-02-29T00:00:00Z", 1835395200, "29 February"},
      {"2026-10-05", -1, "a day"},
      {"2026-13-05T01:45:00Z", -1, "month 13"},
      {"2026-10-05T01:45:00", -1, "no zone"},
      {"2026-10-05T01:45:00+1:00", -1, "a short offset"},
      {"2026-10-05T01:45:00Zx", -1, "something after it"},
  };
  char basic[MC_INSTANT_BASIC];
  int64_t s;
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    s = -1;
    mc_instant_rfc3339(&s, rows[i].text);
    tap_is_int(s, rows[i].s, rows[i].why);
  }
  tap_ok(mc_instant_http(&s, "Mon, 05 Oct 2026 01:45:00 GMT") && s == 1791164700, "an HTTP date");
  tap_ok(!mc_instant_http(&s, "Mon, 05 Oxt 2026 01:45:00 GMT"), "no such month");
  tap_ok(!mc_instant_http(&s, "yesterday"), "no date");
  mc_instant_basic(basic, 1440938160);
  tap_is_str(basic, "20150830T123600Z", "AWS form");
}

/* The published test suite of Signature Version 4: get-vanilla, post-vanilla,
   get-vanilla-query-order-key-case. */
static void sigv4(void)
{
  static const struct {
    const char *method, *url, *signature;
  } rows[] = {
      {"GET", "https://example.amazonaws.com/",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"POST", "https://example.amazonaws.com/",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
  };
  struct mc_buf out;
  struct mc_err err;
  char want[512];
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_sigv4 r = {.method = rows[i].method,
                         .url = rows[i].url,
                         .region = "us-east-1",
                         .service = "service",
                         .access_key = "AKIDEXAMPLE",
                         .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                         .date = "20150830T123600Z"};

    mc_buf_init(&out, 1024);
    mc_sigv4_authorization(&out, &r, &err);
    snprintf(want, sizeof(want),
             "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
             "SignedHeaders=host;x-amz-date, Signature=%s",
             rows[i].signature);
    tap_is_str(out.data, want, rows[i].url);
    mc_buf_clear(&out);
  }
}

int main(void)
{
  thumbprint();
  bad_sets();
  round_trip(MC_ALG_RS256);
  round_trip(MC_ALG_ES256);
  bad_keys();
  out_of_memory();
  encodings();
  instants();
  sigv4();
  return tap_done();
}
