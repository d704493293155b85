/* Units of core/net/client: what a connection and a handle keep from one request to the next. */

#include <fcntl.h>
#include <signal.h>

#include "net_fixture.h"

static int open_files(void)
{
  int fd, count = 0;

  for(fd = 0; fd < 1024; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

/* One request and its answer over the fixture's server; the request as it arrived. */
static struct mc_request_event *exchange(struct fixture *f, const struct mc_request *request,
                                         struct mc_response_event **response)
{
  struct mc_request_event *seen;

  start(f, request);
  seen = next_request(f);
  answer(f, seen->event.id, 200, "ok");
  *response = next_response(f);
  return seen;
}

static void round_trip(struct fixture *f, const char *method, const char *why)
{
  struct mc_request request = request_to(method, url_of(f, "/"));
  struct mc_response_event *response;

  mc_event_free(&exchange(f, &request, &response)->event);
  tap_is_int(response->status, 200, why);
  mc_event_free(&response->event);
}

static void test_nothing_to_wait_for(void)
{
  static const struct mc_client_opts opts = {0};
  struct fixture f = {0};
  struct mc_request request;
  struct raw raw;

  raw_start(&raw, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RAW_HOLD);
  if(mc_loop_new(&f.loop, NULL) || mc_client_new(&f.client, f.loop, &opts, NULL))
    exit(1);
  snprintf(f.url, sizeof(f.url), "http://127.0.0.1:%d/", raw.port);
  request = request_to("GET", f.url);
  start(&f, &request);
  mc_event_free(&next_response(&f)->event);
  mc_loop_poll(f.loop, -1, NULL); /* would never return */
  tap_ok(!mc_loop_peek(f.loop), "a kept connection is nothing to wait for");
  mc_client_free(f.client);
  mc_loop_free(f.loop);
  raw_stop(&raw);
}

/* The server goes, its connections with it, and another one comes to its port: each file descriptor
   of the client is closed and opened again. */
static void test_peer_goes(void)
{
  struct mc_server_opts opts = default_server;
  struct fixture f;
  struct mc_err err;
  int files, turn;

  set_up(&f);
  opts.port = mc_server_port(f.server);
  round_trip(&f, "GET", "the first server");
  files = open_files();
  for(turn = 0; turn < 3; turn++) {
    mc_server_free(f.server);
    f.server = NULL;
    if(mc_server_new(&f.server, f.loop, &opts, &err)) {
      tap_ok(0, "%s", err.msg);
      exit(1);
    }
    mc_loop_poll(f.loop, 0, NULL); /* the end of the connection is seen, or not yet */
    round_trip(&f, turn % 2 ? "GET" : "POST", "the next server on its port");
    tap_is_int(open_files(), files, "and no file more");
  }
  tear_down(&f);
}

/* A burst of `count` requests, three times: each leaves `kept` connections. */
static void burst(int count, int kept)
{
  struct mc_server_opts opts = default_server;
  static const struct mc_client_opts client = {0};
  uint64_t *held = calloc((size_t)count, sizeof(*held));
  struct mc_request request;
  struct mc_event *event;
  struct fixture f;
  int before, turn, i;

  opts.max_connections = 1000;
  set_up_with(&f, &opts, &client);
  round_trip(&f, "POST", "libcurl has begun, with a first connection");
  before = open_files() - 2;
  request = request_to("POST", url_of(&f, "/"));
  for(turn = 0; turn < 3; turn++) {
    for(i = 0; i < count; i++)
      start(&f, &request);
    for(i = 0; i < count; i++) {
      event = &next_request(&f)->event;
      held[i] = event->id;
      mc_event_free(event);
    }
    for(i = 0; i < count; i++)
      answer(&f, held[i], 200, "ok");
    for(i = 0; i < count; i++)
      mc_event_free(&next_response(&f)->event);
    for(i = 0; i < 10; i++)
      mc_loop_poll(f.loop, 0, NULL); /* the server sees which are closed */
    tap_is_int(open_files() - before, 2 * kept, "connections after a burst");
  }
  tear_down(&f);
  free(held);
}

static void test_connections_stay(void)
{
  burst(1, 1);
  burst(30, 30);
  burst(300, 256);
}

/* Requests of every kind one after the other on one client arrive as from a client of their own. */
static void test_kinds(void)
{
  static const struct mc_header one[] = {{"X-One", "1"}},
                                two[] = {{"X-Two", ""}, {"Accept", "a/b"}};
  static const struct {
    const char *method, *body;
    const struct mc_header *headers;
    size_t header_count;
    int decompress, max_redirects;
  } rows[] = {
      {"POST", "abc", one, 1, 0, 0},  {"POST", "de", two, 2, 0, 0},
      {"POST", "", NULL, 0, 0, 0},    {"GET", NULL, NULL, 0, 0, 0},
      {"GET", NULL, two, 2, 1, 0},    {"GET", "b", one, 1, 0, 0},
      {"HEAD", NULL, NULL, 0, 0, 0},  {"PUT", "abc", NULL, 0, 0, 5},
      {"PATCH", "", NULL, 0, 1, 5},   {"PATCH", "x", two, 2, 1, 5},
      {"DELETE", NULL, one, 1, 0, 0}, {"DELETE", "y", one, 1, 0, 0},
      {"POST", "abc", one, 1, 0, 0},  {"AMETHODOFALOTOF", "", 0, 0, 0, 0},
      {"GET", NULL, NULL, 0, 0, 0},
  };
  struct fixture f, fresh;
  size_t i;

  set_up(&f);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_response_event *response, *fresh_response;
    struct mc_request_event *seen, *fresh_seen;
    struct mc_request request = request_to(rows[i].method, "");
    char *port;

    request.body = rows[i].body;
    request.body_len = rows[i].body ? strlen(rows[i].body) : 0;
    request.headers = rows[i].headers;
    request.header_count = rows[i].header_count;
    request.decompress = rows[i].decompress;
    request.max_redirects = rows[i].max_redirects;
    set_up(&fresh);
    request.url = url_of(&f, "/");
    seen = exchange(&f, &request, &response);
    request.url = url_of(&fresh, "/");
    fresh_seen = exchange(&fresh, &request, &fresh_response);
    port = strstr(seen->head.data, "Host: 127.0.0.1:");
    memcpy(port, strstr(fresh_seen->head.data, "Host: 127.0.0.1:"), strcspn(port, "\r"));
    tap_is_str(seen->method, fresh_seen->method, rows[i].method);
    tap_is_str(seen->head.data, fresh_seen->head.data, "its head");
    tap_is_str(seen->body.len ? seen->body.data : "",
               fresh_seen->body.len ? fresh_seen->body.data : "", "its body");
    tap_is_int(response->status, 200, "its answer");
    mc_event_free(&seen->event), mc_event_free(&fresh_seen->event);
    mc_event_free(&response->event), mc_event_free(&fresh_response->event);
    tear_down(&fresh);
  }
  tear_down(&f);
}

/* The url of a request is its own, however alike it is to the last one. */
static void test_urls(void)
{
  static const struct {
    const char *path, *target, *why;
  } rows[] = {
      {"/a?b=c", "/a?b=c", "a query"}, {"/a?b=c", "/a?b=c", "the same once more"},
      {"/a", "/a", "without it"},      {"", "/", "no path"},
      {"/x/../y", "/y", "dots"},       {"/%2Fa%20%c3", "/%2Fa%20%c3", "escapes"},
      {"/a#b", "/a", "a fragment"},    {"?q", "/?q", "a query alone"},
  };
  struct fixture f;
  size_t i;

  set_up(&f);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_request request = request_to("GET", url_of(&f, rows[i].path));
    struct mc_response_event *response;
    struct mc_request_event *seen = exchange(&f, &request, &response);

    tap_is_str(seen->target, rows[i].target, rows[i].why);
    mc_event_free(&seen->event);
    mc_event_free(&response->event);
  }
  tear_down(&f);
}

