#include "loop/line.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "loop/edit.h"

#define CHUNK 4096

/* One running read. It has the watch, because libuv frees a handle only later, in its own time. */
struct reading {
  struct mc_op op;
  uv_poll_t poll;
  struct mc_line *line;
  struct mc_line_event *event; /* made beforehand, so that the end can always be told */
  int watched; /* poll is initialised */
  int asked; /* a "complete" event awaits its answer */
};

struct mc_line {
  struct mc_resident resident;
  struct mc_loop *loop; /* NULL once that is freed */
  struct mc_edit *edit; /* NULL: no terminal */
  struct mc_buf rest; /* no terminal: read, but not handed out yet */
  int ended;
  struct reading *reading;
};

/* ---- events ---- */

static void release_line(struct mc_event *event)
{
  struct mc_line_event *line = (struct mc_line_event *)event;

  mc_free(line->text);
  mc_free(line);
}

const struct mc_event_type mc_line_event_type = {"line", release_line};
const struct mc_event_type mc_complete_event_type = {"complete", release_line};

static void free_reading(struct reading *reading)
{
  mc_free(reading->event);
  mc_free(reading);
}

static void on_closed(uv_handle_t *handle)
{
  free_reading(handle->data);
}

static void stop(struct reading *reading)
{
  struct mc_line *line = reading->line;

  line->reading = NULL;
  if(line->edit)
    mc_edit_end(line->edit);
  if(reading->watched)
    uv_close((uv_handle_t *)&reading->poll, on_closed);
  else
    free_reading(reading);
}

static void cancel_reading(struct mc_op *op)
{
  stop((struct reading *)op);
}

/* The read is over. `text` NULL, or no memory to copy it: the end of the input. */
static void finish(struct reading *reading, const char *text, size_t len, int interrupted)
{
  struct mc_loop *loop = reading->line->loop;
  struct mc_line_event *event = reading->event;

  if(text) {
    event->text = mc_strndup(text, len);
    event->len = event->text ? len : 0;
  }
  event->interrupted = interrupted;
  reading->event = NULL;
  mc_loop_end(loop, &reading->op);
  mc_loop_emit(loop, &event->event, reading->op.id);
  stop(reading);
}

/* ---- a terminal ---- */

static void ask(struct reading *reading)
{
  struct mc_line_event *event = mc_calloc(1, sizeof(*event));
  size_t len, cursor;
  const char *text = mc_edit_text(reading->line->edit, &len, &cursor);

  if(event)
    event->text = mc_strndup(text, len);
  if(!event || !event->text) {
    mc_free(event);
    mc_edit_complete(reading->line->edit, "", "");
    return;
  }
  event->event.type = &mc_complete_event_type;
  event->len = len;
  event->cursor = cursor;
  reading->asked = 1;
  uv_poll_stop(&reading->poll);
  mc_loop_emit(reading->line->loop, &event->event, reading->op.id);
}

static void end_line(struct reading *reading, const char *echo)
{
  ssize_t ignored = write(STDOUT_FILENO, echo, strlen(echo));

  (void)ignored; /* a terminal that is gone shows as the end of its input */
  finish(reading, NULL, 0, *echo == '^');
}

static void on_keys(uv_poll_t *poll, int status, int events)
{
  struct reading *reading = poll->data;
  size_t len, cursor;
  const char *text;

  (void)events;
  switch(status < 0 ? MC_EDIT_END : mc_edit_key(reading->line->edit)) {
  case MC_EDIT_MORE:
    return;
  case MC_EDIT_LINE:
    text = mc_edit_text(reading->line->edit, &len, &cursor);
    finish(reading, text, len, 0);
    return;
  case MC_EDIT_CLEARED:
    end_line(reading, "^C\n");
    return;
  case MC_EDIT_COMPLETE:
    ask(reading);
    return;
  case MC_EDIT_END:
    end_line(reading, "\n");
    return;
  }
}

void mc_line_complete(struct mc_line *line, const char *insert, const char *listing)
{
  struct reading *reading = line->reading;

  if(!reading || !reading->asked)
    return;
  reading->asked = 0;
  mc_edit_complete(line->edit, insert, listing);
  uv_poll_start(&reading->poll, UV_READABLE, on_keys);
}

/* ---- no terminal ---- */

/* Hand out the next line that is there already. 0 when there is none and more must be read. */
static int hand_out(struct reading *reading)
{
  struct mc_buf *rest = &reading->line->rest;
  const char *newline = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
  size_t len = newline ? (size_t)(newline - rest->data) : rest->len;
  size_t used = newline ? len + 1 : len;

  if(!newline && !reading->line->ended)
    return 0;
  finish(reading, used ? rest->data : NULL, len, 0);
  rest->len -= used;
  if(used)
    memmove(rest->data, rest->data + used, rest->len);
  return 1;
}

