#include "net/server_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/log.h"

#define MAX_HEAD                                                                                   \
  (64 * 1024) /* bytes of a request's header lines; also libmicrohttpd's memory per connection */
#define BACKLOG 1024

static void release_request(struct mc_event *event)
{
  struct mc_request_event *request = (struct mc_request_event *)event;

  mc_free(request->target);
  mc_buf_clear(&request->head);
  mc_buf_clear(&request->body);
  mc_free(request);
}

const struct mc_event_type mc_request_event_type = {"request", release_request};

/* ---- collecting a request ---- */

/* The first call for a request: the raw target is seen here only. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
  struct mc_server *server = arg;
  struct exchange *x = mc_calloc(1, sizeof(*x));
  struct mc_request_event *event = mc_calloc(1, sizeof(*event));

  if(x && event)
    event->target = mc_strdup(target);
  if(!x || !event || !event->target) {
    mc_free(x);
    mc_free(event);
    return NULL;
  }
  event->event.type = &mc_request_event_type;
  event->server = server;
  mc_buf_init(&event->head, 2 * MAX_HEAD); /* "a:b" grows when it is written out */
  mc_buf_init(&event->body, (size_t)server->max_body);
  x->op.repeats = 1; /* its event may still be queued when the loop goes */
  x->server = server;
  x->connection = connection;
  x->event = event;
  x->next = server->open;
  x->link = &server->open;
  if(x->next)
    x->next->link = &x->next;
  server->open = x;
  server->open_count++;
  return x;
}

static enum MHD_Result add_head(void *arg, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
  struct exchange *x = arg;
  struct mc_buf *head = &x->event->head;

  (void)kind;
  if(mc_buf_puts(head, name, NULL) || mc_buf_add(head, ": ", 2, NULL) ||
     mc_buf_puts(head, value ? value : "", NULL) || mc_buf_add(head, "\r\n", 2, NULL))
    x->broken = 1;
  return x->broken ? MHD_NO : MHD_YES;
}

static void note_peer(struct exchange *x)
{
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *address = info ? info->client_addr : NULL;
  char *peer = x->event->peer;

  if(address && address->sa_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, peer,
              sizeof(x->event->peer));
  else if(address && address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, peer,
              sizeof(x->event->peer));
}

/* A body that is too large is read on and thrown away, up to 16 times the limit, so that the client
   hears why. */
static enum MHD_Result collect(struct exchange *x, const char *data, size_t len)
{
  struct mc_server *server = x->server;
  struct mc_request_event *event = x->event;

  if(event->fault == MC_REQUEST_WHOLE && server->buffered + (int64_t)len > server->max_buffered)
    event->fault = MC_REQUEST_NO_ROOM;
  if(event->fault == MC_REQUEST_WHOLE && mc_buf_add(&event->body, data, len, NULL))
    event->fault = MC_REQUEST_TOO_LARGE;
  if(event->fault == MC_REQUEST_WHOLE)
    server->buffered += (int64_t)len;
  else if(event->body.len) {
    server->buffered -= (int64_t)event->body.len;
    mc_buf_clear(&event->body);
    x->held = 0;
  }
  x->held += (int64_t)len;
  return x->held > 16 * server->max_body ? MHD_NO : MHD_YES;
}

void mc_server_go_on(struct exchange *x)
{
  x->state = ANSWERED;
  x->server->dirty = 1;
  if(!x->is_parked)
    return;
  x->is_parked = 0;
  MHD_resume_connection(x->connection);
}

void mc_server_cancel_wait(struct mc_op *op)
{
  mc_server_go_on((struct exchange *)op);
}

/* Most requests are answered before libmicrohttpd runs again. It asks then for the answers of those
   that it has not been told to suspend; the others are suspended first, so that it does not ask, or
   give them up. */
static void park_fresh(struct mc_server *server)
{
  struct exchange *x;

  for(x = server->fresh; x; x = x->next_fresh) {
    if(x->state != WAITING)
      continue;
    x->is_parked = 1;
    MHD_suspend_connection(x->connection);
  }
  server->fresh = NULL;
}

/* Its client has gone while libmicrohttpd ran. */
static void forget_fresh(struct exchange *x)
{
  struct exchange **link = &x->server->fresh;

  while(*link && *link != x)
    link = &(*link)->next_fresh;
  if(*link)
    *link = x->next_fresh;
}

/* The request is whole: hand it over. */
static enum MHD_Result hand_over(struct exchange *x)
{
  struct mc_server *server = x->server;
  struct mc_request_event *event = x->event;

