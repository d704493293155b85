#include "net/client_int.h"

#include <signal.h>
#include <string.h>

#include <curl/curl.h>
#include <uv.h>

#include "base/alloc.h"

static void release_response(struct mc_event *event)
{
  struct mc_response_event *response = (struct mc_response_event *)event;

  mc_buf_clear(&response->head);
  mc_buf_clear(&response->body);
  mc_free(response);
}

static void release_chunk(struct mc_event *event)
{
  struct mc_chunk_event *chunk = (struct mc_chunk_event *)event;

  mc_buf_clear(&chunk->body);
  mc_free(chunk);
}

const struct mc_event_type mc_response_event_type = {"response", release_response};
const struct mc_event_type mc_head_event_type = {"head", release_response};
const struct mc_event_type mc_chunk_event_type = {"chunk", release_chunk};

/* ---- one exchange ---- */

void mc_exchange_reset(struct exchange *x)
{
  curl_easy_reset(x->easy);
  x->shape.method[0] = '\0';
  mc_free(x->url);
  x->url = NULL;
}

static void free_exchange(struct exchange *x)
{
  curl_easy_cleanup(x->easy);
  curl_url_cleanup(x->parts);
  mc_free(x->url);
  mc_free(x->lines);
  mc_free(x->headers);
  mc_free(x);
}

/* libcurl closes a connection that is done with when there are more than four times as many as
   requests at that moment: the last answers of a burst would cost the next one its connections. */
static void count_running(struct mc_client *client, size_t count)
{
  size_t kept;

  client->running_count = count;
  if(count > client->most_running)
    client->most_running = count;
  kept = client->most_running < MAX_KEPT_FOR ? client->most_running : MAX_KEPT_FOR;
  if(kept < count)
    kept = count;
  if(kept == client->kept_for)
    return;
  client->kept_for = kept;
  curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)(4 * kept));
}

/* The request is over: the exchange waits for the next one, if there is room. */
static void end_exchange(struct exchange *x)
{
  struct mc_client *client = x->client;

  if(x->link) {
    count_running(client, client->running_count - 1);
    *x->link = x->next;
    if(x->next)
      x->next->link = x->link;
  }
  if(x->event)
    release_response(&x->event->event);
  if(x->spoilt)
    mc_exchange_reset(x);
  if(x->lines_cap > MAX_KEPT) {
    mc_free(x->lines);
    x->lines = NULL;
    x->lines_cap = 0;
  }
  if(client->idle_count < MAX_IDLE_HANDLES)
    client->idle[client->idle_count++] = x;
  else
    free_exchange(x);
}

static void cancel_exchange(struct mc_op *op)
{
  struct exchange *x = (struct exchange *)op;

  curl_multi_remove_handle(x->client->multi, x->easy);
  end_exchange(x);
}

/* 303 means "see there with GET", whatever the method was (RFC 9110, 15.4.4). libcurl would keep a
   custom one. */
static void forget_method_after_303(struct exchange *x, const char *line, size_t len)
{
  const char *status = memchr(line, ' ', len);

  if(!strcmp(x->shape.method, "GET") || !strcmp(x->shape.method, "HEAD") || !status ||
     (size_t)(line + len - status) <= 4 || memcmp(status, " 303", 4))
    return;
  curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, NULL);
  x->spoilt = 1;
}

/* Each answer of a chain of redirects starts with its own status line: only the last one's headers
   are kept. */
static size_t on_head(char *data, size_t size, size_t count, void *arg)
{
  struct exchange *x = arg;
  size_t len = size * count;

  if(len > 5 && !memcmp(data, "HTTP/", 5)) {
    x->event->head.len = 0;
    x->event->body.len = 0;
    forget_method_after_303(x, data, len);
    return len;
  }
  if(len <= 2)
    return len;
  if(!mc_buf_add(&x->event->head, data, len, NULL))
    return len;
  mc_fail(&x->event->err, MC_RESOURCE_EXHAUSTED, 0,
          "the answer's headers are over the limit of %zu bytes", x->event->head.max);
  return 0;
}

