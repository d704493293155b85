#ifndef MC_NET_SERVER_H
#define MC_NET_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"
#include "net/client.h"

/* HTTP/1.1 server: libmicrohttpd on the loop. A request is collected whole and arrives as a
   "request" event; it is answered by mc_server_reply with the event's id, in any order and at any
   later time. */

struct mc_server;

struct mc_server_opts {
  const char *host; /* an address, as 127.0.0.1 or ::1 (no names) */
  int64_t port; /* 0: any free one */
  int64_t max_body; /* most bytes of a request's body */
  int64_t max_buffered; /* most bytes of bodies held at once, all requests together */
  int64_t max_connections; /* at once; more wait in the kernel's queue */
  int64_t idle_timeout_s; /* a connection that says nothing for so long is closed */
};

/* The body was larger than max_body, or there was no room: `body` is empty and the caller answers
   so. */
enum mc_request_fault { MC_REQUEST_WHOLE, MC_REQUEST_TOO_LARGE, MC_REQUEST_NO_ROOM };

struct mc_request_event {
  struct mc_event event; /* id names the exchange for mc_server_reply */
  struct mc_server *server;
  char method[16];
  char *target; /* as sent: path and query, percent-encoded */
  struct mc_buf head; /* header lines, "Name: value\r\n" */
  struct mc_buf body;
  char peer[64]; /* address of the other end */
  int fault; /* enum mc_request_fault */
};
extern const struct mc_event_type mc_request_event_type;

/* Listen. A port that is taken is MC_UNAVAILABLE with the fix in the message. */
int mc_server_new(struct mc_server **out, struct mc_loop *loop, const struct mc_server_opts *opts,
                  struct mc_err *err);
/* Sends what is answered, as far as the sockets take it at once, and closes all connections;
   requests without an answer get none. */
void mc_server_free(struct mc_server *server);
/* The port that is listened on. */
int mc_server_port(const struct mc_server *server);
/* Take no new connections; requests that are here can still be answered. */
void mc_server_quiesce(struct mc_server *server);
/* Requests that are not completed: being read, waiting for their answer, or being answered. */
size_t mc_server_open_requests(const struct mc_server *server);

/* Answer the request `id`; headers and body are copied. MC_NOT_FOUND when it is gone (answered, or
   the server closed). */
int mc_server_reply(struct mc_server *server, uint64_t id, int64_t status,
                    const struct mc_header *headers, size_t header_count, const void *body,
                    size_t body_len, struct mc_err *err);

/* The same in pieces: start (headers go out), write as often as there is something to say, finish.
   At most max_pending bytes wait for a client that reads slowly: one more write is
   MC_RESOURCE_EXHAUSTED and changes nothing. A client that goes away early (also one that closes
   its sending side) is told of by a "gone" event with the exchange's id; writing is MC_NOT_FOUND
   from then on. Cancelling the operation `id` breaks the connection off. */
int mc_server_start(struct mc_server *server, uint64_t id, int64_t status,
                    const struct mc_header *headers, size_t header_count, int64_t max_pending,
                    struct mc_err *err);
int mc_server_write(struct mc_server *server, uint64_t id, const void *data, size_t len,
                    struct mc_err *err);
int mc_server_finish(struct mc_server *server, uint64_t id, struct mc_err *err);
extern const struct mc_event_type mc_gone_event_type; /* a plain struct mc_event */

#endif
