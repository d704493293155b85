#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/client_int.h"

static int add_line(struct exchange *x, const char *line, struct mc_err *err)
{
  struct curl_slist *list = curl_slist_append(x->headers, line);

  if(!list)
    return mc_fail_nomem(err);
  x->headers = list;
  return MC_OK;
}

/* A name or a method: RFC 9110, 5.6.2. */
static int is_token(const char *text)
{
  static const char marks[] = "!#$%&'*+-.^_`|~";
  const char *at = text;

  while(*at && (isalnum((unsigned char)*at) || strchr(marks, *at)))
    at++;
  return at > text && !*at;
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
  snprintf(length, sizeof(length), "%zu", request->body_len);
  if(!strcasecmp(header->name, "Content-Length") && strcmp(header->value, length))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "header 'Content-Length' says '%.20s', the body has %s bytes: leave it out",
                   header->value, length);
  return MC_OK;
}

/* libcurl's own notation: "Name;" sends an empty value, "Name:" would remove the header. */
static int add_header(struct exchange *x, const struct mc_header *header, struct mc_err *err)
{
  const char *value = header->value + strspn(header->value, " \t");
  struct mc_buf line;
  int rc;

  mc_buf_init(&line, MAX_HEAD);
  rc = value[0] ? mc_buf_printf(&line, err, "%s: %s", header->name, value)
                : mc_buf_printf(&line, err, "%s;", header->name);
  if(!rc)
    rc = add_line(x, line.data, err);
  mc_buf_clear(&line);
  return rc;
}

static int has_header(const struct mc_request *request, const char *name)
{
  size_t i;

  for(i = 0; i < request->header_count; i++) {
    if(!strcasecmp(request->headers[i].name, name))
      return 1;
  }
  return 0;
}

/* What libcurl would add by itself and nobody asked for is taken out. */
static int set_headers(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  static const struct {
    const char *name, *line;
  } own[] = {{"Accept", "Accept:"}, {"Content-Type", "Content-Type:"}, {"Expect", "Expect:"}};
  size_t i;
  int rc = MC_OK;

  for(i = 0; i < request->header_count && !rc; i++) {
    rc = check_header(request, &request->headers[i], err);
    if(!rc && strcasecmp(request->headers[i].name, "Content-Length"))
      rc = add_header(x, &request->headers[i], err);
  }
  for(i = 0; i < sizeof(own) / sizeof(own[0]) && !rc; i++) {
    if(!has_header(request, own[i].name))
      rc = add_line(x, own[i].line, err);
  }
  curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
  return rc;
}

static int set_method(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  CURL *easy = x->easy;
  int get = !strcmp(request->method, "GET"), head = !strcmp(request->method, "HEAD");
  int post = !strcmp(request->method, "POST");

  if(!is_token(request->method))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "method '%.100s' is none", request->method);
  x->keeps_method = get || head;
  x->repeatable = !post && strcmp(request->method, "PATCH") != 0;
  if(head) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return MC_OK;
  }
  if(get && !request->body_len)
    return MC_OK;
  /* A POST, PUT or PATCH without a body still says "Content-Length: 0". */
  if(post || request->body_len || !strcmp(request->method, "PUT") ||
     !strcmp(request->method, "PATCH")) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    if(curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body_len ? request->body : ""))
      return mc_fail_nomem(err);
  }
  if(!post && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method))
    return mc_fail_nomem(err);
  return MC_OK;
}

static int set_url(CURL *easy, const char *url, struct mc_err *err)
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
  if(curl_easy_setopt(easy, CURLOPT_URL, url))
    return mc_fail_nomem(err);
  return MC_OK;
}

/* As libcurl's own, but no child process inherits it. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
  (void)arg;
  (void)purpose;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Not set on purpose: CURLOPT_NOSIGNAL, with which libcurl would leave SIGPIPE to the program,
   and a stock interpreter dies of it. CURLOPT_PIPEWAIT (wait for a connection that may take more
   streams) holds back everything behind one slow answer where there is no HTTP/2, so it is for
   TLS only. */
static void set_options(struct exchange *x, const struct mc_request *request)
{
  CURL *easy = x->easy;
  struct mc_client *client = x->client;

  int multiplex = !request->http1 && !strncasecmp(request->url, "https:", 6);

  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver's thread */
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->max_redirects ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)request->max_redirects);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   request->http1 ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, multiplex ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, request->decompress ? "" : NULL);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  if(client->ca_bundle)
    curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_bundle);
  if(client->certificate)
    curl_easy_setopt(easy, CURLOPT_SSLCERT, client->certificate);
  if(client->key)
    curl_easy_setopt(easy, CURLOPT_SSLKEY, client->key);
  if(client->no_proxy)
    curl_easy_setopt(easy, CURLOPT_NOPROXY, client->no_proxy);
}

int mc_exchange_prepare(struct exchange *x, const struct mc_request *request, struct mc_err *err)
{
  int rc = set_method(x, request, err);

  if(!rc)
    rc = set_url(x->easy, request->url, err);
  if(!rc)
    rc = set_headers(x, request, err);
  if(!rc)
    set_options(x, request);
  return rc;
}