static void test_redirected_again(void)
{
  static const struct mc_header location = {"Location", "/other"};
  static const char *const methods[] = {"POST", "PUT", "GET"};
  static const int statuses[] = {301, 302, 303, 307};
  struct fixture f;
  size_t i;

  set_up(&f);
  for(i = 0; i < 24; i++) {
    const char *method = methods[i % 3];
    struct mc_request request = request_to(method, url_of(&f, "/first"));
    struct mc_request_event *seen;

    request.max_redirects = 3;
    start(&f, &request);
    seen = next_request(&f);
    tap_is_str(seen->method, method, "the method is its own again");
    tap_is_str(seen->target, "/first", "and the url");
    mc_server_reply(f.server, seen->event.id, statuses[i / 6], &location, 1, "", 0, NULL);
    mc_event_free(&seen->event);
    seen = next_request(&f);
    tap_is_str(seen->target, "/other", "then it is redirected");
    answer(&f, seen->event.id, 200, "");
    mc_event_free(&seen->event);
    mc_event_free(&next_response(&f)->event);
  }
  tear_down(&f);
}

/* What the last request of a handle came to is not told of the next one. */
static void test_nothing_stays(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_response_event *response;
  struct raw raw;

  raw_start(&raw, NULL, RAW_CLOSE);
  raw_stop(&raw); /* now nobody listens there */
  set_up(&f);
  round_trip(&f, "GET", "one that is answered");
  snprintf(f.url, sizeof(f.url), "http://127.0.0.1:%d/", raw.port);
  request = request_to("GET", f.url);
  start(&f, &request);
  response = next_response(&f);
  tap_is_int(response->err.code, MC_UNAVAILABLE, "one that nobody answers");
  tap_is_int(response->status, 0, "has no status");
  tap_is_int(response->http_version, 0, "and no version");
  tap_is_int((int64_t)(response->head.len + response->body.len), 0, "and no answer");
  mc_event_free(&response->event);
  round_trip(&f, "GET", "one that is answered again");
  tear_down(&f);
}

int main(void)
{
  static void (*const handlers[])(int) = {SIG_DFL, SIG_IGN};
  size_t i;

  unsetenv("http_proxy");
  for(i = 0; i < 2; i++) {
    signal(SIGPIPE, handlers[i]);
    test_nothing_to_wait_for();
    test_peer_goes();
    test_connections_stay();
    test_kinds();
    test_urls();
    test_redirected_again();
    test_nothing_stays();
  }
  return tap_done();
}
