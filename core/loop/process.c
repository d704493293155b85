#include "loop/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uv.h>

#include "base/alloc.h"

enum { OUT, ERR, PIPES };

struct process {
  struct mc_op op;
  struct mc_loop *loop;
  struct mc_process_event *event; /* NULL once it is told, or nobody wants it */
  uv_process_t child;
  uv_pipe_t pipes[PIPES];
  uv_timer_t timer;
  int handles; /* not closed yet */
  int awaited; /* the exit and the ends of both pipes */
  char chunk[16384];
};

static void release_process(struct mc_event *event)
{
  struct mc_process_event *process = (struct mc_process_event *)event;

  mc_buf_clear(&process->out);
  mc_buf_clear(&process->err_out);
  mc_free(process);
}

const struct mc_event_type mc_process_event_type = {"process", release_process};

static void on_closed(uv_handle_t *handle)
{
  struct process *p = handle->data;

  if(--p->handles)
    return;
  if(p->event)
    release_process(&p->event->event);
  mc_free(p);
}

static void close_handle(uv_handle_t *handle)
{
  if(!uv_is_closing(handle))
    uv_close(handle, on_closed);
}

static void close_all(struct process *p)
{
  if(p->child.type == UV_PROCESS) /* else it was never tried */
    close_handle((uv_handle_t *)&p->child);
  close_handle((uv_handle_t *)&p->pipes[OUT]);
  close_handle((uv_handle_t *)&p->pipes[ERR]);
  close_handle((uv_handle_t *)&p->timer);
}

/* The last thing that was waited for has come. */
static void arrived(struct process *p)
{
  if(--p->awaited || !p->event)
    return;
  mc_loop_end(p->loop, &p->op);
  mc_loop_emit(p->loop, &p->event->event, p->op.id);
  p->event = NULL;
  close_all(p);
}

static void kill_group(struct process *p)
{
  if(p->child.pid > 0)
    kill(-p->child.pid, SIGKILL);
}

/* Kill it; what is still in the pipes is of no interest, the exit comes for certain. */
static void stop(struct process *p)
{
  int i;

  kill_group(p);
  uv_timer_stop(&p->timer);
  for(i = 0; i < PIPES; i++) {
    if(!uv_is_closing((uv_handle_t *)&p->pipes[i])) {
      close_handle((uv_handle_t *)&p->pipes[i]);
      arrived(p);
    }
  }
}

static void on_timer(uv_timer_t *timer)
{
  struct process *p = timer->data;

  mc_fail(&p->event->err, MC_DEADLINE_EXCEEDED, 0, "the program did not end in time");
  stop(p);
}

