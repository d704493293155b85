/* Units of core/net/server: what it hands over, what it refuses, clients that misbehave. */

#include <fcntl.h>

#include "net_fixture.h"

/* Send `text` from a socket of its own and drive the loop until the server has closed it or
   `until` bytes are here; the answer, NUL-terminated, in `reply`. Requests that arrive meanwhile
   are answered with 200 and their body. Returns how many. */
static int talk(struct fixture *f, const char *text, size_t len, char *reply, size_t size)
{
  int fd = plain_connect(mc_server_port(f->server)), served = 0, turns = 0;
  size_t got = 0, sent = 0;
  ssize_t n = -1;

  fcntl(fd, F_SETFL, O_NONBLOCK);
  while(n && turns++ < 3000) {
    if(sent < len) {
      n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
      sent += n > 0 ? (size_t)n : 0;
    } else if(sent == len) {
      shutdown(fd, SHUT_WR); /* half closed: we still listen */
      sent++;
    }
    mc_loop_poll(f->loop, 1, NULL);
    struct mc_event *event = mc_loop_take(f->loop);
    if(event) {
      struct mc_request_event *seen = (struct mc_request_event *)event;

      answer(f, event->id, seen->fault ? 413 : 200, seen->body.len ? seen->body.data : "");
      mc_event_free(event);
      served++;
    }
    n = recv(fd, reply + got, size - 1 - got, 0);
    got += n > 0 ? (size_t)n : 0;
  }
  reply[got] = '\0';
  close(fd);
  return served;
}

static void test_raw_requests(void)
{
  static const struct {
    const char *text;
    int served;
    const char *reply, *why;
  } rows[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1, "200 OK", "a request"},
      {"GET / HTTP/1.0\r\n\r\n", 1, "200 OK", "HTTP/1.0"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", 2, "200 OK",
       "two in one piece"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
       "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
       1, "abcde", "chunks"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde", 1, "abcde", "a body"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", 0, "", "a body cut short"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 0, "400",
       "a length that is none"},
      {"GET / HTTP/1.1\r\nHost", 0, "", "a head cut short"},
      {"", 0, "", "nothing at all"},
      {"\r\n\r\n\r\n", 0, "", "empty lines"},
      {"hello\r\n\r\n", 0, "", "no HTTP"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "", "a method without end"},
  };
  static const struct mc_client_opts client = {0};
  static char reply[1 << 16];
  struct mc_server_opts opts = default_server;
  struct fixture f;
  size_t i;

  opts.idle_timeout_s = 1; /* libmicrohttpd may miss an end that comes together with the data */
  set_up_with(&f, &opts, &client);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    tap_is_int(talk(&f, rows[i].text, strlen(rows[i].text), reply, sizeof(reply)), rows[i].served,
               rows[i].why);
    tap_ok(strstr(reply, rows[i].reply) != NULL, "%s: is answered so", rows[i].why);
    tap_is_int((int64_t)mc_server_open_requests(f.server), 0, "nothing of it is left");
  }
  tear_down(&f);
}

static void test_too_large(void)
{
  static const struct {
    size_t len;
    int fault;
    const char *why;
  } rows[] = {
      {1000, MC_REQUEST_WHOLE, "exactly the limit"},
      {1001, MC_REQUEST_TOO_LARGE, "one byte over it"},
      {15000, MC_REQUEST_TOO_LARGE, "far over it"},
  };
  struct mc_server_opts opts = default_server;
  static const struct mc_client_opts client = {0};
  struct fixture f;
  struct mc_request request;
  struct mc_response_event *response;
  char *body = calloc(1, 1 << 20);
  size_t i;

  opts.max_body = 1000;
  set_up_with(&f, &opts, &client);
  request = request_to("POST", url_of(&f, "/"));
  request.body = body;
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mc_request_event *seen;

    request.body_len = rows[i].len;
    start(&f, &request);
    seen = next_request(&f);
    tap_is_int(seen->fault, rows[i].fault, rows[i].why);
    tap_is_int((int64_t)seen->body.len, rows[i].fault ? 0 : (int64_t)rows[i].len,
               "the body is whole or empty");
    answer(&f, seen->event.id, 200, "");
    mc_event_free(&seen->event);
    mc_event_free(&next_response(&f)->event);
  }
  request.body_len = 1 << 20;
  start(&f, &request);
  response = next_response(&f);
  tap_ok(response->err.code != MC_OK, "a body without end is cut off");
  mc_event_free(&response->event);
  tear_down(&f);
  free(body);
}

