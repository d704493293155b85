#ifndef MC_LOOP_LOOP_H
#define MC_LOOP_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One libuv loop, its running operations and the queue of what they have completed. C completes,
   the caller schedules: callbacks of libuv, curl and libmicrohttpd only touch C memory and append
   events here; the caller takes them, as plain data, after mc_loop_poll. One thread. */

struct mc_loop;
struct uv_loop_s;
struct mc_event;

struct mc_event_type {
  const char *name; /* "timer", "signal", "response", "request", ... */
  void (*release)(struct mc_event *event); /* frees the whole event */
};

/* The head of every event; the owner of a type puts its own fields behind it. */
struct mc_event {
  struct mc_event *next;
  const struct mc_event_type *type;
  uint64_t id; /* of the operation or source it belongs to */
};

/* A running operation, embedded in its owner's struct. `cancel` ends it and frees the owner's
   struct; no event of it may come afterwards. */
struct mc_op {
  struct mc_op *next;
  uint64_t id;
  int repeats; /* may have events queued while it runs, as a signal's watch has */
  void (*cancel)(struct mc_op *op);
};

/* Something that lives on the loop for long (a client, a server), embedded in its owner's struct.
   `shut` is called when the loop is freed first and must leave the owner harmless; `flush`, if any,
   before each wait. */
struct mc_resident {
  struct mc_resident *next, **link;
  void (*shut)(struct mc_resident *resident);
  void (*flush)(struct mc_resident *resident);
};

int mc_loop_new(struct mc_loop **out, struct mc_err *err);
/* Cancels all operations, shuts all residents, drops all events. NULL is fine. */
void mc_loop_free(struct mc_loop *loop);

/* Wait until at least one event is there, at most timeout_ms (negative: for ever, 0: do not wait).
   Returns early, with no event, when nothing is running that could complete. */
int mc_loop_poll(struct mc_loop *loop, int64_t timeout_ms, struct mc_err *err);
/* The oldest event, which is the caller's from here on (mc_event_free); NULL when there is none. */
struct mc_event *mc_loop_take(struct mc_loop *loop);
/* The same event, still the loop's. */
struct mc_event *mc_loop_peek(const struct mc_loop *loop);
void mc_event_free(struct mc_event *event);

/* Monotonic milliseconds, never affected by changes of the system's clock. */
int64_t mc_loop_mono_ms(void);
/* Milliseconds since the epoch, UTC. */
int64_t mc_loop_wall_ms(void);

/* Start a timer of delay_ms; its "timer" event comes once. Returns the operation's id in *id. */
int mc_loop_timer(struct mc_loop *loop, int64_t delay_ms, uint64_t *id, struct mc_err *err);
/* Watch a signal number; each arrival is a "signal" event, until the watch is cancelled. */
int mc_loop_signal(struct mc_loop *loop, int signum, uint64_t *id, struct mc_err *err);

struct mc_signal_event {
  struct mc_event event;
  int signum;
};
extern const struct mc_event_type mc_timer_event_type, mc_signal_event_type;

/* End an operation. Its event, if one was queued already, is dropped. 1 if there was one, 0 if the
   id is unknown. */
int mc_loop_cancel(struct mc_loop *loop, uint64_t id);
/* Operations that are running. */
size_t mc_loop_pending(const struct mc_loop *loop);

/* For the layers that build on the loop. */

struct uv_loop_s *mc_loop_uv(struct mc_loop *loop);
/* Register a running operation and give it its id. MC_RESOURCE_EXHAUSTED when memory is out. */
int mc_loop_begin(struct mc_loop *loop, struct mc_op *op, void (*cancel)(struct mc_op *),
                  struct mc_err *err);
/* The operation is over: forget it. */
void mc_loop_end(struct mc_loop *loop, struct mc_op *op);
struct mc_op *mc_loop_find(struct mc_loop *loop, uint64_t id);
/* Queue a finished event (the loop owns it now). */
void mc_loop_emit(struct mc_loop *loop, struct mc_event *event, uint64_t id);
void mc_loop_attach(struct mc_loop *loop, struct mc_resident *resident);
void mc_loop_detach(struct mc_resident *resident);

#endif
