#ifndef MC_NET_CLIENT_INT_H
#define MC_NET_CLIENT_INT_H

/* What client.c (exchanges, sockets, answers) and request.c (what is sent) share; nobody else
   includes it. */

#include <curl/curl.h>
#include <uv.h>

#include "net/client.h"

#define MAX_HEAD (256 * 1024) /* bytes of an answer's header lines */
#define MAX_IDLE_HANDLES 256 /* easy handles kept for the next request */

struct mc_client {
  struct mc_resident resident;
  struct mc_loop *loop; /* NULL once the loop is gone */
  CURLM *multi;
  uv_timer_t *timer;
  char *ca_bundle, *certificate, *key, *no_proxy;
  struct exchange *running;
  CURL *idle[MAX_IDLE_HANDLES];
  size_t idle_count;
  int stuck; /* a socket could not be watched: no memory */
};

/* One request on its way. */
struct exchange {
  struct mc_op op;
  struct mc_client *client;
  struct exchange *next, **link; /* in client->running */
  CURL *easy;
  struct curl_slist *headers;
  struct mc_response_event *event;
  int keeps_method; /* GET and HEAD do, even after 303 */
  int repeatable; /* sending it twice is as good as once (RFC 9110, 9.2.2) */
  long sent; /* times */
  int streams; /* hands its body over in pieces */
  int headed; /* its "head" event is out */
  int paused; /* its consumer lags behind */
  size_t unread; /* bytes handed over and not yet consumed */
  char error[CURL_ERROR_SIZE];
};

/* request.c: check the request and tell it to the exchange's easy handle. */
int mc_exchange_prepare(struct exchange *x, const struct mc_request *request, struct mc_err *err);

#endif