  if(mc_loop_begin(server->loop, &x->op, mc_server_cancel_wait, NULL))
    return MHD_NO;
  if(event->fault != MC_REQUEST_WHOLE)
    x->held = 0;
  x->state = WAITING;
  x->event = NULL;
  x->next_fresh = server->fresh;
  server->fresh = x;
  mc_loop_emit(server->loop, &event->event, x->op.id);
  return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *len, void **req)
{
  struct mc_server *server = arg;
  struct exchange *x = *req;

  (void)url;
  (void)version;
  if(!x || (server->stopping && x->state != ANSWERED))
    return MHD_NO; /* no memory when it began, or nobody to hand it to */
  if(x->state == ANSWERED) {
    if(!x->response)
      return MHD_NO;
    return MHD_queue_response(connection, x->status, x->response);
  }
  if(x->state == WAITING)
    return MHD_YES;
  if(!x->event->method[0]) { /* headers are here, the body is not */
    if(strlen(method) >= sizeof(x->event->method))
      return MHD_NO;
    memcpy(x->event->method, method, strlen(method) + 1);
    note_peer(x);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_head, x);
    return x->broken ? MHD_NO : MHD_YES;
  }
  if(*len) {
    size_t size = *len;

    *len = 0;
    return collect(x, data, size);
  }
  return hand_over(x);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **req,
                         enum MHD_RequestTerminationCode code)
{
  struct mc_server *server = arg;
  struct exchange *x = *req;

  (void)connection;
  (void)code;
  if(!x)
    return;
  *req = NULL;
  if(x->state == WAITING && server->loop)
    mc_loop_end(server->loop, &x->op);
  if(x->state == WAITING && !x->is_parked)
    forget_fresh(x);
  if(x->stream)
    mc_answer_completed(x);
  if(x->event) {
    server->buffered -= (int64_t)x->event->body.len;
    release_request(&x->event->event);
  } else
    server->buffered -= x->held;
  if(x->response)
    MHD_destroy_response(x->response);
  *x->link = x->next;
  if(x->next)
    x->next->link = x->link;
  server->open_count--;
  mc_free(x);
}

/* ---- libmicrohttpd on the loop ---- */

static void on_time(uv_timer_t *timer);

/* Let libmicrohttpd work, then wake it when its next timeout is due. */
static void run(struct mc_server *server)
{
  MHD_UNSIGNED_LONG_LONG timeout_ms;

  server->dirty = 0;
  park_fresh(server);
  MHD_run(server->daemon);
  if(server->fresh)
    server->dirty = 1; /* it runs when they are answered, or parks them */
  if(server->fresh || MHD_get_timeout(server->daemon, &timeout_ms) != MHD_YES)
    uv_timer_stop(server->timer);
  else
    uv_timer_start(server->timer, on_time, timeout_ms, 0);
}

/* While there are requests that nobody has seen yet it can wait: they end the loop's turn. */
void mc_server_run(struct mc_server *server)
{
  if(server->fresh)
    server->dirty = 1;
  else
    run(server);
}

static void on_time(uv_timer_t *timer)
{
  mc_server_run(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
  (void)status;
  (void)events;
  mc_server_run(poll->data);
}

static struct mc_server *server_of(struct mc_resident *resident)
{
  return (struct mc_server *)((char *)resident - offsetof(struct mc_server, resident));
}

static void flush(struct mc_resident *resident)
{
  struct mc_server *server = server_of(resident);

  if(server->dirty)
    run(server);
}

static void on_log(void *arg, const char *fmt, va_list args)
{
  char line[512];
  size_t len;

  (void)arg;
  vsnprintf(line, sizeof(line), fmt, args);
  len = strcspn(line, "\n");
  line[len] = '\0';
  mc_log(MC_LOG_DEBUG, "http server: %s", line);
}

/* The path stays as it was sent: the router decodes it, segment by segment. */
static size_t keep_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
  (void)arg;
  (void)connection;
  return strlen(text);
}

/* ---- life ---- */

static int fail_listen(const struct mc_server_opts *opts, int sys, struct mc_err *err)
{
  if(sys == EADDRINUSE)
    return mc_fail(err, MC_UNAVAILABLE, sys, "port %d on %s is in use: choose another port, or 0",
                   (int)opts->port, opts->host);
  if(sys == EACCES)
    return mc_fail(err, MC_PERMISSION_DENIED, sys,
                   "port %d on %s is not allowed: choose one above 1023", (int)opts->port,
                   opts->host);
  if(sys == EADDRNOTAVAIL)
    return mc_fail(err, MC_INVALID_ARGUMENT, sys, "host '%s' is not an address of this machine",
                   opts->host);
  return mc_fail(err, MC_UNAVAILABLE, sys, "cannot listen on %s port %d: %s", opts->host,
                 (int)opts->port, strerror(sys));
}

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static int parse_address(const struct mc_server_opts *opts, union address *out, socklen_t *len,
                         struct mc_err *err)
{
  memset(out, 0, sizeof(*out));
  if(inet_pton(AF_INET, opts->host, &out->v4.sin_addr) == 1) {
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)opts->port);
    *len = sizeof(out->v4);
    return MC_OK;
  }
  if(inet_pton(AF_INET6, opts->host, &out->v6.sin6_addr) == 1) {
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons((uint16_t)opts->port);
    *len = sizeof(out->v6);
    return MC_OK;
  }
  return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                 "host '%s' is not an address: write one like 127.0.0.1 or ::1", opts->host);
}