static void test_no_room(void)
{
  struct mc_server_opts opts = default_server;
  static const struct mc_client_opts client = {0};
  struct fixture f;
  struct mc_request request;
  struct mc_request_event *first, *second, *third;
  static char body[600];

  opts.max_buffered = 1000;
  set_up_with(&f, &opts, &client);
  request = request_to("POST", url_of(&f, "/"));
  request.body = body;
  request.body_len = sizeof(body);
  start(&f, &request);
  first = next_request(&f);
  start(&f, &request);
  second = next_request(&f);
  tap_is_int(first->fault, MC_REQUEST_WHOLE, "the first body is held");
  tap_is_int(second->fault, MC_REQUEST_NO_ROOM, "the second has no room");
  answer(&f, first->event.id, 200, "");
  answer(&f, second->event.id, 503, "");
  mc_event_free(&next_response(&f)->event);
  mc_event_free(&next_response(&f)->event);
  start(&f, &request);
  third = next_request(&f);
  tap_is_int(third->fault, MC_REQUEST_WHOLE, "once answered there is room again");
  answer(&f, third->event.id, 200, "");
  mc_event_free(&next_response(&f)->event);
  mc_event_free(&first->event);
  mc_event_free(&second->event);
  mc_event_free(&third->event);
  tear_down(&f);
}

static void test_bad_replies(void)
{
  static const struct mc_header split = {"X", "a\r\nb"}, unnamed = {"", "a"};
  struct fixture f, other;
  struct mc_request request;
  struct mc_request_event *seen;
  struct mc_err err;
  struct mc_response_event *response;
  uint64_t id, timer;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  start(&f, &request);
  seen = next_request(&f);
  id = seen->event.id;
  mc_event_free(&seen->event);
  tap_is_int(mc_server_reply(f.server, id, 199, NULL, 0, "", 0, &err), MC_INVALID_ARGUMENT,
             "status 199");
  tap_is_int(mc_server_reply(f.server, id, 600, NULL, 0, "", 0, &err), MC_INVALID_ARGUMENT,
             "status 600");
  tap_is_int(mc_server_reply(f.server, id, 200, &split, 1, "", 0, &err), MC_INVALID_ARGUMENT,
             "a line break in a header");
  tap_is_int(mc_server_reply(f.server, id, 200, &unnamed, 1, "", 0, &err), MC_INVALID_ARGUMENT,
             "a header without a name");
  mc_loop_timer(f.loop, 60000, &timer, &err);
  tap_is_int(mc_server_reply(f.server, timer, 200, NULL, 0, "", 0, &err), MC_NOT_FOUND,
             "a timer is no request");
  mc_loop_cancel(f.loop, timer);
  other = f;
  if(mc_server_new(&other.server, f.loop, &default_server, &err))
    exit(1);
  tap_is_int(mc_server_reply(other.server, id, 200, NULL, 0, "", 0, &err), MC_NOT_FOUND,
             "another server's request is not ours");
  mc_server_free(other.server);
  answer(&f, id, 200, "after all");
  tap_is_int(mc_server_reply(f.server, id, 200, NULL, 0, "", 0, &err), MC_NOT_FOUND,
             "answered twice");
  mc_event_free(&next_response(&f)->event);
  request.method = "POST";
  start(&f, &request);
  seen = next_request(&f);
  tap_is_int(mc_loop_cancel(f.loop, seen->event.id), 1, "a request can be dropped");
  mc_event_free(&seen->event);
  response = next_response(&f);
  tap_is_int(response->err.code, MC_UNAVAILABLE, "its client sees a closed connection");
  tap_ok(strstr(response->err.msg, "may have received") != NULL,
         "and does not send a POST again: %s", response->err.msg);
  mc_event_free(&response->event);
  tear_down(&f);
}

