/* Units of core/net/client, against our own server and against a raw one that misbehaves. */

#include "net_fixture.h"

/* ---- what is sent ---- */

static void test_methods(void)
{
  static const struct {
    const char *method, *body;
    const char *has, *has_not; /* in the request's head */
    const char *why;
  } rows[] = {
      {"GET", "", "Host: ", "Content-Length", "a plain GET"},
      {"POST", "", "Content-Length: 0", "Transfer-Encoding", "an empty POST says so"},
      {"PUT", "", "Content-Length: 0", "Transfer-Encoding", "an empty PUT says so"},
      {"PATCH", "", "Content-Length: 0", "Transfer-Encoding", "an empty PATCH says so"},
      {"DELETE", "", "Host: ", "Content-Length", "DELETE has no body"},
      {"OPTIONS", "", "Host: ", "Content-Length", "OPTIONS has no body"},
      {"POST", "a=b", "Content-Length: 3", "Content-Type", "a body gets no type by itself"},
      {"PUT", "abc", "Content-Length: 3", "Expect", "PUT"},
      {"PATCH", "abc", "Content-Length: 3", "Accept", "PATCH"},
      {"DELETE", "abc", "Content-Length: 3", "Accept", "DELETE with a body"},
      {"GET", "abc", "Content-Length: 3", "Accept", "GET with a body"},
      {"PROPFIND", "", "Host: ", "Content-Length", "a method that nobody knows"},
  };
  struct fixture f;
  size_t i;

  set_up(&f);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_request request = request_to(rows[i].method, url_of(&f, "/a%2Fb?c=%20d"));
    struct mc_request_event *seen;
    struct mc_response_event *response;

    request.body = rows[i].body;
    request.body_len = strlen(rows[i].body);
    start(&f, &request);
    seen = next_request(&f);
    tap_is_str(seen->method, rows[i].method, rows[i].why);
    tap_is_str(seen->target, "/a%2Fb?c=%20d", "the target stays as written");
    tap_is_str(seen->body.len ? seen->body.data : "", rows[i].body, "the body");
    tap_ok(head_has(&seen->head, rows[i].has), "%s: sends %s", rows[i].why, rows[i].has);
    tap_ok(!head_has(&seen->head, rows[i].has_not), "%s: no %s", rows[i].why, rows[i].has_not);
    tap_ok(!head_has(&seen->head, "Accept:") && !head_has(&seen->head, "User-Agent:"),
           "nothing of libcurl's own");
    tap_is_str(seen->peer, "127.0.0.1", "from here");
    answer(&f, seen->event.id, 200, "yes");
    mc_event_free(&seen->event);
    response = next_response(&f);
    tap_is_int(response->status, 200, "is answered");
    tap_is_str(response->body.data, "yes", "with a body");
    mc_event_free(&response->event);
  }
  tear_down(&f);
}