static int open_listener(const struct mc_server_opts *opts, int *fd, int *port, struct mc_err *err)
{
  union address address;
  socklen_t len;
  int on = 1, sys;
  int rc = parse_address(opts, &address, &len, err);

  if(rc)
    return rc;
  *fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if(*fd < 0)
    return fail_listen(opts, errno, err);
  setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if(bind(*fd, &address.any, len) || listen(*fd, BACKLOG) || getsockname(*fd, &address.any, &len)) {
    sys = errno;
    close(*fd);
    return fail_listen(opts, sys, err);
  }
  *port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
  return MC_OK;
}

static struct MHD_Daemon *start_daemon(struct mc_server *server, const struct mc_server_opts *opts,
                                       int fd)
{
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
                          NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                          MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_target,
                          server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                          MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
                          MHD_OPTION_CONNECTION_LIMIT, (unsigned)opts->max_connections,
                          MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)opts->idle_timeout_s,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MAX_HEAD, MHD_OPTION_END);
}

static void free_handle(uv_handle_t *handle)
{
  mc_free(handle);
}

static void shut(struct mc_resident *resident)
{
  struct mc_server *server = server_of(resident);
  struct exchange *x;

  server->stopping = 1;
  for(x = server->open; x; x = x->next) {
    if(x->state == WAITING || x->stream)
      mc_loop_cancel(server->loop, x->op.id);
  }
  park_fresh(server);
  MHD_run(server->daemon); /* answers go out, what got none closes */
  uv_poll_stop(server->poll);
  uv_timer_stop(server->timer);
  MHD_stop_daemon(server->daemon);
  uv_close((uv_handle_t *)server->poll, free_handle);
  uv_close((uv_handle_t *)server->timer, free_handle);
  server->daemon = NULL;
  server->loop = NULL;
}

static int put_on_loop(struct mc_server *server, struct mc_err *err)
{
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  uv_loop_t *uv = mc_loop_uv(server->loop);

  if(!info || uv_poll_init(uv, server->poll, info->epoll_fd))
    return mc_fail(err, MC_INTERNAL, 0, "the http server does not fit the event loop");
  uv_timer_init(uv, server->timer);
  server->poll->data = server;
  server->timer->data = server;
  uv_poll_start(server->poll, UV_READABLE, on_ready);
  server->resident.shut = shut;
  server->resident.flush = flush;
  mc_loop_attach(server->loop, &server->resident);
  return MC_OK;
}

int mc_server_new(struct mc_server **out, struct mc_loop *loop, const struct mc_server_opts *opts,
                  struct mc_err *err)
{
  struct mc_server *server = mc_calloc(1, sizeof(*server));
  int fd = -1;
  int rc = server ? MC_OK : mc_fail_nomem(err);

  if(!rc) {
    server->poll = mc_calloc(1, sizeof(*server->poll));
    server->timer = mc_calloc(1, sizeof(*server->timer));
    server->loop = loop;
    server->max_body = opts->max_body;
    server->max_buffered = opts->max_buffered;
    server->max_connections = opts->max_connections;
    rc = server->poll && server->timer ? open_listener(opts, &fd, &server->port, err)
                                       : mc_fail_nomem(err);
  }
  if(!rc) {
    server->daemon = start_daemon(server, opts, fd);
    if(!server->daemon) {
      close(fd);
      rc = mc_fail(err, MC_INTERNAL, 0, "libmicrohttpd does not start");
    }
  }
  if(!rc)
    rc = put_on_loop(server, err);
  if(rc) {
    if(server) {
      if(server->daemon)
        MHD_stop_daemon(server->daemon);
      mc_free(server->poll);
      mc_free(server->timer);
    }
    mc_free(server);
    return rc;
  }
  *out = server;
  return MC_OK;
}

void mc_server_free(struct mc_server *server)
{
  if(!server)
    return;
  if(server->loop) {
    mc_loop_detach(&server->resident);
    shut(&server->resident);
  }
  mc_free(server);
}

int mc_server_port(const struct mc_server *server)
{
  return server->port;
}

void mc_server_quiesce(struct mc_server *server)
{
  int listener;

  if(!server->loop || server->quiet)
    return;
  server->quiet = 1;
  listener = MHD_quiesce_daemon(server->daemon);
  if(listener >= 0)
    close(listener); /* else the kernel would go on taking connections for nobody */
}

size_t mc_server_open_requests(const struct mc_server *server)
{
  return server->open_count;
}
