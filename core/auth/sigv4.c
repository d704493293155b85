#include "auth/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "auth/encode.h"
#include "base/alloc.h"

#define CANONICAL_MAX 65536
#define QUERY_PARTS_MAX 32
#define DAY 8 /* bytes of the date that name the day */

/* The parts of a URL, borrowed from it. */
struct url {
  const char *host, *path, *query;
  size_t host_len, path_len;
};

static int split_url(struct url *out, const char *url, struct mc_err *err)
{
  const char *at = strstr(url, "://");

  if(!at)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "AWS request has no absolute URL");
  out->host = at + 3;
  out->host_len = strcspn(out->host, "/?#");
  out->path = out->host + out->host_len;
  out->path_len = strcspn(out->path, "?#");
  out->query = out->path + out->path_len;
  out->query += *out->query == '?';
  if(!out->host_len)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "AWS request has no host");
  return MC_OK;
}

int mc_sigv4_host(struct mc_buf *out, const char *url, struct mc_err *err)
{
  struct url parts;
  int rc = split_url(&parts, url, err);

  return rc ? rc : mc_buf_add(out, parts.host, parts.host_len, err);
}

static int compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Append `name=value` pairs in order of their bytes; a name alone gets its "=". */
static int add_query(struct mc_buf *out, const char *query, struct mc_err *err)
{
  char *parts[QUERY_PARTS_MAX], *copy = mc_strndup(query, strcspn(query, "#")), *rest = copy;
  size_t count = 0, i;
  int rc = copy ? MC_OK : mc_fail_nomem(err);

  while(!rc && rest && *rest) {
    char *end = strchr(rest, '&');

    if(count == QUERY_PARTS_MAX)
      rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "AWS request has more than %d parameters",
                   QUERY_PARTS_MAX);
    else
      parts[count++] = rest;
    if(end)
      *end++ = '\0';
    rest = end;
  }
  if(!rc && count)
    qsort(parts, count, sizeof(parts[0]), compare);
  for(i = 0; !rc && i < count; i++)
    rc =
        mc_buf_printf(out, err, "%s%s%s", i ? "&" : "", parts[i], strchr(parts[i], '=') ? "" : "=");
  mc_free(copy);
  return rc;
}

static int add_sha256(struct mc_buf *out, const char *data, size_t len, struct mc_err *err)
{
  unsigned char hash[SHA256_DIGEST_LENGTH];

  SHA256((const unsigned char *)data, len, hash);
  return mc_encode_hex(out, hash, sizeof(hash), err);
}

static const char *signed_headers(const struct mc_sigv4 *r)
{
  return r->session_token ? "host;x-amz-date;x-amz-security-token" : "host;x-amz-date";
}

static int add_canonical(struct mc_buf *out, const struct mc_sigv4 *r, struct mc_err *err)
{
  struct url url;
  int rc = split_url(&url, r->url, err);

  if(!rc)
    rc = mc_buf_printf(out, err, "%s\n%.*s\n", r->method, url.path_len ? (int)url.path_len : 1,
                       url.path_len ? url.path : "/");
  if(!rc)
    rc = add_query(out, url.query, err);
  if(!rc)
    rc = mc_buf_printf(out, err, "\nhost:%.*s\nx-amz-date:%s\n", (int)url.host_len, url.host,
                       r->date);
  if(!rc && r->session_token)
    rc = mc_buf_printf(out, err, "x-amz-security-token:%s\n", r->session_token);
  if(!rc)
    rc = mc_buf_printf(out, err, "\n%s\n", signed_headers(r));
  return rc ? rc : add_sha256(out, "", 0, err);
}

static int mac(unsigned char out[SHA256_DIGEST_LENGTH], const void *key, size_t key_len,
               const char *text, size_t len, struct mc_err *err)
{
  if(HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len, out, NULL))
    return MC_OK;
  return mc_fail(err, MC_INTERNAL, 0, "HMAC refused by OpenSSL");
}

/* HMAC chain: "AWS4" secret > day > region > service > "aws4_request" > the text itself. */
static int sign_text(unsigned char out[SHA256_DIGEST_LENGTH], const struct mc_sigv4 *r,
                     const struct mc_buf *text, struct mc_err *err)
{
  struct mc_buf key;
  int rc;

  mc_buf_init(&key, 1024);
  rc = mc_buf_reserve(&key, 512, err);
  if(!rc)
    rc = mc_buf_printf(&key, err, "AWS4%s", r->secret_key);
  if(!rc)
    rc = mac(out, key.data, key.len, r->date, DAY, err);
  if(!rc)
    rc = mac(out, out, SHA256_DIGEST_LENGTH, r->region, strlen(r->region), err);
  if(!rc)
    rc = mac(out, out, SHA256_DIGEST_LENGTH, r->service, strlen(r->service), err);
  if(!rc)
    rc = mac(out, out, SHA256_DIGEST_LENGTH, "aws4_request", 12, err);
  if(!rc)
    rc = mac(out, out, SHA256_DIGEST_LENGTH, text->data, text->len, err);
  mc_buf_wipe(&key);
  return rc;
}

int mc_sigv4_authorization(struct mc_buf *out, const struct mc_sigv4 *r, struct mc_err *err)
{
  unsigned char signature[SHA256_DIGEST_LENGTH];
  struct mc_buf canonical, text;
  int rc;

  mc_buf_init(&canonical, CANONICAL_MAX);
  mc_buf_init(&text, CANONICAL_MAX);
  rc = add_canonical(&canonical, r, err);
  if(!rc)
    rc = mc_buf_printf(&text, err, "AWS4-HMAC-SHA256\n%s\n%.*s/%s/%s/aws4_request\n", r->date, DAY,
                       r->date, r->region, r->service);
  if(!rc)
    rc = add_sha256(&text, canonical.data, canonical.len, err);
  if(!rc)
    rc = sign_text(signature, r, &text, err);
  if(!rc)
    rc = mc_buf_printf(out, err,
                       "AWS4-HMAC-SHA256 Credential=%s/%.*s/%s/%s/aws4_request, SignedHeaders=%s, "
                       "Signature=",
                       r->access_key, DAY, r->date, r->region, r->service, signed_headers(r));
  if(!rc)
    rc = mc_encode_hex(out, signature, sizeof(signature), err);
  mc_buf_wipe(&canonical);
  mc_buf_clear(&text);
  return rc;
}