static void test_headers(void)
{
  static const struct mc_header good[] = {{"X-One", "1"},
                                          {"X-Empty", ""},
                                          {"X-Blank", "  "},
                                          {"x-case", "a: b; c"},
                                          {"Content-Type", "text/x"},
                                          {"Accept", "a/b"},
                                          {"Content-Length", "2"}};
  static const struct {
    struct mc_header header;
    const char *why;
  } bad[] = {
      {{"", "x"}, "no name"},
      {{"a b", "x"}, "a blank in the name"},
      {{"a:b", "x"}, "a colon in the name"},
      {{"a\r\nb", "x"}, "a line break in the name"},
      {{"n\xc3\xa4", "x"}, "a name beyond ASCII"},
      {{"a", "x\r\nInjected: 1"}, "a line break in the value"},
      {{"a", "x\ny"}, "a line feed in the value"},
      {{"a", "x\x7f"}, "a control character in the value"},
      {{"Content-Length", "3"}, "a length that is not the body's"},
  };
  struct fixture f;
  struct mc_request request;
  struct mc_request_event *seen;
  struct mc_err err;
  uint64_t id;
  size_t i;

  set_up(&f);
  request = request_to("POST", url_of(&f, "/"));
  request.headers = good;
  request.header_count = sizeof(good) / sizeof(good[0]);
  request.body = "hi";
  request.body_len = 2;
  start(&f, &request);
  seen = next_request(&f);
  tap_ok(head_has(&seen->head, "X-One: 1\r\n"), "a header");
  tap_ok(head_has(&seen->head, "X-Empty: \r\n"), "an empty one");
  tap_ok(head_has(&seen->head, "X-Blank: \r\n"), "a blank one is an empty one");
  tap_ok(head_has(&seen->head, "x-case: a: b; c\r\n"), "case and punctuation stay");
  tap_ok(head_has(&seen->head, "Content-Type: text/x\r\n"), "a type that was asked for");
  tap_ok(head_has(&seen->head, "Accept: a/b\r\n"), "what curl would add, given by us, is sent");
  answer(&f, seen->event.id, 204, "");
  mc_event_free(&seen->event);
  mc_event_free(&next_response(&f)->event);
  for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    request.headers = &bad[i].header;
    request.header_count = 1;
    tap_is_int(mc_client_send(f.client, &request, &id, &err), MC_INVALID_ARGUMENT, bad[i].why);
  }
  request.header_count = 0;
  request.method = "GET / HTTP/1.1\r\nX:";
  tap_is_int(mc_client_send(f.client, &request, &id, &err), MC_INVALID_ARGUMENT,
             "a method is a word");
  tear_down(&f);
}

static void test_bad_urls(void)
{
  static const struct {
    const char *url;
    int at_once;
    const char *text, *why;
  } rows[] = {
      {"", MC_INVALID_ARGUMENT, "must begin with http://", "nothing"},
      {"ftp://a/", MC_INVALID_ARGUMENT, "must begin with http://", "another protocol"},
      {"file:///etc/passwd", MC_INVALID_ARGUMENT, "must begin with http://", "a file"},
      {"http://a/b c", MC_INVALID_ARGUMENT, "no blanks", "a blank"},
      {"http://a/b\r\nX: y", MC_INVALID_ARGUMENT, "no blanks", "a line break"},
      {"http://", MC_OK, "malformed", "no host"},
      {"http://a:99999/", MC_OK, "malformed", "no such port"},
      {"http://no-such-host.invalid/", MC_OK, "does not resolve", "an unknown host"},
  };
  struct fixture f;
  size_t i;

  set_up(&f);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_request request = request_to("GET", rows[i].url);
    struct mc_response_event *response;
    struct mc_err err = {0};
    uint64_t id;
    int rc = mc_client_send(f.client, &request, &id, &err);

    tap_is_int(rc, rows[i].at_once, rows[i].why);
    if(rc) {
      tap_ok(strstr(err.msg, rows[i].text) != NULL, "%s: %s", rows[i].why, err.msg);
      continue;
    }
    response = next_response(&f);
    tap_ok(strstr(response->err.msg, rows[i].text) != NULL, "%s: %s", rows[i].why,
           response->err.msg);
    tap_is_int(response->err.pos, -1, "an error has no position");
    mc_event_free(&response->event);
  }
  tear_down(&f);
}

/* ---- redirects ---- */

