#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/plain.h"
#include "net/client_int.h"

/* A name or a method: RFC 9110, 5.6.2. */
static int is_token(const char *text)
{
  return mc_is_plain_token(text, strlen(text));
}

/* No control characters but the tab (RFC 9110, 5.5). */
static int is_field_value(const char *text)
{
  for(; *text; text++) {
    if(((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
      return 0;
  }
  return 1;
}

static int check_header(const struct mc_request *request, const struct mc_header *header,
                        struct mc_err *err)
{
  char length[32];

  if(!is_token(header->name))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "header name '%.100s': only letters, digits and !#$%%&'*+-.^_`|~", header->name);
  if(!is_field_value(header->value))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "header '%.100s': no line break or control character in a value", header->name);
  if(strcasecmp(header->name, "Content-Length"))
    return MC_OK;
  snprintf(length, sizeof(length), "%zu", request->body_len);
  if(strcmp(header->value, length))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "header 'Content-Length' says '%.20s', the body has %s bytes: leave it out",
                   header->value, length);
  return MC_OK;
}

/* What libcurl would add by itself, and how it is told not to. */
static const struct {
  const char *name, *line;
} OWN[] = {{"Accept", "Accept:"}, {"Content-Type", "Content-Type:"}, {"Expect", "Expect:"}};
#define OWN_COUNT (sizeof(OWN) / sizeof(OWN[0]))

/* Check the headers and make room for the lines of all of them. */
static int make_room(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  size_t count = request->header_count + OWN_COUNT, bytes = 0, len, i;
  void *fresh;
  int rc;

  for(i = 0; i < request->header_count; i++) {
    rc = check_header(request, &request->headers[i], err);
    len = strlen(request->headers[i].name) + strlen(request->headers[i].value) + 3;
    if(!rc && len > MAX_HEAD)
      rc = mc_fail(err, MC_RESOURCE_EXHAUSTED, 0, "more than %d bytes", MAX_HEAD);
    if(rc)
      return rc;
    bytes += len;
  }
  if(bytes > x->lines_cap) {
    fresh = mc_realloc(x->lines, bytes);
    if(!fresh)
      return mc_fail_nomem(err);
    x->lines = fresh;
    x->lines_cap = bytes;
  }
  if(count > x->headers_cap) {
    fresh = mc_realloc(x->headers, count * sizeof(*x->headers));
    if(!fresh)
      return mc_fail_nomem(err);
    x->headers = fresh;
    x->headers_cap = count;
  }
  return MC_OK;
}

/* libcurl's own notation: "Name;" sends an empty value, "Name:" would remove the header. Returns
   where the next line goes. */
static char *write_line(char *to, const struct mc_header *header)
{
  const char *value = header->value + strspn(header->value, " \t");

  to = stpcpy(stpcpy(to, header->name), value[0] ? ": " : ";");
  return stpcpy(to, value) + 1;
}

/* What libcurl would add by itself and nobody asked for is taken out. */
static int set_headers(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  int given[OWN_COUNT] = {0};
  struct curl_slist *node;
  char *to;
  size_t i, j;
  int rc = make_room(x, request, err);

  if(rc)
    return rc;
  to = x->lines;
  node = x->headers;
  for(i = 0; i < request->header_count; i++) {
    const char *name = request->headers[i].name;

    if(!strcasecmp(name, "Content-Length"))
      continue;
    for(j = 0; j < OWN_COUNT; j++)
      given[j] |= !strcasecmp(name, OWN[j].name);
    node->data = to;
    node->next = node + 1;
    node++;
    to = write_line(to, &request->headers[i]);
  }
  for(j = 0; j < OWN_COUNT; j++) {
    if(given[j])
      continue;
    node->data = (char *)(uintptr_t)OWN[j].line;
    node->next = node + 1;
    node++;
  }
  if(node > x->headers)
    node[-1].next = NULL;
  curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, node > x->headers ? x->headers : NULL);
  return MC_OK;
}

/* A POST, PUT or PATCH without a body still says "Content-Length: 0". */
static int has_body(const struct mc_request *request)
{
  if(!strcmp(request->method, "HEAD"))
    return 0;
  return request->body_len || !strcmp(request->method, "POST") || !strcmp(request->method, "PUT") ||
         !strcmp(request->method, "PATCH");
}