static void test_listening(void)
{
  static const struct {
    const char *host;
    int code;
    const char *text;
  } rows[] = {
      {"localhost", MC_INVALID_ARGUMENT, "is not an address"},
      {"", MC_INVALID_ARGUMENT, "is not an address"},
      {"1.2.3", MC_INVALID_ARGUMENT, "is not an address"},
      {"192.0.2.1", MC_INVALID_ARGUMENT, "is not an address of this machine"},
  };
  struct mc_server_opts opts = default_server;
  struct fixture f;
  struct mc_server *server = NULL;
  struct mc_err err;
  int64_t n;
  int rc = -1;
  size_t i;

  set_up(&f);
  opts.port = mc_server_port(f.server);
  tap_is_int(mc_server_new(&server, f.loop, &opts, &err), MC_UNAVAILABLE, "a port in use");
  tap_ok(strstr(err.msg, "is in use: choose another port, or 0") != NULL, "%s", err.msg);
  opts.port = 0;
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    opts.host = rows[i].host;
    tap_is_int(mc_server_new(&server, f.loop, &opts, &err), rows[i].code, rows[i].host);
    tap_ok(strstr(err.msg, rows[i].text) != NULL, "%s", err.msg);
  }
  opts.host = "127.0.0.1";
  for(n = 0; n < 20 && rc; n++) {
    mc_alloc_fail_after(n);
    rc = mc_server_new(&server, f.loop, &opts, &err);
    mc_alloc_fail_after(-1);
  }
  tap_ok(!rc && n == 4, "a server's three allocations can fail");
  mc_server_free(server);
  mc_server_free(NULL);
  tear_down(&f);
}

static void test_quiesce(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_request_event *seen;
  struct mc_response_event *response;
  int fd;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  start(&f, &request);
  seen = next_request(&f);
  mc_server_quiesce(f.server);
  mc_server_quiesce(f.server);
  fd = plain_connect(mc_server_port(f.server));
  tap_is_int(fd, -1, "a quiet server refuses connections");
  if(fd >= 0)
    close(fd);
  answer(&f, seen->event.id, 200, "last");
  mc_event_free(&seen->event);
  response = next_response(&f);
  tap_is_int(response->status, 200, "what was here is answered");
  tap_ok(head_has(&response->head, "onnection: close"), "and told that this was the last");
  mc_event_free(&response->event);
  tear_down(&f);
}

/* An answer that was given is sent, even when the server goes right away. */
static void test_reply_then_free(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_request_event *seen;
  struct mc_response_event *response;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  start(&f, &request);
  seen = next_request(&f);
  answer(&f, seen->event.id, 200, "goodbye");
  mc_event_free(&seen->event);
  mc_server_free(f.server);
  f.server = NULL;
  response = next_response(&f);
  tap_is_int(response->status, 200, "an answer that was given arrives");
  tap_is_str(response->body.data, "goodbye", "whole");
  mc_event_free(&response->event);
  tear_down(&f);
}