static void test_redirects(void)
{
  static const struct {
    int status;
    const char *method, *then; /* the method of the second request */
    const char *body; /* and its body, when "abc" was sent */
  } rows[] = {
      {301, "GET", "GET", ""},          {302, "GET", "GET", ""},
      {303, "GET", "GET", ""},          {307, "GET", "GET", ""},
      {308, "GET", "GET", ""},          {301, "POST", "GET", ""},
      {302, "POST", "GET", ""},         {303, "POST", "GET", ""},
      {307, "POST", "POST", "abc"},     {308, "POST", "POST", "abc"},
      {303, "PUT", "GET", ""},          {303, "PATCH", "GET", ""},
      {303, "DELETE", "GET", ""},       {307, "PATCH", "PATCH", "abc"},
      {308, "DELETE", "DELETE", "abc"}, {303, "HEAD", "HEAD", ""},
      {302, "HEAD", "HEAD", ""},
  };
  static const struct mc_header to = {"Location", "/there?x=1"};
  struct fixture f;
  size_t i;

  set_up(&f);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_request request = request_to(rows[i].method, url_of(&f, "/here"));
    struct mc_request_event *seen;
    struct mc_response_event *response;
    char why[64];

    snprintf(why, sizeof(why), "%d after %s", rows[i].status, rows[i].method);
    request.max_redirects = 1;
    if(strcmp(rows[i].method, "HEAD") && strcmp(rows[i].method, "GET")) {
      request.body = "abc";
      request.body_len = 3;
    }
    start(&f, &request);
    seen = next_request(&f);
    mc_server_reply(f.server, seen->event.id, rows[i].status, &to, 1, "moved", 5, NULL);
    mc_event_free(&seen->event);
    seen = next_request(&f);
    tap_is_str(seen->method, rows[i].then, why);
    tap_is_str(seen->target, "/there?x=1", "at the new place");
    tap_is_str(seen->body.len ? seen->body.data : "", rows[i].body, "with the right body");
    answer(&f, seen->event.id, 200, "here");
    mc_event_free(&seen->event);
    response = next_response(&f);
    tap_is_int(response->redirects, 1, "one step");
    tap_ok(!head_has(&response->head, "Location"), "only the last answer's headers");
    tap_is_str(response->body.len ? response->body.data : "",
               strcmp(rows[i].method, "HEAD") ? "here" : "", "only the last answer's body");
    mc_event_free(&response->event);
  }
  tear_down(&f);
}

static void test_redirect_limits(void)
{
  struct mc_header to = {"Location", NULL};
  static const struct mc_header secret = {"Authorization", "Bearer s3cret"};
  struct fixture f;
  struct mc_request request;
  struct mc_request_event *seen;
  struct mc_response_event *response;
  char other[64];

  set_up(&f);
  to.value = "/again";
  request = request_to("GET", url_of(&f, "/"));
  start(&f, &request);
  seen = next_request(&f);
  mc_server_reply(f.server, seen->event.id, 302, &to, 1, "m", 1, NULL);
  mc_event_free(&seen->event);
  response = next_response(&f);
  tap_is_int(response->status, 302, "not followed unless asked for");
  tap_ok(head_has(&response->head, "Location: /again"), "its headers are there");
  mc_event_free(&response->event);

  request.max_redirects = 1;
  start(&f, &request);
  seen = next_request(&f);
  mc_server_reply(f.server, seen->event.id, 302, &to, 1, "m", 1, NULL);
  mc_event_free(&seen->event);
  seen = next_request(&f);
  mc_server_reply(f.server, seen->event.id, 302, &to, 1, "m", 1, NULL);
  mc_event_free(&seen->event);
  response = next_response(&f);
  tap_is_int(response->err.code, MC_FAILED_PRECONDITION, "one more than allowed is an error");
  mc_event_free(&response->event);

  request.headers = &secret;
  request.header_count = 1;
  start(&f, &request);
  seen = next_request(&f);
  tap_ok(head_has(&seen->head, "Bearer s3cret"), "a token goes to the host it is meant for");
  mc_server_reply(f.server, seen->event.id, 302, &to, 1, "m", 1, NULL);
  mc_event_free(&seen->event);
  seen = next_request(&f);
  tap_ok(head_has(&seen->head, "Bearer s3cret"), "also after a redirect to the same host");
  answer(&f, seen->event.id, 200, "");
  mc_event_free(&seen->event);
  mc_event_free(&next_response(&f)->event);

  snprintf(other, sizeof(other), "http://localhost:%d/", mc_server_port(f.server));
  to.value = other;
  start(&f, &request);
  seen = next_request(&f);
  mc_server_reply(f.server, seen->event.id, 302, &to, 1, "m", 1, NULL);
  mc_event_free(&seen->event);
  seen = next_request(&f);
  tap_ok(!head_has(&seen->head, "Bearer"), "but not to another host");
  answer(&f, seen->event.id, 200, "");
  mc_event_free(&seen->event);
  mc_event_free(&next_response(&f)->event);

  to.value = "file:///etc/passwd";
  start(&f, &request);
  seen = next_request(&f);
  mc_server_reply(f.server, seen->event.id, 302, &to, 1, "m", 1, NULL);
  mc_event_free(&seen->event);
  response = next_response(&f);
  tap_is_int(response->err.code, MC_UNAVAILABLE, "a redirect to a file is refused");
  mc_event_free(&response->event);
  tear_down(&f);
}

