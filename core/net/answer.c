#include <string.h>

#include "base/alloc.h"
#include "net/server_int.h"

#define BLOCK (16 * 1024) /* libmicrohttpd asks for so much of a stream at a time */

/* ---- whole answers ---- */

static int add_headers(struct MHD_Response *response, const struct mc_header *headers, size_t count,
                       struct mc_err *err)
{
  size_t i;

  for(i = 0; i < count; i++) {
    if(MHD_add_response_header(response, headers[i].name, headers[i].value) != MHD_YES)
      return mc_fail(err, MC_INVALID_ARGUMENT, 0, "header '%.100s' cannot be sent",
                     headers[i].name);
  }
  return MC_OK;
}

/* Connections that are kept idle must not shut out new ones, and a quiet server wants to end. */
static int wants_close(const struct mc_server *server)
{
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

  return server->quiet ||
         (info && info->num_connections * INT64_C(10) >= server->max_connections * 9);
}

/* The exchange `id` if it is this server's and waits for its answer. */
static struct exchange *find_waiting(struct mc_server *server, uint64_t id, struct mc_err *err)
{
  struct mc_op *op = server->loop ? mc_loop_find(server->loop, id) : NULL;
  struct exchange *x = (struct exchange *)op; /* op is the first member */

  if(op && op->cancel == mc_server_cancel_wait && x->server == server)
    return x;
  mc_fail(err, MC_NOT_FOUND, 0, "the request is answered already, or gone");
  return NULL;
}

/* Give `response` (taken over, also on failure) its headers and let libmicrohttpd have it. */
static int answer_with(struct exchange *x, struct MHD_Response *response, int64_t status,
                       const struct mc_header *headers, size_t header_count, struct mc_err *err)
{
  struct mc_server *server = x->server;
  int rc = response ? add_headers(response, headers, header_count, err) : mc_fail_nomem(err);

  if(!rc && wants_close(server))
    MHD_add_response_header(response, "Connection", "close");
  if(rc) {
    if(response)
      MHD_destroy_response(response);
    return rc;
  }
  x->response = response;
  x->status = (unsigned)status;
  mc_server_go_on(x);
  return MC_OK;
}

static int check_status(int64_t status, struct mc_err *err)
{
  if(status < 200 || status > 599)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "status %d is not in 200-599", (int)status);
  return MC_OK;
}

int mc_server_reply(struct mc_server *server, uint64_t id, int64_t status,
                    const struct mc_header *headers, size_t header_count, const void *body,
                    size_t body_len, struct mc_err *err)
{
  struct exchange *x = find_waiting(server, id, err);
  int rc = x ? check_status(status, err) : MC_NOT_FOUND;

  if(rc)
    return rc;
  rc = answer_with(
      x, MHD_create_response_from_buffer(body_len, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY),
      status, headers, header_count, err);
  if(!rc)
    mc_loop_end(server->loop, &x->op);
  return rc;
}

/* ---- answers in pieces ---- */

/* Its operation runs from the start to the last byte sent. */
struct stream {
  struct mc_buf pending; /* written, not yet taken by libmicrohttpd */
  size_t taken; /* of pending */
  int finished; /* no more will be written */
  int aborted; /* breaks off */
  int parked; /* libmicrohttpd waits for us */
  uv_poll_t *watch; /* notices a client that goes away */
  struct mc_event *gone; /* made beforehand, so that telling cannot fail */
};

static void release_gone(struct mc_event *event)
{
  mc_free(event);
}

const struct mc_event_type mc_gone_event_type = {"gone", release_gone};

static void wake(struct exchange *x)
{
  x->server->dirty = 1;
  if(!x->stream->parked)
    return;
  x->stream->parked = 0;
  MHD_resume_connection(x->connection);
}

/* libmicrohttpd asks for the next piece. */
static ssize_t on_pull(void *arg, uint64_t pos, char *to, size_t max)
{
  struct exchange *x = arg;
  struct stream *stream = x->stream;
  size_t len = stream->pending.len - stream->taken;

  (void)pos;
  if(stream->aborted)
    return MHD_CONTENT_READER_END_WITH_ERROR;
  if(!len) {
    if(stream->finished)
      return MHD_CONTENT_READER_END_OF_STREAM;
    stream->parked = 1;
    MHD_suspend_connection(x->connection);
    return 0;
  }
  len = len < max ? len : max;
  memcpy(to, stream->pending.data + stream->taken, len);
  stream->taken += len;
  if(stream->taken == stream->pending.len)
    stream->pending.len = stream->taken = 0;
  return (ssize_t)len;
}

