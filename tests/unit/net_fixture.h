#ifndef TESTS_UNIT_NET_FIXTURE_H
#define TESTS_UNIT_NET_FIXTURE_H

/* A client and a server of ours on one loop, and a raw server: a thread that answers with given
   bytes. All on 127.0.0.1, any free port. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/loop.h"
#include "net/client.h"
#include "net/server.h"
#include "tap.h"

struct fixture {
  struct mc_loop *loop;
  struct mc_client *client;
  struct mc_server *server;
  char url[256]; /* of the last url_of */
};

static const struct mc_server_opts default_server = {.host = "127.0.0.1",
                                                     .max_body = 1 << 20,
                                                     .max_buffered = 4 << 20,
                                                     .max_connections = 100,
                                                     .idle_timeout_s = 60};

__attribute__((unused)) static void set_up_with(struct fixture *f,
                                                const struct mc_server_opts *server,
                                                const struct mc_client_opts *client)
{
  struct mc_err err;

  memset(f, 0, sizeof(*f));
  if(mc_loop_new(&f->loop, &err) || mc_client_new(&f->client, f->loop, client, &err) ||
     mc_server_new(&f->server, f->loop, server, &err)) {
    tap_ok(0, "set up: %s", err.msg);
    exit(1);
  }
}

__attribute__((unused)) static void set_up(struct fixture *f)
{
  static const struct mc_client_opts client = {0};

  set_up_with(f, &default_server, &client);
}

__attribute__((unused)) static void tear_down(struct fixture *f)
{
  mc_client_free(f->client);
  mc_server_free(f->server);
  tap_is_int((int64_t)mc_loop_pending(f->loop), 0, "nothing is left running");
  mc_loop_free(f->loop);
}

__attribute__((unused)) static const char *url_of(struct fixture *f, const char *path)
{
  snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d%s", mc_server_port(f->server), path);
  return f->url;
}

__attribute__((unused)) static struct mc_request request_to(const char *method, const char *url)
{
  struct mc_request request = {
      .method = method, .url = url, .max_body = 1 << 20, .timeout_ms = 20000};

  return request;
}

/* 0 and a failed check when the request does not even start. */
__attribute__((unused)) static uint64_t start(struct fixture *f, const struct mc_request *request)
{
  struct mc_err err = {0};
  uint64_t id = 0;

  if(mc_client_send(f->client, request, &id, &err))
    tap_ok(0, "%s %s: %s", request->method, request->url, err.msg);
  return id;
}

/* The next event, however long it takes. Ends the test program when none can come. */
__attribute__((unused)) static struct mc_event *next_event(struct fixture *f)
{
  if(mc_loop_poll(f->loop, 30000, NULL) || !mc_loop_peek(f->loop)) {
    tap_ok(0, "an event was expected, none came");
    exit(1);
  }
  return mc_loop_take(f->loop);
}

__attribute__((unused)) static struct mc_request_event *next_request(struct fixture *f)
{
  struct mc_event *event = next_event(f);

  if(event->type != &mc_request_event_type) {
    tap_ok(0, "a request was expected, a %s came (%s)", event->type->name,
           event->type == &mc_response_event_type ? ((struct mc_response_event *)event)->err.msg
                                                  : "");
    exit(1);
  }
  return (struct mc_request_event *)event;
}

__attribute__((unused)) static struct mc_response_event *next_response(struct fixture *f)
{
  struct mc_event *event = next_event(f);

  if(event->type != &mc_response_event_type) {
    tap_ok(0, "a response was expected, a %s came", event->type->name);
    exit(1);
  }
  return (struct mc_response_event *)event;
}

__attribute__((unused)) static void answer(struct fixture *f, uint64_t id, int status,
                                           const char *body)
{
  struct mc_err err;

  if(mc_server_reply(f->server, id, status, NULL, 0, body, strlen(body), &err))
    tap_ok(0, "reply: %s", err.msg);
}

__attribute__((unused)) static int head_has(const struct mc_buf *head, const char *line)
{
  return head->len && strstr(head->data, line) != NULL;
}

/* ---- a raw server ---- */

enum raw_end { RAW_CLOSE, RAW_RESET, RAW_HOLD /* until the other end closes */ };

struct raw {
  int fd, port;
  const char *reply;
  enum raw_end end;
  pthread_t thread;
};

static void *raw_main(void *arg)
{
  struct raw *raw = arg;
  struct linger at_once = {1, 0};
  char data[8192];
  size_t len = 0;
  ssize_t n;
  int fd = accept(raw->fd, NULL, NULL);

  if(fd < 0)
    return NULL;
  do {
    n = recv(fd, data + len, sizeof(data) - 1 - len, 0);
    len += n > 0 ? (size_t)n : 0;
    data[len] = '\0';
  } while(n > 0 && !strstr(data, "\r\n\r\n"));
  if(raw->reply)
    send(fd, raw->reply, strlen(raw->reply), MSG_NOSIGNAL);
  if(raw->end == RAW_HOLD) {
    while(recv(fd, data, sizeof(data), 0) > 0)
      ;
  }
  if(raw->end == RAW_RESET)
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(fd);
  return NULL;
}

/* One connection, one answer. */
__attribute__((unused)) static void raw_start(struct raw *raw, const char *reply, enum raw_end end)
{
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t len = sizeof(address);

  raw->reply = reply;
  raw->end = end;
  raw->fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if(bind(raw->fd, (struct sockaddr *)&address, sizeof(address)) || listen(raw->fd, 5) ||
     getsockname(raw->fd, (struct sockaddr *)&address, &len) ||
     pthread_create(&raw->thread, NULL, raw_main, raw))
    exit(1);
  raw->port = ntohs(address.sin_port);
}

__attribute__((unused)) static void raw_stop(struct raw *raw)
{
  shutdown(raw->fd, SHUT_RDWR);
  pthread_join(raw->thread, NULL);
  close(raw->fd);
}

/* A plain connected socket to our server, for clients that misbehave. */
__attribute__((unused)) static int plain_connect(int port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if(connect(fd, (struct sockaddr *)&address, sizeof(address))) {
    close(fd);
    return -1;
  }
  return fd;
}

#endif