/* ---- answers that are none ---- */

static void test_broken_answers(void)
{
  static const struct {
    const char *reply;
    enum raw_end end;
    int64_t timeout_ms;
    int code;
    const char *text, *why;
  } rows[] = {
      {NULL, RAW_HOLD, 50, MC_DEADLINE_EXCEEDED, "no answer in time", "a server that is silent"},
      {NULL, RAW_CLOSE, 20000, MC_UNAVAILABLE, "without an answer", "one that hangs up"},
      {NULL, RAW_RESET, 20000, MC_UNAVAILABLE, "broke off", "one that resets"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RAW_CLOSE, 20000, MC_UNAVAILABLE,
       "broke off", "a body cut short"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RAW_RESET, 20000, MC_UNAVAILABLE,
       "broke off", "a reset in the middle of a body"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RAW_HOLD, 50, MC_DEADLINE_EXCEEDED,
       "no answer in time", "a body that stalls"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", RAW_CLOSE, 20000,
       MC_UNAVAILABLE, "", "a broken chunk"},
      {"hello\n", RAW_CLOSE, 20000, MC_UNAVAILABLE, "does not speak http", "no HTTP at all"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", RAW_CLOSE,
       20000, MC_DATA_LOSS, "compression is broken", "gzip that is none"},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789", RAW_CLOSE, 20000, MC_OK, "",
       "a body until the end of the connection is whole"},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789a", RAW_CLOSE, 20000,
       MC_RESOURCE_EXHAUSTED, "over the limit of 10 bytes", "a byte more than allowed"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n0123456789a", RAW_HOLD, 20000,
       MC_RESOURCE_EXHAUSTED, "over the limit of 10 bytes", "a body without end"},
  };
  struct fixture f;
  size_t i;

  set_up(&f);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct raw raw;
    struct mc_request request;
    struct mc_response_event *response;

    raw_start(&raw, rows[i].reply, rows[i].end);
    snprintf(f.url, sizeof(f.url), "http://127.0.0.1:%d/", raw.port);
    request = request_to("GET", f.url);
    request.timeout_ms = rows[i].timeout_ms;
    request.max_body = 10;
    request.decompress = 1;
    start(&f, &request);
    response = next_response(&f);
    tap_is_int(response->err.code, rows[i].code, rows[i].why);
    tap_ok(strstr(response->err.msg, rows[i].text) != NULL, "%s: %s", rows[i].why,
           response->err.msg);
    mc_event_free(&response->event);
    raw_stop(&raw);
  }
  tear_down(&f);
}

static void test_refused(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_response_event *response;
  struct raw raw;

  raw_start(&raw, NULL, RAW_CLOSE);
  raw_stop(&raw); /* now nobody listens there */
  set_up(&f);
  snprintf(f.url, sizeof(f.url), "http://127.0.0.1:%d/", raw.port);
  request = request_to("GET", f.url);
  start(&f, &request);
  response = next_response(&f);
  tap_is_int(response->err.code, MC_UNAVAILABLE, "nobody listens");
  tap_ok(strstr(response->err.msg, "refused") != NULL, "%s", response->err.msg);
  tap_is_int(response->status, 0, "no status");
  mc_event_free(&response->event);
  tear_down(&f);
}