static void on_exit_status(uv_process_t *child, int64_t code, int signum)
{
  struct process *p = child->data;

  if(p->event) {
    p->event->exit_code = code;
    p->event->signum = signum;
  }
  arrived(p);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
  struct process *p = handle->data;

  (void)suggested;
  *buf = uv_buf_init(p->chunk, sizeof(p->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
  struct process *p = stream->data;
  struct mc_buf *to = stream == (uv_stream_t *)&p->pipes[OUT] ? &p->event->out : &p->event->err_out;

  if(n < 0) {
    close_handle((uv_handle_t *)stream);
    arrived(p);
    return;
  }
  if(!mc_buf_add(to, buf->base, (size_t)n, NULL))
    return;
  mc_fail(&p->event->err, MC_RESOURCE_EXHAUSTED, 0,
          "the program printed more than %zu bytes, or memory is out", to->max);
  stop(p);
}

static void cancel_process(struct mc_op *op)
{
  struct process *p = (struct process *)op;

  release_process(&p->event->event);
  p->event = NULL;
  kill_group(p);
  close_all(p); /* libuv reaps it */
}

/* ---- starting ---- */

static int overrides(const char *entry, const char *const *env)
{
  size_t len = strcspn(entry, "=");

  for(; env && *env; env++) {
    if(!strncmp(*env, entry, len) && (*env)[len] == '=')
      return 1;
  }
  return 0;
}

/* The environment with the additions; the array is the caller's, the texts are not. */
static char **merge_env(const char *const *env)
{
  size_t count = 0, extra = 0, i, n = 0;
  char **all;

  while(environ && environ[count])
    count++;
  while(env && env[extra])
    extra++;
  all = mc_calloc(count + extra + 1, sizeof(*all));
  for(i = 0; all && i < count; i++) {
    if(!overrides(environ[i], env))
      all[n++] = environ[i];
  }
  for(i = 0; all && i < extra; i++)
    all[n++] = (char *)(uintptr_t)env[i];
  return all;
}

/* A file in memory: unlike a pipe it takes all at once and nobody dies of a closed one. */
static int input_fd(const struct mc_process_opts *opts)
{
  int fd = memfd_create("input", MFD_CLOEXEC);

  if(fd < 0)
    return -1;
  if(write(fd, opts->input, opts->input_len) != (ssize_t)opts->input_len ||
     lseek(fd, 0, SEEK_SET) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static int explain(int rc, const char *program, struct mc_err *err)
{
  if(rc == UV_ENOENT)
    return mc_fail(err, MC_NOT_FOUND, -rc, "program '%.100s' is not there", program);
  if(rc == UV_EACCES)
    return mc_fail(err, MC_PERMISSION_DENIED, -rc, "program '%.100s' may not be run", program);
  return mc_fail(err, MC_UNAVAILABLE, -rc, "program '%.100s' does not start: %s", program,
                 uv_strerror(rc));
}

static int spawn(struct process *p, const struct mc_process_opts *opts, struct mc_err *err)
{
  uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
  uv_process_options_t options = {.exit_cb = on_exit_status, .stdio = stdio, .stdio_count = 3};
  int fd = opts->input_len ? input_fd(opts) : -1;
  char **env = merge_env(opts->env);
  int rc, i;

  if(fd >= 0) {
    stdio[0].flags = UV_INHERIT_FD;
    stdio[0].data.fd = fd;
  }
  for(i = 0; i < PIPES; i++) {
    stdio[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[i + 1].data.stream = (uv_stream_t *)&p->pipes[i];
  }
  options.file = opts->argv[0];
  options.args = (char **)(uintptr_t)opts->argv;
  options.env = env;
  options.flags = UV_PROCESS_DETACHED; /* a group of its own */
  rc = env && (fd >= 0 || !opts->input_len) ? uv_spawn(mc_loop_uv(p->loop), &p->child, &options)
                                            : UV_ENOMEM;
  mc_free(env);
  if(fd >= 0)
    close(fd);
  return rc == UV_ENOMEM ? mc_fail_nomem(err) : rc ? explain(rc, opts->argv[0], err) : MC_OK;
}

static struct process *new_process(struct mc_loop *loop, const struct mc_process_opts *opts)
{
  struct process *p = mc_calloc(1, sizeof(*p));
  struct mc_process_event *event = mc_calloc(1, sizeof(*event));
  int i;

  if(!p || !event) {
    mc_free(p);
    mc_free(event);
    return NULL;
  }
  event->event.type = &mc_process_event_type;
  mc_buf_init(&event->out, (size_t)opts->max_output);
  mc_buf_init(&event->err_out, (size_t)opts->max_output);
  p->event = event;
  p->loop = loop;
  p->awaited = 1 + PIPES;
  for(i = 0; i < PIPES; i++) {
    uv_pipe_init(mc_loop_uv(loop), &p->pipes[i], 0);
    p->pipes[i].data = p;
  }
  uv_timer_init(mc_loop_uv(loop), &p->timer);
  p->timer.data = p;
  p->handles = PIPES + 1;
  return p;
}

int mc_process_start(struct mc_loop *loop, const struct mc_process_opts *opts, uint64_t *id,
                     struct mc_err *err)
{
  struct process *p = new_process(loop, opts);
  int rc;

  if(!p)
    return mc_fail_nomem(err);
  rc = mc_loop_begin(loop, &p->op, cancel_process, err);
  if(rc) {
    close_all(p);
    return rc;
  }
  rc = spawn(p, opts, err);
  p->handles += p->child.type == UV_PROCESS;
  p->child.data = p;
  if(rc) {
    mc_loop_end(loop, &p->op);
    close_all(p);
    return rc;
  }
  uv_read_start((uv_stream_t *)&p->pipes[OUT], on_alloc, on_read);
  uv_read_start((uv_stream_t *)&p->pipes[ERR], on_alloc, on_read);
  if(opts->timeout_ms > 0) {
    uv_update_time(mc_loop_uv(loop));
    uv_timer_start(&p->timer, on_timer, (uint64_t)opts->timeout_ms, 0);
  }
  *id = p->op.id;
  return MC_OK;
}