/* libcurl sends a request again when a kept connection breaks off before the answer; the server may
   have acted on it already. The signature is libcurl's. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static int on_send(void *arg, char *to, char *from, int to_port, int from_port)
{
  struct exchange *x = arg;
  long redirects = 0;

  (void)to, (void)from, (void)to_port, (void)from_port;
  curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_COUNT, &redirects);
  if(x->sent++ <= redirects || x->repeatable)
    return CURL_PREREQFUNC_OK;
  mc_fail(&x->event->err, MC_UNAVAILABLE, 0,
          "the connection broke off; the server may have received the request");
  return CURL_PREREQFUNC_ABORT;
}

static int emit_head(struct exchange *x)
{
  struct mc_response_event *head = mc_calloc(1, sizeof(*head));
  long status = 0;

  if(!head)
    return 0;
  head->event.type = &mc_head_event_type;
  mc_buf_init(&head->head, MAX_HEAD);
  if(mc_buf_add(&head->head, x->event->head.data, x->event->head.len, NULL)) {
    release_response(&head->event);
    return 0;
  }
  curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
  head->status = status;
  x->headed = 1;
  mc_loop_emit(x->client->loop, &head->event, x->op.id);
  return 1;
}

static int emit_chunk(struct exchange *x, const char *data, size_t len)
{
  struct mc_chunk_event *chunk = mc_calloc(1, sizeof(*chunk));

  if(!chunk)
    return 0;
  chunk->event.type = &mc_chunk_event_type;
  mc_buf_init(&chunk->body, len);
  if(mc_buf_add(&chunk->body, data, len, NULL)) {
    release_chunk(&chunk->event);
    return 0;
  }
  x->unread += len;
  mc_loop_emit(x->client->loop, &chunk->event, x->op.id);
  return 1;
}

/* A piece of a body that is handed over as it comes; libcurl keeps it while the consumer lags. */
static size_t stream_body(struct exchange *x, const char *data, size_t len)
{
  if(x->unread && x->unread + len > x->event->body.max) {
    x->paused = 1;
    return CURL_WRITEFUNC_PAUSE;
  }
  if((x->headed || emit_head(x)) && emit_chunk(x, data, len))
    return len;
  mc_fail_nomem(&x->event->err);
  return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
  struct exchange *x = arg;
  size_t len = size * count;

  if(x->streams)
    return stream_body(x, data, len);
  if(!mc_buf_add(&x->event->body, data, len, NULL))
    return len;
  mc_fail(&x->event->err, MC_RESOURCE_EXHAUSTED, 0,
          "the answer's body is over the limit of %zu bytes (max_body), or memory is out",
          x->event->body.max);
  return 0;
}

/* Our words for libcurl's codes; what has no row is UNAVAILABLE with libcurl's own text. */
static const struct {
  CURLcode code;
  int canonical;
  const char *text;
} failures[] = {
    {CURLE_OPERATION_TIMEDOUT, MC_DEADLINE_EXCEEDED, "no answer in time"},
    {CURLE_URL_MALFORMAT, MC_INVALID_ARGUMENT, "the url is malformed"},
    {CURLE_UNSUPPORTED_PROTOCOL, MC_UNAVAILABLE,
     "what answers does not speak http, or redirects to another protocol"},
    {CURLE_WEIRD_SERVER_REPLY, MC_UNAVAILABLE, "what answers does not speak http"},
    {CURLE_COULDNT_RESOLVE_HOST, MC_UNAVAILABLE, "the host name does not resolve"},
    {CURLE_COULDNT_RESOLVE_PROXY, MC_UNAVAILABLE, "the proxy's name does not resolve"},
    {CURLE_COULDNT_CONNECT, MC_UNAVAILABLE, "connection refused or unreachable"},
    {CURLE_PEER_FAILED_VERIFICATION, MC_UNAVAILABLE, "the server's certificate is not trusted"},
    {CURLE_SSL_CERTPROBLEM, MC_FAILED_PRECONDITION, "the client's certificate or its key"},
    {CURLE_SSL_CACERT_BADFILE, MC_FAILED_PRECONDITION, "the file of trusted certificates"},
    {CURLE_SSL_CONNECT_ERROR, MC_UNAVAILABLE, "no TLS connection came about"},
    {CURLE_GOT_NOTHING, MC_UNAVAILABLE, "the server closed the connection without an answer"},
    {CURLE_RECV_ERROR, MC_UNAVAILABLE, "the connection broke off"},
    {CURLE_SEND_ERROR, MC_UNAVAILABLE, "the connection broke off"},
    {CURLE_PARTIAL_FILE, MC_UNAVAILABLE, "the answer broke off"},
    {CURLE_TOO_MANY_REDIRECTS, MC_FAILED_PRECONDITION, "too many redirects"},
    {CURLE_BAD_CONTENT_ENCODING, MC_DATA_LOSS, "the answer's compression is broken"},
    {CURLE_OUT_OF_MEMORY, MC_RESOURCE_EXHAUSTED, "out of memory"},
};