static int set_method(struct exchange *x, const char *method, int with_body, struct mc_err *err)
{
  CURL *easy = x->easy;

  if(!strcmp(method, "HEAD"))
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  else if((strcmp(method, "GET") || with_body) && strcmp(method, "POST")) {
    if(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method))
      return mc_fail_nomem(err);
  }
  return MC_OK;
}

static int set_body(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  x->spoilt = request->body_len > MAX_KEPT;
  curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
  if(curl_easy_setopt(x->easy, CURLOPT_COPYPOSTFIELDS, request->body_len ? request->body : ""))
    return mc_fail_nomem(err);
  return MC_OK;
}

static int check_url(const char *url, struct mc_err *err)
{
  const char *at;

  if(strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "url '%.100s': must begin with http:// or https://",
                   url);
  at = strpbrk(url, " \t\r\n");
  if(at)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "url '%.*s...': no blanks or line breaks, encode them as %%20 or %%0A",
                   (int)(at - url < 100 ? at - url : 100), url);
  return MC_OK;
}

/* libcurl is given the url in parts as well: from the text it would make the parts, and from these
   the text again, for each request. What cannot be parsed is left to it to say. */
static int set_url(struct exchange *x, const char *url, struct mc_err *err)
{
  CURLUcode bad;
  int rc;

  if(x->url && !strcmp(x->url, url))
    return MC_OK;
  rc = check_url(url, err);
  if(rc)
    return rc;
  mc_free(x->url);
  x->url = mc_strdup(url);
  if(!x->url || curl_easy_setopt(x->easy, CURLOPT_URL, url)) {
    x->spoilt = 1;
    return mc_fail_nomem(err);
  }
  bad = curl_url_set(x->parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
  curl_easy_setopt(x->easy, CURLOPT_CURLU, bad ? NULL : x->parts);
  return MC_OK;
}

/* CURLOPT_NOSIGNAL leaves SIGPIPE to the program, and one that does not ignore it dies of it.
   CURLOPT_PIPEWAIT (wait for a connection that may take more streams) holds back everything behind
   one slow answer where there is no HTTP/2, so it is for TLS only. */
static void set_options(struct exchange *x)
{
  CURL *easy = x->easy;
  const struct mc_client *client = x->client;
  const struct shape *shape = &x->shape;

  mc_exchange_set_up(x);
  mc_sockets_own(x);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, client->ignores_sigpipe ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver's thread */
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, shape->max_redirects ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)shape->max_redirects);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   shape->http1 ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, shape->multiplexes ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, shape->decompresses ? "" : NULL);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  if(client->ca_bundle)
    curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_bundle);
  if(client->certificate)
    curl_easy_setopt(easy, CURLOPT_SSLCERT, client->certificate);
  if(client->key)
    curl_easy_setopt(easy, CURLOPT_SSLKEY, client->key);
  if(client->direct)
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  if(client->direct || client->no_proxy)
    curl_easy_setopt(easy, CURLOPT_NOPROXY, client->direct ? "" : client->no_proxy);
}

/* Have the easy handle be of the request's shape. */
static int take_shape(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  struct shape shape = {.has_body = has_body(request),
                        .http1 = request->http1,
                        .multiplexes = !request->http1 && !strncasecmp(request->url, "https:", 6),
                        .decompresses = request->decompress,
                        .max_redirects = request->max_redirects};
  size_t len = strlen(request->method);
  int rc;

  if(len < sizeof(shape.method))
    memcpy(shape.method, request->method, len);
  if(shape.method[0] && !memcmp(&shape, &x->shape, sizeof(shape)))
    return MC_OK;
  mc_exchange_reset(x);
  x->shape = shape;
  set_options(x);
  rc = set_method(x, request->method, (int)shape.has_body, err);
  x->spoilt = rc != MC_OK;
  return rc;
}

int mc_exchange_prepare(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  int rc = is_token(request->method)
               ? MC_OK
               : mc_fail(err, MC_INVALID_ARGUMENT, 0, "method '%.100s' is none", request->method);

  if(!rc)
    rc = take_shape(x, request, err);
  if(!rc && x->shape.has_body)
    rc = set_body(x, request, err);
  if(!rc)
    rc = set_url(x, request->url, err);
  if(!rc)
    rc = set_headers(x, request, err);
  x->repeatable = strcmp(request->method, "POST") && strcmp(request->method, "PATCH");
  curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
  curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
  return rc;
}