static void read_chunk(struct mc_line *line)
{
  ssize_t got;

  if(mc_buf_reserve(&line->rest, CHUNK, NULL)) {
    line->ended = 1;
    return;
  }
  do
    got = read(STDIN_FILENO, line->rest.data + line->rest.len, CHUNK);
  while(got < 0 && errno == EINTR);
  if(got > 0)
    line->rest.len += (size_t)got;
  else if(!got || errno != EAGAIN)
    line->ended = 1;
}

static void on_input(uv_poll_t *poll, int status, int events)
{
  struct reading *reading = poll->data;

  (void)events;
  if(status < 0)
    reading->line->ended = 1;
  else
    read_chunk(reading->line);
  hand_out(reading);
}

/* ---- reading ---- */

/* libuv makes the descriptor non-blocking; it is shared with whoever started us, who does not
   expect that. */
static int watch_input(struct reading *reading, uv_poll_cb on_readable)
{
  int flags = fcntl(STDIN_FILENO, F_GETFL);
  int rc = uv_poll_init(mc_loop_uv(reading->line->loop), &reading->poll, STDIN_FILENO);

  if(flags >= 0)
    fcntl(STDIN_FILENO, F_SETFL, flags);
  if(rc)
    return rc;
  reading->poll.data = reading;
  reading->watched = 1;
  return uv_poll_start(&reading->poll, UV_READABLE, on_readable);
}

static int start_keys(struct reading *reading, const char *prompt, struct mc_err *err)
{
  int rc = watch_input(reading, on_keys);

  if(rc)
    return mc_fail(err, MC_UNAVAILABLE, -rc, "the terminal cannot be watched: %s", uv_strerror(rc));
  return mc_edit_begin(reading->line->edit, prompt, err);
}

/* epoll takes no regular file; but one never makes a reader wait, so it is read at once. */
static void start_input(struct reading *reading)
{
  struct mc_line *line = reading->line;

  if(hand_out(reading) || !watch_input(reading, on_input))
    return;
  while(!hand_out(reading))
    read_chunk(line);
}

int mc_line_read(struct mc_line *line, const char *prompt, uint64_t *id, struct mc_err *err)
{
  struct reading *reading;
  int rc;

  if(!line->loop)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "the loop is closed");
  if(line->reading)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "a line is being read already");
  reading = mc_calloc(1, sizeof(*reading));
  if(!reading)
    return mc_fail_nomem(err);
  reading->line = line;
  reading->event = mc_calloc(1, sizeof(*reading->event));
  rc = reading->event ? mc_loop_begin(line->loop, &reading->op, cancel_reading, err)
                      : mc_fail_nomem(err);
  if(rc) {
    free_reading(reading);
    return rc;
  }
  reading->event->event.type = &mc_line_event_type;
  reading->op.repeats = 1;
  line->reading = reading;
  *id = reading->op.id;
  if(!line->edit)
    start_input(reading); /* may have ended it already */
  else
    rc = start_keys(reading, prompt, err);
  if(rc)
    mc_loop_cancel(line->loop, *id);
  return rc;
}

/* ---- life ---- */

static void shut(struct mc_resident *resident)
{
  struct mc_line *line = (struct mc_line *)resident;

  line->loop = NULL;
}

int mc_line_new(struct mc_line **out, struct mc_loop *loop, struct mc_err *err)
{
  struct mc_line *line = mc_calloc(1, sizeof(*line));
  int rc = line ? MC_OK : mc_fail_nomem(err);

  if(!rc && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
    rc = mc_edit_new(&line->edit, err);
  if(rc) {
    mc_free(line);
    return rc;
  }
  mc_buf_init(&line->rest, MC_LINE_MAX);
  line->loop = loop;
  line->resident.shut = shut;
  mc_loop_attach(loop, &line->resident);
  *out = line;
  return MC_OK;
}

void mc_line_free(struct mc_line *line)
{
  if(!line)
    return;
  if(line->reading)
    mc_loop_cancel(line->loop, line->reading->op.id);
  mc_loop_detach(&line->resident);
  mc_edit_free(line->edit);
  mc_buf_clear(&line->rest);
  mc_free(line);
}

int mc_line_is_terminal(const struct mc_line *line)
{
  return line->edit != NULL;
}

/* ---- history ---- */

void mc_line_remember(struct mc_line *line, const char *text)
{
  if(line->edit && *text)
    mc_edit_remember(line->edit, text);
}

int mc_line_load_history(struct mc_line *line, const char *path, struct mc_err *err)
{
  return line->edit ? mc_edit_load_history(line->edit, path, err) : MC_OK;
}

int mc_line_save_history(struct mc_line *line, const char *path, struct mc_err *err)
{
  return line->edit ? mc_edit_save_history(line->edit, path, err) : MC_OK;
}
