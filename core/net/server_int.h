#ifndef MC_NET_SERVER_INT_H
#define MC_NET_SERVER_INT_H

/* What server.c (connections, requests) and answer.c (answers) share; nobody else includes it. */

#include <microhttpd.h>
#include <uv.h>

#include "net/server.h"

struct mc_server {
  struct mc_resident resident;
  struct mc_loop *loop; /* NULL once the loop is gone */
  struct MHD_Daemon *daemon;
  uv_poll_t *poll;
  uv_timer_t *timer;
  int quiet; /* takes no new connections */
  int port;
  int dirty; /* something was resumed: libmicrohttpd must run */
  int stopping; /* takes no more requests */
  int64_t max_body, max_buffered, max_connections, buffered;
  struct exchange *open; /* all requests that are not completed */
  size_t open_count;
  struct exchange *fresh; /* handed over since libmicrohttpd ran last */
};

enum exchange_state { COLLECTING, WAITING, ANSWERED };

struct stream;

/* One request, from its first line to its last byte sent. libmicrohttpd owns its life (on_target to
   on_completed); while it waits for the answer it is an operation of the loop as well. */
struct exchange {
  struct mc_op op;
  struct exchange *next, **link; /* in server->open */
  struct mc_server *server;
  struct MHD_Connection *connection;
  enum exchange_state state;
  struct exchange *next_fresh; /* in server->fresh */
  int is_parked; /* its connection is suspended until the answer */
  struct mc_request_event *event; /* while collecting */
  struct MHD_Response *response;
  unsigned status;
  int broken; /* its head could not be kept whole */
  int64_t held; /* bytes of body counted in server->buffered */
  struct stream *stream; /* an answer in pieces, NULL for a whole one */
};

/* The operation of a request that waits for its answer; what is waiting when it is cancelled is
   answered by a closed connection. */
void mc_server_cancel_wait(struct mc_op *op);

/* The exchange has its answer, or is to end without one: have libmicrohttpd go on with it. */
void mc_server_go_on(struct exchange *x);

/* Let libmicrohttpd work now: from callbacks of the loop. Elsewhere `dirty` makes the next wait do
   so. */
void mc_server_run(struct mc_server *server);

/* answer.c: a running stream breaks off (its operation is cancelled, or its client is gone). */
void mc_answer_abort(struct exchange *x);
/* answer.c: the exchange is over; tells of a client that went away early. Frees the stream. */
void mc_answer_completed(struct exchange *x);

#endif
