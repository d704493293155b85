#include "loop/loop.h"

#include <signal.h>
#include <time.h>

#include <uv.h>

#include "base/alloc.h"

#define MIN_BUCKETS 64

struct mc_loop {
  uv_loop_t uv;
  uv_timer_t alarm; /* bounds one wait */
  int alarm_rang;
  int polling; /* an event ends the wait */
  struct mc_event *first, **last;
  struct mc_op **buckets; /* running operations by id */
  size_t bucket_count, op_count;
  uint64_t next_id;
  struct mc_resident *residents;
};

/* ---- time ---- */

int64_t mc_loop_mono_ms(void)
{
  return (int64_t)(uv_hrtime() / 1000000);
}

int64_t mc_loop_wall_ms(void)
{
  struct timespec now;

  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- life ---- */

int mc_loop_new(struct mc_loop **out, struct mc_err *err)
{
  struct mc_loop *loop = mc_calloc(1, sizeof(*loop));
  int rc;

  if(!loop)
    return mc_fail_nomem(err);
  loop->buckets = mc_calloc(MIN_BUCKETS, sizeof(struct mc_op *));
  if(!loop->buckets) {
    mc_free(loop);
    return mc_fail_nomem(err);
  }
  rc = uv_loop_init(&loop->uv);
  if(rc) {
    mc_free(loop->buckets);
    mc_free(loop);
    return mc_fail(err, MC_INTERNAL, -rc, "no event loop: %s", uv_strerror(rc));
  }
  loop->bucket_count = MIN_BUCKETS;
  loop->last = &loop->first;
  uv_timer_init(&loop->uv, &loop->alarm);
  uv_unref((uv_handle_t *)&loop->alarm);
  loop->alarm.data = loop;
  *out = loop;
  return MC_OK;
}

static void cancel_all(struct mc_loop *loop)
{
  size_t i;

  for(i = 0; i < loop->bucket_count; i++) {
    while(loop->buckets[i])
      mc_loop_cancel(loop, loop->buckets[i]->id);
  }
}

void mc_loop_free(struct mc_loop *loop)
{
  struct mc_resident *resident;
  struct mc_event *event;

  if(!loop)
    return;
  cancel_all(loop);
  while(loop->residents) {
    resident = loop->residents;
    mc_loop_detach(resident);
    resident->shut(resident);
  }
  cancel_all(loop);
  while((event = mc_loop_take(loop)))
    mc_event_free(event);
  uv_close((uv_handle_t *)&loop->alarm, NULL);
  uv_run(&loop->uv, UV_RUN_DEFAULT); /* let the close callbacks free what they own */
  uv_loop_close(&loop->uv);
  mc_free(loop->buckets);
  mc_free(loop);
}

struct uv_loop_s *mc_loop_uv(struct mc_loop *loop)
{
  return &loop->uv;
}

void mc_loop_attach(struct mc_loop *loop, struct mc_resident *resident)
{
  resident->next = loop->residents;
  resident->link = &loop->residents;
  if(resident->next)
    resident->next->link = &resident->next;
  loop->residents = resident;
}

void mc_loop_detach(struct mc_resident *resident)
{
  if(!resident->link)
    return;
  *resident->link = resident->next;
  if(resident->next)
    resident->next->link = resident->link;
  resident->link = NULL;
}

/* ---- events ---- */

void mc_loop_emit(struct mc_loop *loop, struct mc_event *event, uint64_t id)
{
  event->next = NULL;
  event->id = id;
  *loop->last = event;
  loop->last = &event->next;
  /* libuv runs timers before it waits: what completes there must keep it from waiting. */
  if(loop->polling)
    uv_stop(&loop->uv);
}

struct mc_event *mc_loop_take(struct mc_loop *loop)
{
  struct mc_event *event = loop->first;

  if(event) {
    loop->first = event->next;
    if(!loop->first)
      loop->last = &loop->first;
  }
  return event;
}

struct mc_event *mc_loop_peek(const struct mc_loop *loop)
{
  return loop->first;
}

void mc_event_free(struct mc_event *event)
{
  if(event)
    event->type->release(event);
}

static void drop_events(struct mc_loop *loop, uint64_t id)
{
  struct mc_event **link = &loop->first, *event;

  while(*link) {
    event = *link;
    if(event->id == id) {
      *link = event->next;
      mc_event_free(event);
    } else
      link = &event->next;
  }
  loop->last = link;
}

static void on_alarm(uv_timer_t *timer)
{
  struct mc_loop *loop = timer->data;

  loop->alarm_rang = 1;
  uv_stop(&loop->uv);
}

/* libuv looks at nothing when nothing that is alive counts, and a signal's watch does not: the
   alarm counts meanwhile. */
static void look(struct mc_loop *loop)
{
  uv_timer_start(&loop->alarm, on_alarm, UINT32_MAX, 0);
  uv_ref((uv_handle_t *)&loop->alarm);
  uv_run(&loop->uv, UV_RUN_NOWAIT);
  uv_timer_stop(&loop->alarm);
  uv_unref((uv_handle_t *)&loop->alarm);
}

int mc_loop_poll(struct mc_loop *loop, int64_t timeout_ms, struct mc_err *err)
{
  struct mc_resident *resident;
  int alive = 1;

  for(resident = loop->residents; resident; resident = resident->next) {
    if(resident->flush)
      resident->flush(resident);
  }
  if(loop->first || timeout_ms == 0) {
    look(loop);
    return MC_OK;
  }
  loop->alarm_rang = 0;
  if(timeout_ms > 0) {
    uv_update_time(&loop->uv);
    if(uv_timer_start(&loop->alarm, on_alarm, (uint64_t)timeout_ms, 0))
      return mc_fail(err, MC_INTERNAL, 0, "the timer of the event loop did not start");
    uv_ref((uv_handle_t *)&loop->alarm);
  }
  loop->polling = 1;
  while(!loop->first && !loop->alarm_rang && alive)
    alive = uv_run(&loop->uv, UV_RUN_ONCE);
  loop->polling = 0;
  uv_timer_stop(&loop->alarm);
  uv_unref((uv_handle_t *)&loop->alarm);
  return MC_OK;
}

/* ---- operations ---- */

static struct mc_op **bucket_of(const struct mc_loop *loop, uint64_t id)
{
  return &loop->buckets[id & (loop->bucket_count - 1)];
}

static int grow(struct mc_loop *loop)
{
  size_t old_count = loop->bucket_count, i;
  struct mc_op **old = loop->buckets, *op;
  struct mc_op **fresh = mc_calloc(old_count * 2, sizeof(struct mc_op *));

  if(!fresh)
    return 0;
  loop->buckets = fresh;
  loop->bucket_count = old_count * 2;
  for(i = 0; i < old_count; i++) {
    while(old[i]) {
      op = old[i];
      old[i] = op->next;
      op->next = *bucket_of(loop, op->id);
      *bucket_of(loop, op->id) = op;
    }
  }
  mc_free(old);
  return 1;
}

int mc_loop_begin(struct mc_loop *loop, struct mc_op *op, void (*cancel)(struct mc_op *),
                  struct mc_err *err)
{
  if(loop->op_count >= loop->bucket_count && !grow(loop))
    return mc_fail_nomem(err);
  op->id = ++loop->next_id;
  op->cancel = cancel;
  op->next = *bucket_of(loop, op->id);
  *bucket_of(loop, op->id) = op;
  loop->op_count++;
  return MC_OK;
}

void mc_loop_end(struct mc_loop *loop, struct mc_op *op)
{
  struct mc_op **link = bucket_of(loop, op->id);

  while(*link && *link != op)
    link = &(*link)->next;
  if(!*link)
    return;
  *link = op->next;
  loop->op_count--;
}

struct mc_op *mc_loop_find(struct mc_loop *loop, uint64_t id)
{
  struct mc_op *op = *bucket_of(loop, id);

  while(op && op->id != id)
    op = op->next;
  return op;
}

int mc_loop_cancel(struct mc_loop *loop, uint64_t id)
{
  struct mc_op *op = mc_loop_find(loop, id);

  if(!op || op->repeats)
    drop_events(loop, id);
  if(!op)
    return 0;
  mc_loop_end(loop, op);
  op->cancel(op);
  return 1;
}

size_t mc_loop_pending(const struct mc_loop *loop)
{
  return loop->op_count;
}

/* ---- timers and signals ---- */

static void release_plain(struct mc_event *event)
{
  mc_free(event);
}

const struct mc_event_type mc_timer_event_type = {"timer", release_plain};
const struct mc_event_type mc_signal_event_type = {"signal", release_plain};

struct timer {
  struct mc_op op;
  uv_timer_t uv;
  struct mc_loop *loop;
  struct mc_event *event; /* made beforehand, so that ringing cannot fail */
};

static void free_timer(uv_handle_t *handle)
{
  struct timer *timer = handle->data;

  mc_free(timer->event);
  mc_free(timer);
}

static void on_timer(uv_timer_t *uv)
{
  struct timer *timer = uv->data;

  mc_loop_end(timer->loop, &timer->op);
  mc_loop_emit(timer->loop, timer->event, timer->op.id);
  timer->event = NULL;
  uv_close((uv_handle_t *)uv, free_timer);
}

static void cancel_timer(struct mc_op *op)
{
  struct timer *timer = (struct timer *)op; /* op is the first member */

  uv_close((uv_handle_t *)&timer->uv, free_timer);
}

int mc_loop_timer(struct mc_loop *loop, int64_t delay_ms, uint64_t *id, struct mc_err *err)
{
  struct timer *timer = mc_calloc(1, sizeof(*timer));
  struct mc_event *event = mc_calloc(1, sizeof(*event));
  int rc = timer && event ? MC_OK : mc_fail_nomem(err);

  if(!rc)
    rc = mc_loop_begin(loop, &timer->op, cancel_timer, err);
  if(rc) {
    mc_free(timer);
    mc_free(event);
    return rc;
  }
  event->type = &mc_timer_event_type;
  timer->event = event;
  timer->loop = loop;
  timer->uv.data = timer;
  uv_timer_init(&loop->uv, &timer->uv);
  uv_update_time(&loop->uv);
  uv_timer_start(&timer->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
  *id = timer->op.id;
  return MC_OK;
}

struct watch {
  struct mc_op op;
  uv_signal_t uv;
  struct mc_loop *loop;
};

static void free_watch(uv_handle_t *handle)
{
  mc_free(handle->data);
}

static void on_signal(uv_signal_t *uv, int signum)
{
  struct watch *watch = uv->data;
  struct mc_signal_event *event = mc_calloc(1, sizeof(*event));

  if(!event) { /* no memory to say so: the signal's own meaning is to stop */
    signal(signum, SIG_DFL);
    raise(signum);
    return;
  }
  event->event.type = &mc_signal_event_type;
  event->signum = signum;
  mc_loop_emit(watch->loop, &event->event, watch->op.id);
}

static void cancel_watch(struct mc_op *op)
{
  struct watch *watch = (struct watch *)op;

  uv_close((uv_handle_t *)&watch->uv, free_watch);
}

int mc_loop_signal(struct mc_loop *loop, int signum, uint64_t *id, struct mc_err *err)
{
  struct watch *watch = mc_calloc(1, sizeof(*watch));
  int rc;

  if(!watch)
    return mc_fail_nomem(err);
  rc = mc_loop_begin(loop, &watch->op, cancel_watch, err);
  if(rc) {
    mc_free(watch);
    return rc;
  }
  watch->op.repeats = 1;
  watch->loop = loop;
  watch->uv.data = watch;
  uv_signal_init(&loop->uv, &watch->uv);
  /* A watch alone is nothing to wait for. */
  uv_unref((uv_handle_t *)&watch->uv);
  rc = uv_signal_start(&watch->uv, on_signal, signum);
  if(rc) {
    mc_loop_cancel(loop, watch->op.id);
    return mc_fail(err, MC_INVALID_ARGUMENT, -rc, "signal %d cannot be watched: %s", signum,
                   uv_strerror(rc));
  }
  *id = watch->op.id;
  return MC_OK;
}