static void test_huge_head(void)
{
  enum { SIZE = 400 * 1024 };
  struct fixture f;
  struct raw raw;
  struct mc_request request;
  struct mc_response_event *response;
  char *reply = malloc(SIZE);
  size_t len = (size_t)snprintf(reply, SIZE, "HTTP/1.1 200 OK\r\n");

  while(len < SIZE - 100)
    len += (size_t)snprintf(reply + len, SIZE - len, "X-Filler: %060d\r\n", 0);
  snprintf(reply + len, SIZE - len, "\r\n");
  raw_start(&raw, reply, RAW_CLOSE);
  set_up(&f);
  snprintf(f.url, sizeof(f.url), "http://127.0.0.1:%d/", raw.port);
  request = request_to("GET", f.url);
  start(&f, &request);
  response = next_response(&f);
  tap_ok(response->err.code != MC_OK, "headers without end are refused: %s", response->err.msg);
  mc_event_free(&response->event);
  raw_stop(&raw);
  tear_down(&f);
  free(reply);
}

/* ---- many, cancelled, closed ---- */

static void test_many_at_once(void)
{
  enum { COUNT = 200 };
  struct fixture f;
  struct mc_request request;
  struct mc_event *event;
  int requests = 0, responses = 0;
  uint64_t held[COUNT];

  set_up(&f);
  request = request_to("POST", url_of(&f, "/"));
  request.body = "x";
  request.body_len = 1;
  for(int i = 0; i < 50; i++)
    start(&f, &request);
  while(requests < 50) { /* none is answered before all are here: none waits for another */
    struct mc_request_event *seen = next_request(&f);

    held[requests++] = seen->event.id;
    mc_event_free(&seen->event);
  }
  tap_is_int((int64_t)mc_server_open_requests(f.server), 50, "fifty at once");
  while(requests)
    answer(&f, held[--requests], 200, "ok"); /* in another order than they came */
  for(int i = 0; i < 50; i++)
    mc_event_free(&next_response(&f)->event);
  for(int i = 0; i < COUNT; i++)
    start(&f, &request);
  while(responses < COUNT) {
    event = next_event(&f);
    if(event->type == &mc_request_event_type)
      answer(&f, event->id, 200, "ok");
    else
      responses += ((struct mc_response_event *)event)->status == 200;
    mc_event_free(event);
  }
  tap_is_int(responses, COUNT, "many more than connections, all answered");
  tear_down(&f);
}

static void test_cancel(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_request_event *seen;
  struct mc_response_event *response;
  uint64_t id, doomed;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  doomed = start(&f, &request);
  tap_is_int(mc_loop_cancel(f.loop, doomed), 1, "cancelled before it began");
  doomed = start(&f, &request);
  seen = next_request(&f);
  tap_is_int(mc_loop_cancel(f.loop, doomed), 1, "cancelled in flight");
  answer(&f, seen->event.id, 200, "to nobody");
  mc_event_free(&seen->event);
  id = start(&f, &request);
  seen = next_request(&f);
  answer(&f, seen->event.id, 200, "");
  mc_event_free(&seen->event);
  response = next_response(&f);
  tap_is_int((int64_t)response->event.id, (int64_t)id, "the next one is answered, that one never");
  mc_event_free(&response->event);
  tear_down(&f);
}

/* Every order in which three handles can go, with a request in flight. */
static void test_closing_orders(void)
{
  static const char *const orders[] = {"lcs", "lsc", "cls", "csl", "slc", "scl"};
  size_t i;

  for(i = 0; i < 6; i++) {
    struct fixture f;
    struct mc_request request;
    struct mc_err err;
    uint64_t id;
    const char *at;

    set_up(&f);
    request = request_to("GET", url_of(&f, "/"));
    start(&f, &request);
    mc_event_free(&next_request(&f)->event);
    start(&f, &request); /* and one that has just begun */
    for(at = orders[i]; *at; at++) {
      if(*at == 'l')
        mc_loop_free(f.loop);
      else if(*at == 'c')
        mc_client_free(f.client);
      else
        mc_server_free(f.server);
      if(*at == 'l' && at == orders[i]) {
        tap_is_int(mc_client_send(f.client, &request, &id, &err), MC_FAILED_PRECONDITION,
                   "a client without its loop refuses");
        tap_is_int(mc_server_reply(f.server, 1, 200, NULL, 0, "", 0, &err), MC_NOT_FOUND,
                   "so does a server");
        mc_server_quiesce(f.server);
      }
    }
    tap_ok(1, "closed in the order %s", orders[i]);
  }
}

