#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/client_int.h"

/* libcurl's sockets and its timer on the loop. libcurl lets go of a connection at the end of each
   request and asks for it anew at the next one's beginning: between them the socket stays watched,
   so that a kept connection costs epoll nothing. Only for sockets that we open and close
   (open_socket, close_socket): of those of libcurl itself nobody tells when they are closed. */
struct mc_watch {
  uv_poll_t poll;
  curl_socket_t socket;
  struct mc_client *client;
  int ours; /* opened here */
  int ready; /* `poll` is on the loop */
  int events; /* that the loop watches */
  int used; /* by libcurl, just now */
};

static struct mc_watch **slot_of(const struct mc_client *client, curl_socket_t socket)
{
  return (size_t)socket < client->watch_count ? &client->watches[socket] : NULL;
}

static struct mc_watch *find_watch(const struct mc_client *client, curl_socket_t socket)
{
  struct mc_watch **slot = slot_of(client, socket);

  return slot ? *slot : NULL;
}

static int make_room(struct mc_client *client, curl_socket_t socket)
{
  size_t count = client->watch_count ? client->watch_count : 32;
  struct mc_watch **fresh;

  while(count <= (size_t)socket)
    count *= 2;
  if(count == client->watch_count)
    return 1;
  fresh = mc_realloc(client->watches, count * sizeof(struct mc_watch *));
  if(!fresh)
    return 0;
  memset(fresh + client->watch_count, 0, (count - client->watch_count) * sizeof(struct mc_watch *));
  client->watches = fresh;
  client->watch_count = count;
  return 1;
}

static struct mc_watch *new_watch(struct mc_client *client, curl_socket_t socket, int ours)
{
  struct mc_watch *w = make_room(client, socket) ? mc_calloc(1, sizeof(*w)) : NULL;

  if(!w)
    return NULL;
  w->client = client;
  w->socket = socket;
  w->ours = ours;
  *slot_of(client, socket) = w;
  return w;
}

static void free_watch(uv_handle_t *handle)
{
  mc_free(handle->data);
}

static void drop_watch(struct mc_watch *w)
{
  *slot_of(w->client, w->socket) = NULL;
  if(!w->ready) {
    mc_free(w);
    return;
  }
  uv_poll_stop(&w->poll);
  uv_close((uv_handle_t *)&w->poll, free_watch);
}

/* What comes on a connection that nobody uses is mostly its end: libcurl finds it when it wants the
   connection again. */
static void stop_watch(struct mc_watch *w)
{
  uv_poll_stop(&w->poll);
  w->events = 0;
}

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
  struct mc_watch *w = poll->data;
  struct mc_client *client = w->client;
  int flags = 0, running;

  if(!w->used) {
    stop_watch(w);
    return;
  }
  if(status < 0)
    flags = CURL_CSELECT_ERR;
  if(events & UV_READABLE)
    flags |= CURL_CSELECT_IN;
  if(events & UV_WRITABLE)
    flags |= CURL_CSELECT_OUT;
  curl_multi_socket_action(client->multi, w->socket, flags, &running);
  mc_client_drain(client);
}

static int get_ready(struct mc_watch *w)
{
  if(uv_poll_init_socket(mc_loop_uv(w->client->loop), &w->poll, w->socket))
    return 0;
  w->poll.data = w;
  w->ready = 1;
  return 1;
}

static void let_go(struct mc_watch *w)
{
  if(!w->ours) {
    drop_watch(w);
    return;
  }
  w->used = 0;
  uv_unref((uv_handle_t *)&w->poll); /* it is nothing to wait for */
  if(w->events != UV_READABLE)
    stop_watch(w);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *known)
{
  struct mc_client *client = arg;
  struct mc_watch *w = find_watch(client, socket);
  int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

  (void)easy, (void)known;
  if(what == CURL_POLL_REMOVE) {
    if(w && w->used)
      let_go(w);
    return 0;
  }
  if(!w)
    w = new_watch(client, socket, 0);
  if(!w || (!w->ready && !get_ready(w))) {
    client->stuck = 1;
    return -1;
  }
  w->used = 1;
  uv_ref((uv_handle_t *)&w->poll);
  if(events != w->events)
    uv_poll_start(&w->poll, events, on_socket_ready);
  w->events = events;
  return 0;
}

/* As libcurl's own, but no child process inherits it. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
  struct exchange *x = arg;
  curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

  (void)purpose;
  if(fd == CURL_SOCKET_BAD || new_watch(x->client, fd, 1))
    return fd;
  mc_fail_nomem(&x->event->err);
  close(fd);
  return CURL_SOCKET_BAD;
}

static int close_socket(void *arg, curl_socket_t socket)
{
  struct mc_watch *w = find_watch(arg, socket);

  if(w)
    drop_watch(w);
  return close(socket);
}

static void on_timer(uv_timer_t *timer);

/* libuv counts whole milliseconds of a clock that it reads once a turn, so its timer may ring a
   little before libcurl's time is up; libcurl does nothing then and, as it has told that time
   before, does not tell it again. */
static void rearm(struct mc_client *client)
{
  long timeout_ms = -1;

  if(uv_is_active((uv_handle_t *)client->timer))
    return;
  curl_multi_timeout(client->multi, &timeout_ms);
  if(timeout_ms >= 0)
    uv_timer_start(client->timer, on_timer, timeout_ms ? (uint64_t)timeout_ms : 1, 0);
}

static void on_timer(uv_timer_t *timer)
{
  struct mc_client *client = timer->data;
  int running;

  curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  mc_client_drain(client);
  rearm(client);
}

/* curl must not be called from here: even a timeout of 0 only arms the timer. */
static int on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
  struct mc_client *client = arg;

  (void)multi;
  if(!client->timer)
    return 0;
  if(timeout_ms < 0)
    uv_timer_stop(client->timer);
  else {
    if(timeout_ms > 0)
      uv_update_time(mc_loop_uv(client->loop));
    uv_timer_start(client->timer, on_timer, (uint64_t)timeout_ms, 0);
  }
  return 0;
}

void mc_sockets_begin(struct mc_client *client)
{
  CURLM *multi = client->multi;

  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
}

void mc_sockets_own(struct exchange *x)
{
  curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETDATA, x);
  curl_easy_setopt(x->easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  curl_easy_setopt(x->easy, CURLOPT_CLOSESOCKETDATA, x->client);
}

void mc_sockets_end(struct mc_client *client)
{
  size_t i;

  for(i = 0; i < client->watch_count; i++) {
    if(client->watches[i])
      drop_watch(client->watches[i]);
  }
  mc_free(client->watches);
  client->watches = NULL;
  client->watch_count = 0;
}
