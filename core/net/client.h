#ifndef MC_NET_CLIENT_H
#define MC_NET_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"

/* HTTP client: libcurl's multi interface on the loop. Requests run at once, share connections
   (HTTP/2 multiplexed over TLS, HTTP/1.1 kept alive elsewhere), and end as "response" events. */

struct mc_client;

struct mc_client_opts {
  int64_t max_connections; /* in all; 0: no limit */
  int64_t max_host_connections; /* to one host; 0: no limit */
  const char *ca_bundle; /* PEM file, NULL: the system's */
  const char *certificate,
      *key; /* PEM files that the client proves itself with, NULL: it does not */
  const char *no_proxy; /* hosts that no proxy serves; NULL: as the environment says */
  int direct; /* no proxy serves any host: spares a look at the environment for each request */
};

struct mc_header {
  const char *name, *value; /* no NUL, CR or LF in them: refused */
};

struct mc_request {
  const char *method; /* "GET", "POST", ... */
  const char *url; /* http or https, all else is refused */
  const struct mc_header *headers;
  size_t header_count;
  const void *body; /* copied */
  size_t body_len;
  int64_t timeout_ms; /* of the whole exchange, 0: none */
  int64_t connect_timeout_ms; /* 0: libcurl's default of 300 s */
  int64_t max_body; /* most bytes of an answer, after decoding */
  int64_t max_redirects; /* 0: a redirect is an answer as any other */
  int decompress; /* offer gzip and the like, decode the answer */
  int http1; /* no HTTP/2, even over TLS */
  int stream; /* the body comes in pieces; max_body is how much of it may wait for its consumer */
};

/* What came of a request. Either err.code is 0 and status is set, or err tells why there is no
   (whole) answer: err.code canonical (DEADLINE_EXCEEDED, UNAVAILABLE, ...), err.sys the CURLcode.
   */
struct mc_response_event {
  struct mc_event event;
  struct mc_err err;
  int64_t status; /* of the last answer when redirects were followed */
  struct mc_buf head; /* header lines of the last answer, "Name: value\r\n" */
  struct mc_buf body;
  int64_t total_us; /* from start to end */
  int64_t redirects; /* followed */
  int64_t http_version; /* 10, 11, 20; 0 if unknown */
};
extern const struct mc_event_type mc_response_event_type;

/* With `stream`: a "head" event (a mc_response_event with status and head) before the first piece,
   "chunk" events, and at last the "response" event as ever, with an empty body. Without any body
   there is the last one only. */
struct mc_chunk_event {
  struct mc_event event;
  struct mc_buf body;
};
extern const struct mc_event_type mc_head_event_type, mc_chunk_event_type;

/* The client stays on the loop until it is freed; freeing the loop first is fine, later use then
   fails. */
int mc_client_new(struct mc_client **out, struct mc_loop *loop, const struct mc_client_opts *opts,
                  struct mc_err *err);
/* Cancels what is running. */
void mc_client_free(struct mc_client *client);
/* Start a request; *id is its operation. A POST or PATCH is sent at most once; what is harmless to
   repeat may be sent again when a kept connection turns out to be dead. What is wrong with the
   request itself fails here, all else arrives as event. */
int mc_client_send(struct mc_client *client, const struct mc_request *request, uint64_t *id,
                   struct mc_err *err);

/* So many bytes of the stream `id` are dealt with: there is room for more. */
void mc_client_consumed(struct mc_client *client, uint64_t id, size_t len);

#endif