static void explain(struct exchange *x, CURLcode code)
{
  struct mc_err *err = &x->event->err;
  size_t i;

  if(err->code) { /* a callback of ours refused: its message stands */
    err->sys = (int)code;
    return;
  }
  for(i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
    if(failures[i].code != code)
      continue;
    mc_fail(err, failures[i].canonical, (int)code, "%s (%s)", failures[i].text,
            x->error[0] ? x->error : curl_easy_strerror(code));
    return;
  }
  mc_fail(err, MC_UNAVAILABLE, (int)code, "%s", x->error[0] ? x->error : curl_easy_strerror(code));
}

static void finish(struct exchange *x, CURLcode code)
{
  struct mc_client *client = x->client;
  struct mc_response_event *event = x->event;
  curl_off_t total = 0;
  long status = 0, version = 0, redirects = 0;

  MC_ASSERT(event); /* it ends once */
  curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_COUNT, &redirects);
  curl_easy_getinfo(x->easy, CURLINFO_TOTAL_TIME_T, &total);
  event->status = status;
  event->redirects = redirects;
  event->total_us = total;
  event->http_version = version == CURL_HTTP_VERSION_2_0   ? 20
                        : version == CURL_HTTP_VERSION_1_0 ? 10
                        : version == CURL_HTTP_VERSION_1_1 ? 11
                                                           : 0;
  if(code)
    explain(x, code);
  else
    event->err.code = MC_OK; /* another address of the host did it */
  curl_multi_remove_handle(client->multi, x->easy);
  mc_loop_end(client->loop, &x->op);
  mc_loop_emit(client->loop, &event->event, x->op.id);
  x->event = NULL;
  end_exchange(x);
}

/* The one place where curl's completions are read. After a socket that could not be watched libcurl
   is stuck until no request is left: all of them end. */
void mc_client_drain(struct mc_client *client)
{
  struct exchange *x;
  CURLMsg *msg;
  CURLcode code;
  int left;

  while((msg = curl_multi_info_read(client->multi, &left))) {
    if(msg->msg != CURLMSG_DONE)
      continue;
    code = msg->data.result; /* msg is gone once the handle is removed */
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&x);
    finish(x, code);
  }
  while(client->stuck && client->running)
    finish(client->running, CURLE_OUT_OF_MEMORY);
  client->stuck = 0;
}

/* ---- life ---- */

static void free_timer(uv_handle_t *handle)
{
  mc_free(handle);
}

/* The loop is going away: everything on it ends. */
static void shut(struct mc_resident *resident)
{
  struct mc_client *client =
      (struct mc_client *)((char *)resident - offsetof(struct mc_client, resident));

  while(client->running)
    mc_loop_cancel(client->loop, client->running->op.id);
  while(client->idle_count)
    free_exchange(client->idle[--client->idle_count]);
  if(client->multi) {
    curl_multi_cleanup(client->multi); /* lets go of its sockets and closes them */
    mc_sockets_end(client);
  }
  client->multi = NULL;
  uv_timer_stop(client->timer);
  uv_close((uv_handle_t *)client->timer, free_timer);
  client->timer = NULL;
  client->loop = NULL;
}

static int ignores_sigpipe(void)
{
  struct sigaction now;

  return !sigaction(SIGPIPE, NULL, &now) && now.sa_handler == SIG_IGN;
}

static void configure(struct mc_client *client)
{
  CURLM *multi = client->multi;

  mc_sockets_begin(client);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)client->max_connections);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)client->max_host_connections);
}

/* What the first request waits for. */
static int start(struct mc_client *client, struct mc_err *err)
{
  if(client->multi)
    return MC_OK;
  if(curl_global_init(CURL_GLOBAL_DEFAULT))
    return mc_fail(err, MC_INTERNAL, 0, "libcurl does not start");
  client->multi = curl_multi_init();
  if(!client->multi)
    return mc_fail_nomem(err);
  configure(client);
  return MC_OK;
}

/* 1, or 0 when memory is out. */
static int copy_texts(struct mc_client *client, const struct mc_client_opts *opts)
{
  const struct {
    char **to;
    const char *from;
  } rows[] = {{&client->ca_bundle, opts->ca_bundle},
              {&client->certificate, opts->certificate},
              {&client->key, opts->key},
              {&client->no_proxy, opts->no_proxy}};
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if(rows[i].from && !(*rows[i].to = mc_strdup(rows[i].from)))
      return 0;
  }
  return 1;
}