/* Each allocation on the way of a request fails once: an error in words, no crash, no leak, and the
   next request works. */
static void test_memory(void)
{
  int64_t n;
  int whole = 0;

  for(n = 0; n < 300 && !whole; n++) {
    struct fixture f;
    struct mc_request request;
    struct mc_header header = {"X-A", "b"};
    struct mc_event *event;
    struct mc_err err;
    uint64_t id;
    int over = 0, failed = 0, turns = 0;

    set_up(&f);
    request = request_to("POST", url_of(&f, "/"));
    request.headers = &header;
    request.header_count = 1;
    request.body = "abc";
    request.body_len = 3;
    request.timeout_ms = 2000;
    mc_alloc_fail_after(n);
    if(mc_client_send(f.client, &request, &id, &err))
      over = failed = 1;
    while(!over && turns++ < 1000) {
      mc_loop_poll(f.loop, 5000, NULL);
      event = mc_loop_take(f.loop);
      if(event && event->type == &mc_request_event_type)
        mc_server_reply(f.server, event->id, 200, NULL, 0, "ok", 2, NULL);
      else if(event) {
        over = 1;
        failed = ((struct mc_response_event *)event)->err.code != MC_OK;
      }
      mc_event_free(event);
    }
    if(!over)
      tap_ok(0, "allocation %d: no event", (int)n);
    whole = !failed;
    mc_alloc_fail_after(-1);
    if(failed) {
      start(&f, &request);
      event = next_event(&f);
      while(event->type == &mc_request_event_type) {
        answer(&f, event->id, 200, "ok");
        mc_event_free(event);
        event = next_event(&f);
      }
      if(((struct mc_response_event *)event)->status != 200)
        tap_ok(0, "after allocation %d failed: %s", (int)n,
               ((struct mc_response_event *)event)->err.msg);
      mc_event_free(event);
    }
    mc_client_free(f.client);
    mc_server_free(f.server);
    mc_loop_free(f.loop);
  }
  tap_ok(whole && n > 8, "each of %d allocations can fail", (int)n);
}

static void test_bad_client_memory(void)
{
  struct mc_client_opts opts = {
      .ca_bundle = "/x", .certificate = "/y", .key = "/z", .no_proxy = "a"};
  struct mc_loop *loop;
  struct mc_client *client;
  struct mc_err err;
  int64_t n;
  int rc = -1;

  mc_loop_new(&loop, &err);
  for(n = 0; n < 20 && rc; n++) {
    client = NULL;
    mc_alloc_fail_after(n);
    rc = mc_client_new(&client, loop, &opts, &err);
    mc_alloc_fail_after(-1);
    if(rc && rc != MC_RESOURCE_EXHAUSTED)
      tap_ok(0, "allocation %d: %s", (int)n, err.msg);
  }
  mc_client_free(client);
  mc_client_free(NULL);
  mc_loop_free(loop);
  tap_ok(!rc && n == 7, "a client's six allocations can fail");
}

int main(void)
{
  unsetenv("http_proxy");
  test_methods();
  test_headers();
  test_bad_urls();
  test_redirects();
  test_redirect_limits();
  test_broken_answers();
  test_refused();
  test_huge_head();
  test_many_at_once();
  test_cancel();
  test_closing_orders();
  test_memory();
  test_bad_client_memory();
  return tap_done();
}
