#ifndef MC_NET_CLIENT_INT_H
#define MC_NET_CLIENT_INT_H

/* What client.c (exchanges, answers), request.c (what is sent) and sockets.c (connections on the
   loop) share; nobody else includes it. */

#include <curl/curl.h>
#include <uv.h>

#include "net/client.h"

#define MAX_HEAD (256 * 1024) /* bytes of an answer's header lines */
#define MAX_IDLE_HANDLES 256 /* exchanges kept for the next request */
#define MAX_KEPT_FOR 64 /* requests whose connections stay after a burst of more */
#define MAX_KEPT (16 * 1024) /* bytes of a request's body, or headers, that an idle one holds */

struct mc_watch;

struct mc_client {
  struct mc_resident resident;
  struct mc_loop *loop; /* NULL once the loop is gone */
  CURLM *multi; /* NULL until the first request: starting libcurl takes a while */
  int64_t max_connections, max_host_connections;
  uv_timer_t *timer;
  char *ca_bundle, *certificate, *key, *no_proxy;
  int direct; /* no proxy */
  int ignores_sigpipe; /* the program does */
  struct exchange *running;
  struct exchange *idle[MAX_IDLE_HANDLES];
  size_t idle_count;
  size_t running_count, most_running; /* now, and ever */
  size_t kept_for; /* so many requests' connections are kept */
  int stuck; /* a socket could not be watched: no memory */
  struct mc_watch **watches; /* by socket; NULL: none */
  size_t watch_count;
};

/* What libcurl is told once for many requests: those of one shape differ in nothing but url, body,
   headers and times. */
struct shape {
  char method[24]; /* empty: as no other request */
  int64_t has_body, multiplexes, http1, decompresses, max_redirects;
};

/* One request on its way, or a handle that waits for the next one. */
struct exchange {
  struct mc_op op;
  struct exchange *next, **link; /* in client->running */
  struct mc_response_event *event;
  int spoilt; /* its handle has to be set up anew for the next request */
  int repeatable; /* sending it twice is as good as once (RFC 9110, 9.2.2) */
  long sent; /* times */
  int streams; /* hands its body over in pieces */
  int headed; /* its "head" event is out */
  int paused; /* its consumer lags behind */
  size_t unread; /* bytes handed over and not yet consumed */
  /* From here on it stays for the next request. */
  struct mc_client *client;
  CURL *easy;
  struct shape shape; /* that `easy` is set up for */
  char *url; /* that `easy` has; NULL: none */
  CURLU *parts; /* of it */
  char *lines; /* "Name: value", one behind the other, with their NULs */
  size_t lines_cap;
  struct curl_slist *headers; /* an array of list nodes, pointing into `lines` */
  size_t headers_cap;
  char error[CURL_ERROR_SIZE];
};

/* request.c: check the request and tell it to the exchange's easy handle. */
int mc_exchange_prepare(struct exchange *x, const struct mc_request *request, struct mc_err *err);
/* client.c: forget what the easy handle was told. */
void mc_exchange_reset(struct exchange *x);
/* client.c: tell the easy handle what is the same for all requests. */
void mc_exchange_set_up(struct exchange *x);

/* sockets.c: have the loop tell libcurl's multi handle of its sockets and time. */
void mc_sockets_begin(struct mc_client *client);
/* The sockets of this exchange are opened and closed by us. */
void mc_sockets_own(struct exchange *x);
/* After the multi handle is gone. */
void mc_sockets_end(struct mc_client *client);

/* client.c: hand over what libcurl has completed. */
void mc_client_drain(struct mc_client *client);

#endif