void mc_answer_abort(struct exchange *x)
{
  x->stream->aborted = 1;
  wake(x);
}

static void cancel_stream(struct mc_op *op)
{
  struct exchange *x = (struct exchange *)op;

  mc_free(x->stream->gone); /* who cancels knows */
  x->stream->gone = NULL;
  mc_answer_abort(x);
}

static void on_hang_up(uv_poll_t *poll, int status, int events)
{
  struct exchange *x = poll->data;

  (void)status;
  (void)events;
  uv_poll_stop(poll);
  mc_answer_abort(x);
  mc_server_run(x->server);
}

static void free_handle(uv_handle_t *handle)
{
  mc_free(handle);
}

void mc_answer_completed(struct exchange *x)
{
  struct stream *stream = x->stream;
  struct mc_loop *loop = x->server->loop;
  int running = mc_loop_find(loop, x->op.id) == &x->op;

  if(running) {
    mc_loop_end(loop, &x->op);
    if(!stream->finished || stream->pending.len) {
      mc_loop_emit(loop, stream->gone, x->op.id);
      stream->gone = NULL;
    }
  }
  uv_close((uv_handle_t *)stream->watch, free_handle);
  mc_buf_clear(&stream->pending);
  mc_free(stream->gone);
  mc_free(stream);
  x->stream = NULL;
}

static struct stream *new_stream(struct exchange *x, int64_t max_pending)
{
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  struct stream *stream = mc_calloc(1, sizeof(*stream));
  uv_poll_t *watch = mc_calloc(1, sizeof(*watch));
  struct mc_event *gone = mc_calloc(1, sizeof(*gone));

  if(!stream || !watch || !gone || !info ||
     uv_poll_init(mc_loop_uv(x->server->loop), watch, info->connect_fd)) {
    mc_free(stream);
    mc_free(watch);
    mc_free(gone);
    return NULL;
  }
  gone->type = &mc_gone_event_type;
  watch->data = x;
  stream->watch = watch;
  stream->gone = gone;
  mc_buf_init(&stream->pending, (size_t)max_pending);
  return stream;
}

int mc_server_start(struct mc_server *server, uint64_t id, int64_t status,
                    const struct mc_header *headers, size_t header_count, int64_t max_pending,
                    struct mc_err *err)
{
  struct exchange *x = find_waiting(server, id, err);
  int rc = x ? check_status(status, err) : MC_NOT_FOUND;

  if(rc)
    return rc;
  x->stream = new_stream(x, max_pending);
  if(!x->stream)
    return mc_fail_nomem(err);
  rc = answer_with(x, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_pull, x, NULL),
                   status, headers, header_count, err);
  if(rc) {
    uv_close((uv_handle_t *)x->stream->watch, free_handle);
    mc_free(x->stream->gone);
    mc_free(x->stream);
    x->stream = NULL;
    return rc;
  }
  x->op.cancel = cancel_stream;
  uv_poll_start(x->stream->watch, UV_DISCONNECT, on_hang_up);
  return MC_OK;
}

/* The exchange `id` if it is an unfinished stream of this server. */
static struct exchange *find_stream(struct mc_server *server, uint64_t id, struct mc_err *err)
{
  struct mc_op *op = server->loop ? mc_loop_find(server->loop, id) : NULL;
  struct exchange *x = (struct exchange *)op;

  if(op && op->cancel == cancel_stream && x->server == server && !x->stream->finished &&
     !x->stream->aborted)
    return x;
  mc_fail(err, MC_NOT_FOUND, 0, "the stream is finished, or its client is gone");
  return NULL;
}

int mc_server_write(struct mc_server *server, uint64_t id, const void *data, size_t len,
                    struct mc_err *err)
{
  struct exchange *x = find_stream(server, id, err);
  struct stream *stream = x ? x->stream : NULL;

  if(!stream)
    return MC_NOT_FOUND;
  if(stream->taken) {
    stream->pending.len -= stream->taken;
    memmove(stream->pending.data, stream->pending.data + stream->taken, stream->pending.len);
    stream->taken = 0;
  }
  if(mc_buf_add(&stream->pending, data, len, NULL))
    return mc_fail(err, MC_RESOURCE_EXHAUSTED, 0, "the client reads too slowly: %zu bytes wait",
                   stream->pending.len);
  wake(x);
  return MC_OK;
}

int mc_server_finish(struct mc_server *server, uint64_t id, struct mc_err *err)
{
  struct exchange *x = find_stream(server, id, err);

  if(!x)
    return MC_NOT_FOUND;
  x->stream->finished = 1;
  wake(x);
  return MC_OK;
}