/* A request that becomes whole while the server goes is nobody's, and does no harm. */
static void test_arrives_while_closing(void)
{
  static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  struct fixture f;
  int fd;

  set_up(&f);
  fd = plain_connect(mc_server_port(f.server));
  mc_loop_poll(f.loop, 20, NULL);
  if(send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
    tap_ok(0, "send");
  mc_server_free(f.server);
  f.server = NULL;
  close(fd);
  tap_ok(1, "a server is freed with a request at its door");
  tear_down(&f);
}

/* A client that goes away while its request waits, and one that reads slowly. */
static void test_impolite_clients(void)
{
  enum { SIZE = 8 << 20 };
  static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  char *body = malloc(SIZE + 1), *sink = malloc(SIZE);
  struct fixture f;
  struct mc_request_event *seen;
  int64_t got = 0;
  ssize_t n = 1;
  int fd, turns;

  memset(body, 'x', SIZE);
  body[SIZE] = '\0';
  set_up(&f);
  fd = plain_connect(mc_server_port(f.server));
  if(send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
    tap_ok(0, "send");
  seen = next_request(&f);
  close(fd);
  answer(&f, seen->event.id, 200, body);
  mc_event_free(&seen->event);
  for(turns = 0; turns < 200 && mc_server_open_requests(f.server); turns++)
    mc_loop_poll(f.loop, 5, NULL);
  tap_is_int((int64_t)mc_server_open_requests(f.server), 0, "an answer to nobody is dropped");

  fd = plain_connect(mc_server_port(f.server));
  if(send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
    tap_ok(0, "send");
  seen = next_request(&f);
  answer(&f, seen->event.id, 200, body);
  mc_event_free(&seen->event);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  for(turns = 0; turns < 100000 && got < SIZE; turns++) {
    mc_loop_poll(f.loop, 1, NULL);
    n = recv(fd, sink, 100000, 0);
    got += n > 0 ? n : 0;
    if(!n)
      break;
  }
  tap_ok(got > SIZE, "a slow reader gets all of it");
  close(fd);
  mc_loop_poll(f.loop, 5, NULL);
  tear_down(&f);
  free(body);
  free(sink);
}

/* A request and the end of its connection in one piece, and answers in the same turn, later, and
   never: whatever libmicrohttpd learns while they wait, nothing is lost and nothing is left. */
static void test_answers_in_time(void)
{
  enum { COUNT = 24 };
  static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  static const struct linger at_once = {1, 0};
  struct mc_request_event *seen[COUNT];
  struct fixture f;
  char reply[1024];
  int fds[COUNT], i, whole = 0, turns;

  set_up(&f);
  for(i = 0; i < COUNT; i++) {
    fds[i] = plain_connect(mc_server_port(f.server));
    if(send(fds[i], text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
      tap_ok(0, "send");
    if(i % 6 == 4) { /* broken off before it is read */
      setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      close(fds[i]);
    }
  }
  for(turns = 0; turns < 20; turns++) { /* let it see the breaks, with nothing answered */
    struct mc_event *event;

    mc_loop_poll(f.loop, 0, NULL);
    while((event = mc_loop_take(f.loop))) {
      seen[whole] = (struct mc_request_event *)event;
      if(whole % 3 == 0)
        mc_server_reply(f.server, event->id, 200, NULL, 0, "ok", 2, NULL);
      whole++;
    }
  }
  tap_ok(whole >= COUNT - COUNT / 6, "%d requests are seen", whole);
  for(i = 0; i < whole; i++) {
    if(i % 3 == 1)
      mc_server_reply(f.server, seen[i]->event.id, 200, NULL, 0, "ok", 2, NULL);
    else if(i % 3 == 2)
      mc_loop_cancel(f.loop, seen[i]->event.id);
    mc_event_free(&seen[i]->event);
  }
  for(turns = 0; turns < 200 && mc_server_open_requests(f.server); turns++)
    mc_loop_poll(f.loop, 1, NULL);
  tap_is_int((int64_t)mc_server_open_requests(f.server), 0, "all of them end");
  for(i = 0, whole = 0; i < COUNT; i++) {
    if(i % 6 == 4)
      continue;
    whole += recv(fds[i], reply, sizeof(reply), 0) > 0;
    close(fds[i]);
  }
  tap_ok(whole >= COUNT / 2, "%d answers arrive", whole);
  tear_down(&f);
}

static void test_huge_heads(void)
{
  enum { SIZE = 200 * 1024 };
  static char reply[1 << 16];
  struct fixture f;
  char *text = malloc(SIZE);
  size_t len;

  set_up(&f);
  len = (size_t)snprintf(text, SIZE, "GET / HTTP/1.1\r\nHost: a\r\n");
  while(len < SIZE - 100)
    len += (size_t)snprintf(text + len, SIZE - len, "X%zu: y\r\n", len);
  tap_is_int(talk(&f, text, len, reply, sizeof(reply)), 0, "headers without end reach nobody");
  tap_ok(strstr(reply, "431") != NULL, "and are answered with 431");
  memset(text, 'a', SIZE);
  memcpy(text, "GET /", 5);
  tap_is_int(talk(&f, text, SIZE, reply, sizeof(reply)), 0, "neither does a target without end");
  tap_ok(strstr(reply, "414") != NULL || strstr(reply, "431") != NULL, "414");
  len = (size_t)snprintf(text, SIZE, "GET / HTTP/1.1\r\nHost: a\r\n");
  while(len < 20 * 1024)
    len += (size_t)snprintf(text + len, SIZE - len, "a:b\n");
  len += (size_t)snprintf(text + len, SIZE - len, "\r\n");
  tap_ok(talk(&f, text, len, reply, sizeof(reply)) == 1 || strstr(reply, "431"),
         "terse headers come whole or not at all");
  tear_down(&f);
  free(text);
}

int main(void)
{
  test_raw_requests();
  test_too_large();
  test_no_room();
  test_bad_replies();
  test_listening();
  test_quiesce();
  test_reply_then_free();
  test_arrives_while_closing();
  test_impolite_clients();
  test_answers_in_time();
  test_huge_heads();
  return tap_done();
}