static void free_client(struct mc_client *client)
{
  mc_free(client->ca_bundle);
  mc_free(client->certificate);
  mc_free(client->key);
  mc_free(client->no_proxy);
  mc_free(client);
}

int mc_client_new(struct mc_client **out, struct mc_loop *loop, const struct mc_client_opts *opts,
                  struct mc_err *err)
{
  struct mc_client *client = mc_calloc(1, sizeof(*client));

  if(!client)
    return mc_fail_nomem(err);
  client->loop = loop;
  client->max_connections = opts->max_connections;
  client->max_host_connections = opts->max_host_connections;
  client->timer = mc_calloc(1, sizeof(*client->timer));
  client->direct = opts->direct;
  if(!client->timer || !copy_texts(client, opts)) {
    mc_free(client->timer);
    free_client(client);
    return mc_fail_nomem(err);
  }
  uv_timer_init(mc_loop_uv(loop), client->timer);
  client->timer->data = client;
  client->ignores_sigpipe = ignores_sigpipe();
  client->resident.shut = shut;
  mc_loop_attach(loop, &client->resident);
  *out = client;
  return MC_OK;
}

void mc_client_free(struct mc_client *client)
{
  if(!client)
    return;
  if(client->loop) {
    mc_loop_detach(&client->resident);
    shut(&client->resident);
  }
  free_client(client);
}

/* ---- sending ---- */

void mc_exchange_set_up(struct exchange *x)
{
  CURL *easy = x->easy;

  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->error);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
}

static struct exchange *new_exchange(struct mc_client *client)
{
  struct exchange *x = mc_calloc(1, sizeof(*x));

  if(!x)
    return NULL;
  x->client = client;
  x->easy = curl_easy_init();
  x->parts = curl_url();
  if(x->easy && x->parts)
    return x;
  free_exchange(x);
  return NULL;
}

/* An exchange that nothing is known of yet. */
static struct exchange *begin_exchange(struct mc_client *client, const struct mc_request *request)
{
  struct exchange *x =
      client->idle_count ? client->idle[--client->idle_count] : new_exchange(client);

  if(!x)
    return NULL;
  memset(x, 0, offsetof(struct exchange, client));
  x->error[0] = '\0';
  x->event = mc_calloc(1, sizeof(*x->event));
  if(!x->event) {
    end_exchange(x);
    return NULL;
  }
  x->event->event.type = &mc_response_event_type;
  mc_buf_init(&x->event->head, MAX_HEAD);
  mc_buf_init(&x->event->body, (size_t)request->max_body);
  x->streams = x->op.repeats = request->stream;
  return x;
}

static void run(struct exchange *x)
{
  struct mc_client *client = x->client;

  x->next = client->running;
  x->link = &client->running;
  if(x->next)
    x->next->link = &x->next;
  client->running = x;
  count_running(client, client->running_count + 1);
}

int mc_client_send(struct mc_client *client, const struct mc_request *request, uint64_t *id,
                   struct mc_err *err)
{
  struct exchange *x;
  int rc;

  if(!client->loop)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "the client is closed");
  rc = start(client, err);
  if(rc)
    return rc;
  x = begin_exchange(client, request);
  if(!x)
    return mc_fail_nomem(err);
  rc = mc_exchange_prepare(x, request, err);
  if(!rc)
    rc = mc_loop_begin(client->loop, &x->op, cancel_exchange, err);
  if(rc) {
    end_exchange(x);
    return rc;
  }
  run(x);
  if(curl_multi_add_handle(client->multi, x->easy)) {
    mc_loop_end(client->loop, &x->op);
    end_exchange(x);
    return mc_fail(err, MC_INTERNAL, 0, "libcurl refused the request");
  }
  *id = x->op.id;
  return MC_OK;
}

void mc_client_consumed(struct mc_client *client, uint64_t id, size_t len)
{
  struct mc_op *op = client->loop ? mc_loop_find(client->loop, id) : NULL;
  struct exchange *x = (struct exchange *)op;

  if(!op || op->cancel != cancel_exchange || x->client != client)
    return; /* it has ended meanwhile */
  x->unread -= len < x->unread ? len : x->unread;
  if(!x->paused || x->unread > x->event->body.max / 2)
    return;
  x->paused = 0;
  curl_easy_pause(x->easy, CURLPAUSE_CONT);
}
